import MoldauDisk
import MoldauFormat
import Synchronization
import Testing

@testable import MoldauLog

/// Laws of reading, scanning and tailing.
struct EmbeddingReadTests {
  /// A topic of several segments with the values "0", "1" … at timestamps 0, 10, 20 …
  private func makeTopic(
    _ store: LogStore, count: Int, segmentBytes: Int = 2048
  ) throws -> Topic {
    let topic = try store.createTopic("orders", TopicConfiguration(segmentBytes: segmentBytes))
    for index in 0..<count {
      try topic.appendBlocking(
        Record(value: "\(index)", timestampMilliseconds: Int64(index * 10)), durability: .buffered)
    }
    return topic
  }

  @Test("reading ends at the end of the log as of the call")
  func snapshot() async throws {
    let store = try openStore(SimulatedDisk(isCrashable: false))
    let topic = try makeTopic(store, count: 100)
    let records = topic.read(from: .earliest)
    try topic.appendBlocking(Record(value: "later"))
    var count = 0
    for try await record in records {
      #expect(record.valueText == "\(count)")
      count += 1
    }
    #expect(count == 100)
    #expect(try await topic.values(from: .latest) == [])
    try await store.close()
  }

  @Test(
    "reading begins where it is told to",
    arguments: [
      (.earliest, 0), (.latest, 100), (.offset(Offset(rawValue: 0)), 0),
      (.offset(Offset(rawValue: 57)), 57), (.offset(Offset(rawValue: 100)), 100), (.time(-1), 0),
      (.time(0), 0), (.time(501), 51), (.time(990), 99), (.time(991), 100),
    ] as [(ReadStart, Int)])
  func starts(start: ReadStart, first: Int) async throws {
    let store = try openStore(SimulatedDisk(isCrashable: false))
    let topic = try makeTopic(store, count: 100)
    let expected = (first..<100).map(String.init)
    #expect(try await topic.values(from: start) == expected)
    #expect(try topic.scannedValues(from: start) == expected)
    try await store.close()
  }

  @Test("offsets outside the log are refused by every reader", arguments: [Int64(-1), 101])
  func outOfRange(offset: Int64) async throws {
    let store = try openStore(SimulatedDisk(isCrashable: false))
    let topic = try makeTopic(store, count: 100)
    let start = ReadStart.offset(Offset(rawValue: offset))
    #expect(throws: LogError.self) { try topic.scannedValues(from: start) }
    if offset < 0 {
      await #expect(throws: LogError.self) { try await topic.values(from: start) }
    }
    try await store.close()
  }

  @Test("time means the first record at or after it, also out of order")
  func timeOutOfOrder() async throws {
    let store = try openStore(SimulatedDisk(isCrashable: false))
    let topic = try store.createTopic("orders", TopicConfiguration(segmentBytes: 1024))
    let times = (0..<200).map { Int64(($0 * 7919) % 503) }
    for time in times {
      try topic.appendBlocking(
        Record(value: "\(time)", timestampMilliseconds: time), durability: .buffered)
    }
    for wanted in stride(from: Int64(0), through: 510, by: 17) {
      let expected = times.firstIndex { $0 >= wanted }.map { Offset(rawValue: Int64($0)) }
      #expect(try await topic.offset(atOrAfter: wanted) == expected)
      let first = try topic.scannedValues(from: .time(wanted)).first
      #expect(first == expected.map { "\(times[Int($0.rawValue)])" })
    }
    try await store.close()
  }

  @Test("a scan goes on where one with a bound has stopped", arguments: [1, 100, 1000, 5000])
  func boundedScan(maxBytes: Int) async throws {
    let store = try openStore(SimulatedDisk(isCrashable: false))
    let topic = try makeTopic(store, count: 100)
    var values: [String] = []
    var next = Offset.zero
    var steps = 0
    while next.rawValue < 100 {
      next = try topic.scan(from: .offset(next), maxBytes: maxBytes) { view in
        values.append(view.valueText ?? "null")
      }
      steps += 1
    }
    #expect(values == (0..<100).map(String.init))
    #expect(maxBytes > 1 || steps == 100)
    try await store.close()
  }

