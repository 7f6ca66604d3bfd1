import Synchronization

/// stub
final class ReplicaSession: Sendable {
  private let lastFetch = Atomic<Int64>(.min)
  var lastFetchMilliseconds: Int64 { lastFetch.load(ordering: .relaxed) }
}
