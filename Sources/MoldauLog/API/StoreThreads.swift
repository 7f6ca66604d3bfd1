/// Who does a store's work that nobody waits for.
package enum StoreThreads: Hashable, Sendable {
  /// Threads of the store's own.
  case own
  /// Whoever opened it, who calls `runCommits` and `runMaintenance`: for tests and simulations on one
  /// thread. Who waits for a commit on the calling thread makes it.
  case manual
}
