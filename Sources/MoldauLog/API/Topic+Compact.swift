extension Topic {
  /// Compacts all partitions now, however few records it removes, and tells what was done.
  ///
  /// The store does this by itself when enough of a log is new; call it to have the space at once.
  /// Seals the active segments. What is younger than `minCompactionLag`, or belongs to a transaction
  /// that is not decided, is left for later. Reads and appends go on meanwhile.
  /// - Throws: `invalidConfiguration` when the topic's policy does not compact; `corrupt` for a damaged
  ///   batch, whose partition is left as it is.
  @discardableResult
  public func compact() async throws(LogError) -> CompactionReport {
    try await EngineThread.run { [self] () throws(LogError) in try compactBlocking() }
  }

  /// As `compact`, on the caller's thread.
  @discardableResult
  package func compactBlocking() throws(LogError) -> CompactionReport {
    let configuration = configuration
    guard configuration.isCompacted else {
      throw .invalidConfiguration(setting: "cleanupPolicy", reason: "\(name) is not compacted")
    }
    for log in partitions { try log.rollNow() }
    // Sealed segments are synced, and their indexes written, by the maintenance thread.
    services.maintenance.finishJobs()
    var total = CompactionReport()
    for log in partitions { total.merge(try services.compactor.clean(log, configuration)) }
    return total
  }
}