  @Test("damage ends reading with what and where it is, after the records before it")
  func damage() async throws {
    let disk = SimulatedDisk(isCrashable: false)
    let store = try openStore(disk)
    let topic = try makeTopic(store, count: 10, segmentBytes: 1 << 20)
    let log = topic.partitions[0]
    let location = try #require(try log.locate(Offset(rawValue: 6)))
    let file = try location.segment.file()
    let byte: [UInt8] = [0xFF]
    try unsafe byte.withUnsafeBytes { try unsafe file.write($0, at: location.position + 65) }
    var values: [String] = []
    await #expect(throws: LogError.self) {
      for try await record in topic.read(from: .earliest) { values.append(record.valueText ?? "") }
    }
    #expect(values == (0..<6).map(String.init))
    values = []
    #expect(throws: LogError.self) {
      try topic.scan(from: .earliest) { values.append($0.valueText ?? "") }
    }
    #expect(values == (0..<6).map(String.init))
    #expect(try await topic.values(from: .offset(Offset(rawValue: 7))) == ["7", "8", "9"])
    try await store.close()
  }

  // MARK: Transactions

  @Test("committed reads leave aborted and open transactions and all markers out")
  func transactions() async throws {
    let store = try openStore(SimulatedDisk(isCrashable: false))
    let topic = try store.createTopic("orders", TopicConfiguration(segmentBytes: 1024))
    let log = topic.partitions[0]
    try log.appendTransactional("a0", producer: 1, sequence: 0)
    try log.appendTransactional("b0", producer: 2, sequence: 0)
    try topic.appendBlocking(Record(value: "plain"), durability: .buffered)
    try log.appendTransactional("a1", producer: 1, sequence: 1)
    try log.endTransaction(.abort, producer: 1)
    for index in 0..<20 {
      try log.appendTransactional("fill \(index)", producer: 2, sequence: Int32(index + 1))
    }
    try log.endTransaction(.commit, producer: 2)
    try log.appendTransactional("a2", producer: 1, sequence: 2)
    try log.endTransaction(.commit, producer: 1)
    try log.appendTransactional("open", producer: 3, sequence: 0)
    try topic.appendBlocking(Record(value: "behind"), durability: .buffered)
    let fill = (0..<20).map { "fill \($0)" }
    let committed = ["b0", "plain"] + fill + ["a2"]
    #expect(try await topic.values(isolation: .readCommitted) == committed)
    #expect(try topic.scannedValues(isolation: .readCommitted) == committed)
    let all = ["a0", "b0", "plain", "a1"] + fill + ["a2", "open", "behind"]
    #expect(try await topic.values() == all)
    #expect(try topic.scannedValues() == all)
    var iterator = topic.tail(from: .latest, isolation: .readCommitted).makeAsyncIterator()
    try log.endTransaction(.commit, producer: 3)
    try topic.appendBlocking(Record(value: "seen"), durability: .buffered)
    #expect(try await iterator.next()?.valueText == "seen")
    try await store.close()
  }

  // MARK: Tailing

  @Test("a tail sees all that is there and all that comes, across rolls")
  func tail() async throws {
    let store = try openStore(SimulatedDisk(isCrashable: false))
    let topic = try makeTopic(store, count: 50, segmentBytes: 1024)
    let reader = Task {
      var values: [String] = []
      for try await record in topic.tail(from: .earliest) {
        values.append(record.valueText ?? "null")
        if values.count == 500 { break }
      }
      return values
    }
    for index in 50..<500 {
      try await topic.append(Record(value: "\(index)"), durability: .buffered)
      if index % 10 == 0 { await Task.yield() }
    }
    #expect(try await reader.value == (0..<500).map(String.init))
    #expect(topic.partitions[0].segmentCount > 3)
    try await store.close()
  }

  @Test("a tail from the latest sees only what comes after the call")
  func tailFromLatest() async throws {
    let store = try openStore(SimulatedDisk(isCrashable: false))
    let topic = try makeTopic(store, count: 50)
    let records = topic.tail(from: .latest)
    try await topic.append(Record(value: "new"))
    var iterator = records.makeAsyncIterator()
    #expect(try await iterator.next()?.valueText == "new")
    try await store.close()
    #expect(try await iterator.next() == nil)
  }

  @Test("cancelling ends a tail that waits")
  func cancelTail() async throws {
    let store = try openStore(SimulatedDisk(isCrashable: false))
    let topic = try makeTopic(store, count: 3)
    let started = WakeSignal()
    let reader = Task {
      var count = 0
      for try await _ in topic.tail(from: .earliest) {
        count += 1
        if count == 3 { started.wake() }
      }
      return count
    }
    await Task.detached { started.sleep() }.value
    reader.cancel()
    #expect(try await reader.value == 3)
    #expect(topic.partitions[0].observers.isEmpty)
    try await store.close()
  }

  @Test("closing the store ends a tail that waits")
  func closeTail() async throws {
    let store = try openStore(SimulatedDisk(isCrashable: false))
    let topic = try makeTopic(store, count: 0)
    let reader = Task {
      var count = 0
      for try await _ in topic.tail(from: .earliest) { count += 1 }
      return count
    }
    while topic.partitions[0].observers.isEmpty { await Task.yield() }
    try await store.close()
    #expect(try await reader.value == 0)
  }

  @Test("a tail that retention overtakes says which offsets are left")
  func retention() async throws {
    let store = try openStore(SimulatedDisk(isCrashable: false))
    let topic = try makeTopic(store, count: 200, segmentBytes: 1024)
    let log = topic.partitions[0]
    var iterator = topic.tail(from: .offset(.zero)).makeAsyncIterator()
    var earliest = topic.tail(from: .earliest).makeAsyncIterator()
    try log.deleteRecords(before: Offset(rawValue: 150), topic.configuration, now: 0)
    #expect(try topic.firstOffset().rawValue == 150)
    await #expect(
      throws: LogError.offsetOutOfRange(
        offset: .zero, first: Offset(rawValue: 150), next: Offset(rawValue: 200))
    ) {
      try await iterator.next()
    }
    #expect(try await earliest.next()?.offset.rawValue == 150)
    // One that has its chunk is not disturbed.
    try log.deleteRecords(before: Offset(rawValue: 180), topic.configuration, now: 0)
    #expect(try await earliest.next()?.offset.rawValue == 151)
    try await store.close()
  }

  @Test("many tails of one topic each see everything")
  func manyTails() async throws {
    let store = try openStore(SimulatedDisk(isCrashable: false))
    let topic = try makeTopic(store, count: 0, segmentBytes: 4096)
    try await withThrowingTaskGroup(of: Int.self) { group in
      for _ in 0..<8 {
        group.addTask {
          var sum = 0
          var count = 0
          for try await record in topic.tail(from: .earliest) {
            sum += Int(record.offset.rawValue)
            count += 1
            if count == 300 { break }
          }
          return sum
        }
      }
      for index in 0..<300 { try await topic.append(Record(value: "\(index)")) }
      for try await sum in group { #expect(sum == 299 * 300 / 2) }
    }
    try await store.close()
  }
}

extension PartitionLog {
  fileprivate func appendTransactional(
    _ value: String, producer: Int64, sequence: Int32
  ) throws {
    var encoder = RecordBatchEncoder()
    let bytes = Array(value.utf8)
    unsafe encoder.append(key: nil, value: bytes.span.bytes, timestampMilliseconds: 1)
    encoder.finish(
      BatchFields(
        attributes: BatchAttributes(isTransactional: true), producerID: producer, producerEpoch: 0,
        baseSequence: sequence))
    _ = try append(encoder.bytes)
  }

  fileprivate func endTransaction(_ kind: ControlRecord.Kind, producer: Int64) throws {
    let batch = ControlRecord(kind: kind, coordinatorEpoch: 0).encodeBatch(
      timestampMilliseconds: 1, fields: BatchFields(producerID: producer, producerEpoch: 0))
    _ = try unsafe append(batch.span.bytes, origin: .coordinator)
  }
}
