package import MoldauFormat

/// Where a follower goes on, as its fetch says it to the leader (rule 10).
package struct FetchPosition: Hashable, Sendable {
  package var leader: Int32
  package var leaderEpoch: Int32
  /// The follower's log end: it has all below.
  package var offset: Offset
  /// The epoch of the follower's last batch, −1 when it has none.
  package var lastFetchedEpoch: Int32
  package var logStartOffset: Offset
  package var highWatermark: Offset
}
