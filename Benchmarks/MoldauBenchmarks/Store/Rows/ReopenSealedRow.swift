import Foundation
import MoldauFormat
import MoldauLog

/// `reopen-sealed`: opening a store does not depend on how much lies in its sealed segments.
///
/// Sketch: one folder with 300 names, one small file or two to read: 1 ms.
struct ReopenSealedRow: BenchmarkRow {
  static let description = RowDescription(
    name: "reopen-sealed",
    question:
      "Open a cleanly closed partition with 100 sealed segments of 1 GiB each (sparse files,"
      + " well-formed at both ends).",
    goals: [Goal(.nanosecondsPerOperation, must: nil, reachingFor: 50e6)])

  private static let sealedCount = 100
  private static let segmentBytes = 1 << 30

  private let directory: String
  private let endOffset: Int64

  init(_ context: RowContext) async throws {
    directory = context.directory + "/store"
    let writer = try await BenchmarkTopic(in: directory)
    try await writer.store.close()
    endOffset = try SparseSegments(
      folder: BenchmarkTopic.partitionDirectory(in: directory), segmentBytes: Self.segmentBytes
    ).write(count: Self.sealedCount)
    try Data("0\n1\n\(BenchmarkTopic.name) 0 \(endOffset)\n".utf8).write(
      to: URL(fileURLWithPath: directory + "/recovery-point-offset-checkpoint"))
  }

  mutating func measuredRound(_ round: Int) async throws -> Sample {
    try await open(expectsClean: true)
  }

  private func open(expectsClean: Bool) async throws -> Sample {
    var opened: LogStore?
    let sample = try await Sample.measure {
      opened = try await LogStore.open(at: directory, StoreConfiguration(durability: .buffered))
      return Work(operations: 1, records: 0, bytes: 0)
    }
    guard let opened, let log = opened.topics.first?.partitions.first,
      log.segmentCount == Self.sealedCount + 1, log.endOffset.rawValue == endOffset,
      opened.recovery.wasClean == expectsClean
    else { throw BaselineError("the segments were not taken as they are") }
    try await opened.close()
    return sample
  }

  mutating func baselineRound(_ round: Int) -> Sample? { nil }

  mutating func finish() async throws -> RowFigures {
    var afterKill: [Double] = []
    for _ in 0..<5 {
      try FileManager.default.removeItem(atPath: directory + "/.kafka_cleanshutdown")
      afterKill.append(try await open(expectsClean: false).nanoseconds)
    }
    return RowFigures(members: [
      .init("sealedBytes", .integer(Self.sealedCount * Self.segmentBytes)),
      .init("nanosecondsAfterKill", .optional(Statistics.median(afterKill))),
    ])
  }
}

/// Writes the files of a partition whose sealed segments are holes between two batches.
struct SparseSegments {
  let folder: String
  let segmentBytes: Int
  private static let offsetsPerSegment: Int64 = 1_000_000

  /// Replaces the partition's empty segment by `count` sealed ones and an active one with one batch;
  /// returns the end offset.
  func write(count: Int) throws -> Int64 {
    for name in try FileManager.default.contentsOfDirectory(atPath: folder)
    where name.hasPrefix("00000000000000000000.") {
      try FileManager.default.removeItem(atPath: "\(folder)/\(name)")
    }
    let timestamp = BenchmarkTopic.nowMilliseconds - Int64(count)
    for segment in 0..<count {
      try writeSealed(Int64(segment) * Self.offsetsPerSegment, timestamp + Int64(segment))
    }
    let base = Int64(count) * Self.offsetsPerSegment
    let batch = batch(baseOffset: base, timestamp: timestamp + Int64(count))
    _ = try BaselineFile(creating: path(base, "log"), bytes: batch)
    _ = try BaselineFile(creating: path(base, "index"))
    _ = try BaselineFile(
      creating: path(base, "timeindex"),
      bytes: bigEndian(timestamp + Int64(count)) + bigEndian(Int32(0)))
    return base + 1
  }

  private func writeSealed(_ base: Int64, _ timestamp: Int64) throws {
    let relative = Self.offsetsPerSegment - 1
    let last = batch(baseOffset: base + relative, timestamp: timestamp)
    let position = segmentBytes - last.count
    let log = try BaselineFile(
      creating: path(base, "log"), bytes: batch(baseOffset: base, timestamp: timestamp))
    try log.write(last, at: position)
    _ = try BaselineFile(
      creating: path(base, "index"), bytes: bigEndian(Int32(relative)) + bigEndian(Int32(position)))
    _ = try BaselineFile(
      creating: path(base, "timeindex"), bytes: bigEndian(timestamp) + bigEndian(Int32(relative)))
    _ = try BaselineFile(
      creating: path(base + Self.offsetsPerSegment, "snapshot"),
      bytes: ProducerSnapshot().encode())
  }

  private func batch(baseOffset: Int64, timestamp: Int64) -> [UInt8] {
    let values = Values(count: 1, seed: UInt64(baseOffset))
    return Baseline.encode(
      values: values.bytes.span, valueSize: Values.valueSize, baseOffset: baseOffset,
      timestamp: timestamp)
  }

  private func path(_ base: Int64, _ kind: String) -> String {
    let digits = String(base)
    return folder + "/" + String(repeating: "0", count: 20 - digits.count) + digits + "." + kind
  }

  private func bigEndian(_ value: some FixedWidthInteger) -> [UInt8] {
    (0..<value.bitWidth / 8).reversed().map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
  }
}
