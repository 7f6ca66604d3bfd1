package import MoldauFormat

/// From where a replica goes on: what its next fetch tells the leader.
package struct FetchPosition: Hashable, Sendable {
  /// The log's end: it acknowledges all below.
  package var offset: Offset
  /// The epoch of the batch before it, or one in which this replica led without writing; −1 when
  /// the log is empty.
  package var lastFetchedEpoch: Int32
  package var logStart: Offset

  package init(offset: Offset, lastFetchedEpoch: Int32, logStart: Offset) {
    self.offset = offset
    self.lastFetchedEpoch = lastFetchedEpoch
    self.logStart = logStart
  }
}
