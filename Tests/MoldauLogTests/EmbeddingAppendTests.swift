import MoldauDisk
import MoldauFormat
import Testing

@testable import MoldauLog

/// Laws of appending through the embedding API.
struct EmbeddingAppendTests {
  @Test("a record is read back as it was appended, with nulls, empty fields and headers")
  func wholeRecord() async throws {
    let store = try openStore(SimulatedDisk(isCrashable: false))
    let topic = try store.createTopic("orders", TopicConfiguration())
    let headers = [
      RecordHeader(name: "traceparent", value: Array("00-ab".utf8)),
      RecordHeader(name: "null", value: nil), RecordHeader(name: "", value: []),
    ]
    let records = [
      Record(
        key: "o-42", value: "paid", headers: [("traceparent", "00-ab")], timestampMilliseconds: 7),
      Record(key: [], value: [], headers: headers, timestampMilliseconds: -3),
      Record(value: nil, timestampMilliseconds: .max),
      Record.tombstone(key: "o-42", timestampMilliseconds: 9),
      Record(value: String(repeating: "large ", count: 2000), timestampMilliseconds: 10),
    ]
    for (index, record) in records.enumerated() {
      #expect(try await topic.append(record).rawValue == Int64(index))
    }
    try await topic.append(contentsOf: records)
    var read: [Record] = []
    for try await record in topic.read(from: .earliest) {
      #expect(record.offset.rawValue == Int64(read.count))
      read.append(
        Record(
          key: record.key, value: record.value, headers: record.headers,
          timestampMilliseconds: record.timestampMilliseconds))
    }
    #expect(read == records + records)
    try await store.close()
  }

