import Foundation
import MoldauLog

/// `recovery`: opening a store after a kill, when nothing of its active segments was checkpointed.
///
/// Sketch: 6.5 GB/s a core for reading through the page cache and the checksum; four partitions on
/// two cores, so twice that less what memory bandwidth takes back.
struct RecoveryRow: BenchmarkRow {
  static let description = RowDescription(
    name: "recovery",
    question: "Open a killed store whose 256 MiB in 4 active segments must all be checked (cached)."
      + " C: read and checksum of the same files, a thread a core.",
    goals: [Goal(.bytesPerSecond, must: 4e9, reachingFor: 7e9)], mostRounds: 7)

  private static let partitionCount = 4
  private static let batchesPerPartition = 4096

  private let directory: String
  private let files: [BaselineFile]
  private let byteCount: Int
  private let recordCount: Int

  init(_ context: RowContext) async throws {
    directory = context.directory + "/store"
    let writer = try await BenchmarkTopic(in: directory, partitions: Self.partitionCount)
    let batches = PrebuiltBatches(
      count: 64, upTo: 16 << 10, seed: 3, timestamp: BenchmarkTopic.nowMilliseconds)
    for log in writer.topic.partitions {
      try BenchmarkTopic.append(batches, count: Self.batchesPerPartition, to: log)
    }
    try await writer.store.close()
    let rounds = Self.batchesPerPartition / batches.count * Self.partitionCount
    byteCount = rounds * batches.bytes.count
    recordCount = rounds * batches.recordCount
    files = try (0..<Self.partitionCount).map { [directory] partition in
      let folder = BenchmarkTopic.partitionDirectory(in: directory, partition)
      return try BaselineFile(opening: folder + "/00000000000000000000.log")
    }
  }

  mutating func measuredRound(_ round: Int) async throws -> Sample {
    try forgetCleanStop()
    let (sample, store) = try await measureOpening()
    guard store.recovery.scannedByteCount == byteCount, !store.recovery.wasClean else {
      throw BaselineError("the recovery was no full one: \(store.recovery)")
    }
    try await store.close()
    return sample
  }

  private func measureOpening() async throws -> (Sample, LogStore) {
    var opened: LogStore?
    let sample = try await Sample.measure {
      opened = try await LogStore.open(at: directory, StoreConfiguration(durability: .buffered))
      return Work(operations: 1, records: recordCount, bytes: byteCount)
    }
    guard let opened else { throw BaselineError("no store was opened") }
    return (sample, opened)
  }

  /// Leaves the directory as a kill does before the first checkpoint.
  private func forgetCleanStop() throws {
    let files = FileManager.default
    for name in [".kafka_cleanshutdown", "recovery-point-offset-checkpoint"] {
      try files.removeItem(atPath: "\(directory)/\(name)")
    }
  }

  mutating func baselineRound(_ round: Int) throws -> Sample? {
    let files = files
    let results = try Sample.measure {
      try Baseline.recover(files, threads: ProcessInfo.processInfo.activeProcessorCount)
      return Work(operations: 1, records: recordCount, bytes: byteCount)
    }
    return results
  }

  mutating func finish() -> RowFigures { RowFigures() }
}
