import Foundation
import MoldauFormat

/// `ready`: from exec to the first record that is kept.
struct ReadyRow: BenchmarkRow {
  static let description = RowDescription(
    name: "ready",
    question: "Start the broker on an empty directory, and produce a record to a new topic, acks=1."
      + " The memory is what it holds half a second later.",
    durability: "buffered",
    goals: [
      Goal(.nanosecondsPerOperation, must: 50e6, reachingFor: 20e6),
      Goal(.memoryBytes, must: 40e6, reachingFor: 20e6),
    ])

  private let context: RowContext
  private let batch: PrebuiltBatches

  init(_ context: RowContext) async throws {
    self.context = context
    batch = PrebuiltBatches(
      count: 1, recordsPerBatch: 1, seed: 25, timestamp: BenchmarkTopic.nowMilliseconds)
  }

  mutating func measuredRound(_ round: Int) async throws -> Sample {
    let start = ContinuousClock.now
    let target = try context.startBroker(name: "data-\(round)")
    let connection = try target.connect()
    _ = try connection.partitions(of: "first")
    // SAFETY: all bytes of the array are initialised.
    let bytes = unsafe batch.bytes.span.bytes
    _ = try connection.produce(bytes, to: TopicPartition(topic: "first", partition: 0), acks: 1)
    let elapsed = start.duration(to: .now)
    let cpu = try target.cpuNanoseconds()
    try await Task.sleep(for: .milliseconds(500))
    let memory = target.memory?.bytes
    try target.stop()
    return Sample(
      operations: 1, records: 0, bytes: 0, nanoseconds: elapsed.inNanoseconds,
      cpuNanoseconds: cpu ?? 0, peakMemoryBytes: memory)
  }

  mutating func baselineRound(_ round: Int) -> Sample? { nil }

  mutating func finish() -> RowFigures { RowFigures() }
}