  @Test(
    "every codec gives back what it was given, in batches and alone",
    arguments: TopicConfiguration.Compression.allCases)
  func codecs(compression: TopicConfiguration.Compression) async throws {
    let store = try openStore(SimulatedDisk(isCrashable: false))
    let topic = try store.createTopic("orders", TopicConfiguration(compression: compression))
    let values = (0..<300).map { "value \($0) \(String(repeating: "x", count: $0 % 50))" }
    let range = try await topic.append(contentsOf: values.map { Record(value: $0) })
    #expect(range == Offset(rawValue: 0)..<Offset(rawValue: 300))
    for value in values.prefix(10) { try await topic.append(Record(value: value)) }
    #expect(try await topic.values() == values + values.prefix(10))
    #expect(try topic.scannedValues() == values + values.prefix(10))
    let slice = try #require(
      try topic.partitions[0].read(from: .zero, limit: range.upperBound, maxBytes: 1))
    let bytes = try slice.copyBytes()
    let header = try unsafe RecordBatchHeader(parsing: bytes.span.bytes)
    #expect(header.attributes.codec == compression.codec)
    try await store.close()
  }

  @Test("the log's time replaces the records' where the topic says so", arguments: [1, 2])
  func logAppendTime(batchSize: Int) async throws {
    let store = try openStore(SimulatedDisk(isCrashable: false), clock: SetClock(5000))
    let topic = try store.createTopic("orders", TopicConfiguration(timestampType: .logAppendTime))
    // The second of two small appends goes another way.
    for _ in 0..<3 {
      let record = Record(value: "a", timestampMilliseconds: 1)
      if batchSize == 1 {
        try await topic.append(record)
      } else {
        try await topic.append(contentsOf: Array(repeating: record, count: batchSize))
      }
    }
    for try await record in topic.read(from: .earliest) {
      #expect(record.timestampMilliseconds == 5000)
    }
    let found = try await topic.offset(atOrAfter: 5000)
    #expect(found == Offset.zero)
    try await store.close()
  }

  @Test("a record without a time gets that of its append")
  func createTime() async throws {
    let clock = SetClock(100)
    let store = try openStore(SimulatedDisk(isCrashable: false), clock: clock)
    let topic = try store.createTopic("orders", TopicConfiguration())
    for time in [Int64(100), 200, 300] {
      clock.set(time)
      try await topic.append(Record(value: "a"))
    }
    var times: [Int64] = []
    for try await record in topic.read(from: .earliest) {
      times.append(record.timestampMilliseconds)
    }
    #expect(times == [100, 200, 300])
    try await store.close()
  }

  @Test("a batch that is refused leaves nothing behind")
  func allOrNothing() async throws {
    let store = try openStore(SimulatedDisk(isCrashable: false))
    let topic = try store.createTopic(
      "orders", TopicConfiguration(cleanupPolicy: .compact, maxBatchBytes: 1000))
    let records = (0..<20).map { Record(key: "\($0)", value: String(repeating: "x", count: 100)) }
    await #expect(throws: LogError.self) { try await topic.append(contentsOf: records) }
    await #expect(throws: LogError.self) {
      try await topic.append(contentsOf: [records[0], Record(value: "without a key")])
    }
    await #expect(throws: LogError.self) { try await topic.append(Record(value: "without a key")) }
    await #expect(throws: LogError.self) {
      try await topic.append(Record(key: "a", value: String(repeating: "x", count: 1000)))
    }
    #expect(try topic.endOffset() == .zero)
    #expect(try await topic.append(contentsOf: []).isEmpty)
    #expect(try await topic.append(contentsOf: Array(records.prefix(5))).upperBound.rawValue == 5)
    #expect(store.services.commits.pendingBytes.byteCount == 0)
    try await store.close()
  }

  // MARK: Partitions

  @Test("a key stays in its partition, records without one go around")
  func partitions() async throws {
    let store = try openStore(SimulatedDisk(isCrashable: false))
    let topic = try store.createTopic("orders", TopicConfiguration(partitionCount: 3))
    for index in 0..<30 {
      try await topic.append(Record(key: "key \(index % 5)", value: "\(index)"))
    }
    for key in 0..<5 {
      let bytes = Array("key \(key)".utf8)
      let partition = unsafe KeyPartitioner.partition(of: bytes.span.bytes, partitionCount: 3)
      let values = try await topic.values(partition: partition)
      #expect(values.compactMap(Int.init).filter { $0 % 5 == key }.count == 6)
    }
    let before = try (0..<3).map { try topic.endOffset(partition: $0).rawValue }
    for _ in 0..<9 { try await topic.append(Record(value: "a")) }
    let after = try (0..<3).map { try topic.endOffset(partition: $0).rawValue }
    #expect(zip(before, after).map { $1 - $0 } == [3, 3, 3])
    try await topic.append(Record(key: "key 0", value: "named"), partition: 2)
    #expect(try await topic.values(partition: 2).last == "named")
    await #expect(throws: LogError.self) {
      try await topic.append(contentsOf: (0..<20).map { Record(key: "\($0)", value: "a") })
    }
    await #expect(throws: LogError.unknownPartition(TopicPartition(topic: "orders", partition: 3)))
    {
      try await topic.append(Record(value: "a"), partition: 3)
    }
    await #expect(throws: LogError.self) { try await topic.values() }
    try await store.close()
  }

  // MARK: Durability

  @Test(
    "what a synced append has acknowledged survives a power cut",
    arguments: [.groupCommit(), .groupCommit(maxDelay: .microseconds(10)), .everyAppend]
      as [Durability])
  func survives(durability: Durability) async throws {
    let disk = SimulatedDisk()
    let store = try openStore(disk, durability: .buffered)
    let topic = try store.createTopic("orders", TopicConfiguration(segmentBytes: 2048))
    var values: [String] = []
    for index in 0..<30 {
      values.append("value \(index)")
      let record = Record(value: values[index])
      switch index % 3 {
      case 0: try await topic.append(record, durability: durability)
      case 1: try await topic.append(contentsOf: [record], durability: durability)
      default: try await topic.enqueue(record, durability: durability).durable()
      }
      #expect(try topic.durableOffset().rawValue == Int64(index + 1))
    }
    let again = try openStore(disk.crash(.loseAllUnsynced))
    let recovered = try #require(again.existingTopic("orders"))
    #expect(try await recovered.values() == values)
    try await again.close()
  }

  @Test("the synchronous calls do what the asynchronous ones do")
  func blocking() throws {
    let disk = SimulatedDisk()
    let store = try openStore(disk)
    let topic = try store.createTopic("orders", TopicConfiguration())
    #expect(try topic.appendBlocking(Record(value: "a")).rawValue == 0)
    #expect(
      try topic.appendBlocking(contentsOf: [Record(value: "b"), Record(value: "c")]).count == 2)
    let ticket = try topic.enqueue(Record(value: "d"))
    #expect(ticket.offset.rawValue == 3)
    try ticket.waitUntilDurable()
    #expect(try topic.appendBlocking(Record(value: "e"), durability: .buffered).rawValue == 4)
    let again = try openStore(disk.crash(.loseAllUnsynced))
    let recovered = try #require(again.existingTopic("orders"))
    #expect(try recovered.scannedValues() == ["a", "b", "c", "d"])
    try again.closeBlocking()
  }

  @Test("appends of many tasks keep each task's order and lose none")
  func manyTasks() async throws {
    let store = try openStore(SimulatedDisk(isCrashable: false))
    let topic = try store.createTopic("orders", TopicConfiguration(segmentBytes: 16 << 10))
    try await withThrowingTaskGroup(of: Void.self) { group in
      for task in 0..<16 {
        group.addTask {
          var last = Offset(rawValue: -1)
          for index in 0..<60 {
            let record = Record(value: "\(task) \(index)")
            let durability: Durability = index % 2 == 0 ? .buffered : .groupCommit()
            let offset = try await topic.append(record, durability: durability)
            #expect(offset > last)
            last = offset
          }
        }
      }
      try await group.waitForAll()
    }
    let values = try await topic.values()
    #expect(values.count == 16 * 60)
    for task in 0..<16 {
      let own = values.filter { $0.hasPrefix("\(task) ") }
      #expect(own == (0..<60).map { "\(task) \($0)" })
    }
    #expect(store.services.commits.pendingBytes.byteCount == 0)
    try await store.close()
  }

  @Test("after closing, appends and tickets say so")
  func closed() async throws {
    let store = try openStore(SimulatedDisk(isCrashable: false))
    let topic = try store.createTopic("orders", TopicConfiguration())
    let ticket = try topic.enqueue(Record(value: "a"))
    try await store.close()
    try await ticket.durable()
    await #expect(throws: LogError.closed) { try await topic.append(Record(value: "b")) }
    #expect(throws: LogError.closed) { try topic.enqueue(Record(value: "b")) }
    #expect(throws: LogError.closed) { try topic.appendBlocking(Record(value: "b")) }
    await #expect(throws: LogError.closed) { try await topic.values() }
    try await store.close()
  }
}
