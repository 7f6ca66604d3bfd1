import Foundation
import MoldauLog

/// `idle-partitions-10000`: what partitions cost that nobody uses.
///
/// Sketch: three files' worth of names to read a partition, 30 µs, on two cores 150 ms; 3 KB of
/// objects each, 30 MB.
struct IdlePartitionsRow: BenchmarkRow {
  static let description = RowDescription(
    name: "idle-partitions-10000",
    question:
      "Open a cleanly closed store of 10,000 partitions with a record in each; memory is what"
      + " the open store holds.",
    goals: [
      Goal(.nanosecondsPerOperation, must: 2e9, reachingFor: 0.5e9),
      Goal(.memoryBytes, must: 200e6, reachingFor: 60e6),
    ], warmUpRounds: 0, mostRounds: 3, leavesManyFiles: true)

  private static let partitionCount = 10_000

  private let directory: String
  private let creationSeconds: Double
  private var openMemory: [Int] = []
  private var descriptorCount = 0
  private var idleCPUSeconds = 0.0

  init(_ context: RowContext) async throws {
    directory = context.directory + "/store"
    let start = ContinuousClock.now
    let writer = try await BenchmarkTopic(in: directory, partitions: Self.partitionCount)
    let batch = PrebuiltBatches(
      count: 1, recordsPerBatch: 1, seed: 6, timestamp: BenchmarkTopic.nowMilliseconds)
    for log in writer.topic.partitions { try BenchmarkTopic.append(batch, count: 1, to: log) }
    try await writer.store.close()
    creationSeconds = start.duration(to: .now).inNanoseconds / 1e9
  }

  mutating func measuredRound(_ round: Int) async throws -> Sample {
    ResidentMemory.releaseFreed()
    let residentBefore = ResidentMemory.current?.bytes ?? 0
    let heapBefore = ResidentMemory.heapBytes
    let descriptorsBefore = try Self.openDescriptorCount()
    var opened: LogStore?
    let sample = try await Sample.measure {
      opened = try await LogStore.open(at: directory, StoreConfiguration(durability: .buffered))
      return Work(operations: 1, records: 0, bytes: 0)
    }
    guard let opened, opened.topics.first?.partitionCount == Self.partitionCount else {
      throw BaselineError("the store did not open with its partitions")
    }
    descriptorCount = max(descriptorCount, try Self.openDescriptorCount() - descriptorsBefore)
    // Memory that earlier rows freed may be taken again without becoming resident anew, so that the
    // allocator's own account counts when it is larger.
    let resident = (ResidentMemory.current?.bytes ?? 0) - residentBefore
    openMemory.append(max(resident, ResidentMemory.heapBytes - heapBefore))
    try await noteIdleCPU()
    try await opened.close()
    return sample
  }

  /// The processor time that the open store takes in a second in which nothing happens.
  private mutating func noteIdleCPU() async throws {
    let idle = try await Sample.measure {
      try await Task.sleep(for: .seconds(1))
      return Work(operations: 1, records: 0, bytes: 0)
    }
    idleCPUSeconds = max(idleCPUSeconds, idle.cpuNanoseconds / 1e9)
  }

  mutating func baselineRound(_ round: Int) -> Sample? { nil }

  mutating func finish() -> RowFigures {
    let memory = openMemory.max() ?? 0
    return RowFigures(
      goalValues: [(.memoryBytes, Double(memory))],
      members: [
        .init("openStoreMemoryBytes", .integer(memory)),
        .init("openDescriptors", .integer(descriptorCount)),
        .init("idleCPUSecondsPerSecond", .number(idleCPUSeconds)),
        .init("creationSeconds", .number(creationSeconds)),
      ])
  }

  private static func openDescriptorCount() throws -> Int {
    try FileManager.default.contentsOfDirectory(atPath: "/dev/fd").count
  }
}
