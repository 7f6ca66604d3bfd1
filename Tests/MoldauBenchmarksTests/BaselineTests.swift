import Testing

@testable import MoldauBenchmarks

/// The baselines do the work that they say they do.
struct BaselineTests {
  private let directory: WorkingDirectory

  init() throws {
    directory = try WorkingDirectory(inside: nil)
  }

  @Test("appended batches scan and recover to what was appended")
  func appendAndScan() throws {
    let path = directory.path + "/log"
    let file = try BaselineFile(creating: path)
    var batches = PrebuiltBatches(count: 5, upTo: 16 << 10, seed: 1, timestamp: 42)
    #expect(batches.ranges.allSatisfy { $0.count <= 16 << 10 && $0.count > 15 << 10 })
    var end = Baseline.End()
    try Baseline.append(&batches.bytes, count: 5, to: file, at: &end)
    let values = Values(count: 30, seed: 2)
    try Baseline.appendEncoded(
      values, recordsPerBatch: 10, batchCount: 4, timestamp: 43, to: file, at: &end)
    let records = batches.recordCount + 40
    #expect(end.offset == Int64(records))

    let scan = try Baseline.scan(BaselineMap(path))
    #expect(scan.batch_count == 9)
    #expect(scan.record_count == UInt64(records))
    #expect(scan.value_bytes == UInt64(records * Values.valueSize))

    var recovered = Baseline.Scan()
    var entries: UInt64 = 0
    var buffer = [UInt8](repeating: 0, count: 40_000)
    try Baseline.recover(file, buffer: &buffer, into: &recovered, indexEntries: &entries)
    #expect(recovered.batch_count == 9)
    #expect(entries == 5)
    try directory.remove()
  }

  @Test("a flipped bit is found by every check")
  func damage() throws {
    let path = directory.path + "/log"
    let file = try BaselineFile(creating: path)
    var batches = PrebuiltBatches(count: 3, recordsPerBatch: 10, seed: 1, timestamp: 42)
    var end = Baseline.End()
    try Baseline.append(&batches.bytes, count: 3, to: file, at: &end)
    batches.bytes[batches.ranges[1].upperBound - 1] ^= 1
    var second = Baseline.End()
    #expect(throws: BaselineError.self) {
      try Baseline.append(&batches.bytes, count: 3, to: file, at: &second)
    }
    #expect(second.offset == 10)

    _ = try BaselineFile(creating: path + "2", bytes: batches.bytes)
    let map = try BaselineMap(path + "2")
    #expect(throws: BaselineError.self) { try Baseline.scan(map) }
    try directory.remove()
  }

  @Test("a lookup ends at the batch that holds the offset")
  func lookup() throws {
    let path = directory.path + "/log"
    let file = try BaselineFile(creating: path)
    var batches = PrebuiltBatches(count: 100, recordsPerBatch: 10, seed: 1, timestamp: 42)
    var end = Baseline.End()
    try Baseline.append(&batches.bytes, count: 100, to: file, at: &end)
    // Every tenth batch has an index entry: its last offset and its position.
    var index: [UInt8] = []
    for entry in stride(from: 9, to: 100, by: 10) {
      index += [UInt32(entry * 10 + 9), UInt32(batches.ranges[entry].lowerBound)]
        .flatMap { value in [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) } }
    }
    _ = try BaselineFile(creating: path + ".index", bytes: index)
    let segments = [
      BaselineSegment(
        baseOffset: 0, log: try BaselineMap(path), index: try BaselineMap(path + ".index"))
    ]
    for offset in [0, 9, 10, 98, 99, 100, 109, 110, 567, 999] as [Int64] {
      let found = Baseline.lookup([offset], in: segments)
      #expect(found == UInt64(batches.ranges[Int(offset) / 10].lowerBound), "offset \(offset)")
    }
    try directory.remove()
  }

  @Test("commits are counted in whole rounds, and by threads as well")
  func commit() throws {
    let file = try BaselineFile(creating: directory.path + "/log", writing: 1 << 20)
    var batch = PrebuiltBatches(count: 1, recordsPerBatch: 1, seed: 1, timestamp: 42).bytes
    let committed = try Baseline.commit(
      &batch, batchesPerRound: 64, for: .milliseconds(1), in: file, of: 1 << 20)
    #expect(committed.count >= 64 && committed.count % 64 == 0)
    let threaded = try Baseline.commitThreads(
      batch, waiters: 8, for: .milliseconds(1), in: file, of: 1 << 20)
    #expect(threaded.count >= 1)
    try directory.remove()
  }
}
