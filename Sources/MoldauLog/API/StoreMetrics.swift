import CoreMetrics
import MoldauFormat
import Synchronization

/// What a store tells swift-metrics.
///
/// Appends are counted where they are done anyway and reported once a second by the maintenance
/// thread, commits by the commit thread, so that an append pays nothing. The instruments are made
/// when there is something to report first.
final class StoreMetrics: Sendable {
  private struct Instruments: Sendable {
    let records: Counter
    let bytes: Counter
    let pendingBytes: Gauge
    let commits: Counter
    let commitDuration: CoreMetrics.Timer
    let failedSyncs: Counter
    let recoveryDuration: CoreMetrics.Timer
    let compactedBytes: Counter
    let compactedRecords: Counter
    let compactionDuration: CoreMetrics.Timer

    init(store path: String, _ factory: any MetricsFactory) {
      let store = [("store", path)]
      records = Counter(label: "moldau.log.appended.records", dimensions: store, factory: factory)
      bytes = Counter(label: "moldau.log.appended.bytes", dimensions: store, factory: factory)
      pendingBytes = Gauge(label: "moldau.log.pending.bytes", dimensions: store, factory: factory)
      commits = Counter(label: "moldau.log.commits", dimensions: store, factory: factory)
      commitDuration = Timer(
        label: "moldau.log.commit.duration", dimensions: store, preferredDisplayUnit: .microseconds,
        factory: factory)
      failedSyncs = Counter(label: "moldau.log.failed.syncs", dimensions: store, factory: factory)
      recoveryDuration = Timer(
        label: "moldau.log.recovery.duration", dimensions: store,
        preferredDisplayUnit: .milliseconds, factory: factory)
      compactedBytes = Counter(
        label: "moldau.log.compaction.read.bytes", dimensions: store, factory: factory)
      compactedRecords = Counter(
        label: "moldau.log.compaction.removed.records", dimensions: store, factory: factory)
      compactionDuration = Timer(
        label: "moldau.log.compaction.duration", dimensions: store,
        preferredDisplayUnit: .milliseconds, factory: factory)
    }
  }

  private let path: String
  private let factory: (any MetricsFactory)?
  private let instruments = Mutex<Instruments?>(nil)

  /// `factory` makes the instruments; nil takes the process's.
  init(path: String, factory: (any MetricsFactory)?) {
    self.path = path
    self.factory = factory
  }

  private var current: Instruments {
    instruments.withLock { instruments in
      if let instruments { return instruments }
      let made = Instruments(store: path, factory ?? MetricsSystem.factory)
      instruments = made
      return made
    }
  }

  func recovered(_ report: RecoveryReport) {
    current.recoveryDuration.recordNanoseconds(report.duration.nanoseconds)
  }

  func committed(in duration: Duration) {
    let instruments = current
    instruments.commits.increment()
    instruments.commitDuration.recordNanoseconds(duration.nanoseconds)
  }

  func compacted(_ report: CompactionReport) {
    let instruments = current
    instruments.compactedBytes.increment(by: report.readByteCount)
    instruments.compactedRecords.increment(by: report.removedRecordCount)
    instruments.compactionDuration.recordNanoseconds(report.duration.nanoseconds)
  }

  func syncFailed() {
    current.failedSyncs.increment()
  }

  /// Reports what was appended since the last call.
  func report(_ logs: [PartitionLog], pendingByteCount: Int) {
    var records: Int64 = 0
    var bytes = 0
    for log in logs {
      guard let appended = log.takeUnreported() else { continue }
      records += appended.recordCount
      bytes += appended.byteCount
    }
    guard records > 0 || pendingByteCount > 0 else { return }
    let instruments = current
    instruments.records.increment(by: records)
    instruments.bytes.increment(by: bytes)
    instruments.pendingBytes.record(pendingByteCount)
  }
}

extension PartitionLog {
  /// What was appended since the last call; nil for nothing. By the maintenance thread.
  fileprivate func takeUnreported() -> (recordCount: Int64, byteCount: Int)? {
    let end = endCounter.load(ordering: .relaxed)
    let last = reportedCounter.exchange(end, ordering: .relaxed)
    guard end > last else { return nil }
    let byteCount = state.withLock { state in
      defer { state.unreportedByteCount = 0 }
      return state.unreportedByteCount
    }
    return (end - last, byteCount)
  }
}
