import MoldauDisk
import MoldauFormat
import Testing

@testable import MoldauLog

/// Laws of consumers and their committed offsets.
struct EmbeddingConsumerTests {
  private func makeTopic(
    _ store: LogStore, partitionCount: Int = 1, count: Int
  ) throws -> Topic {
    let topic = try store.createTopic(
      "orders", TopicConfiguration(partitionCount: partitionCount, segmentBytes: 4096))
    for index in 0..<count {
      try topic.appendBlocking(
        Record(value: "\(index)"), partition: index % partitionCount, durability: .buffered)
    }
    return topic
  }

  @Test("a group goes on behind what it has committed, also after a restart and a power cut")
  func restart() async throws {
    let disk = SimulatedDisk()
    let store = try openStore(disk)
    _ = try makeTopic(store, count: 100)
    let consumer = try await store.consumer(group: "billing", topic: "orders")
    #expect(try consumer.committed(partition: 0) == nil)
    #expect(try consumer.lag() == 100)
    let first = try #require(try await consumer.nextBatch(maxRecords: 30))
    #expect(first.records.map(\.offset.rawValue) == Array(0..<30))
    try await consumer.commit(first)
    let second = try #require(try await consumer.nextBatch(maxRecords: 30))
    #expect(second.records.first?.offset.rawValue == 30)
    try await consumer.commit(through: second.records[4])
    #expect(try consumer.committed(partition: 0)?.rawValue == 35)
    #expect(try consumer.lag() == 65)
    try store.services.syncAll(store.topics.flatMap(\.partitions))

    for style in [CrashStyle.loseAllUnsynced, .keepAll] {
      let again = try openStore(disk.crash(style))
      let resumed = try await again.consumer(group: "billing", topic: "orders")
      #expect(try resumed.committed(partition: 0)?.rawValue == 35)
      #expect(try await resumed.nextBatch()?.records.first?.offset.rawValue == 35)
      let other = try await again.consumer(group: "shipping", topic: "orders")
      #expect(try await other.nextBatch()?.records.first?.offset.rawValue == 0)
      try await again.close()
    }
  }

  @Test("a group reopened many times goes on each time, the last commit counts")
  func reopen() async throws {
    let disk = SimulatedDisk(isCrashable: false)
    var store = try openStore(disk)
    _ = try makeTopic(store, count: 50)
    var values: [String] = []
    for _ in 0..<5 {
      let consumer = try await store.consumer(group: "billing", topic: "orders")
      for _ in 0..<2 {
        let batch = try #require(try await consumer.nextBatch(maxRecords: 5))
        values += batch.records.compactMap(\.valueText)
        try await consumer.commit(batch)
      }
      try await store.close()
      store = try openStore(disk)
    }
    #expect(values == (0..<50).map(String.init))
    try await store.close()
  }

  @Test("partitions take turns and commit apart")
  func partitions() async throws {
    let store = try openStore(SimulatedDisk(isCrashable: false))
    _ = try makeTopic(store, partitionCount: 3, count: 90)
    let consumer = try await store.consumer(group: "billing", topic: "orders")
    var seen: [Int: [Int64]] = [:]
    for _ in 0..<6 {
      let batch = try #require(try await consumer.nextBatch(maxRecords: 10))
      seen[batch.partition, default: []] += batch.records.map(\.offset.rawValue)
      try await consumer.commit(batch)
    }
    #expect(seen == [0: Array(0..<20), 1: Array(0..<20), 2: Array(0..<20)])
    #expect(try consumer.lag() == 30)
    let half = try await store.consumer(group: "billing", topic: "orders", partitions: [2])
    let batch = try #require(try await half.nextBatch())
    #expect(batch.partition == 2)
    #expect(batch.records.first?.offset.rawValue == 20)
    try await store.close()
  }

  @Test("a consumer waits for records and ends when the store is closed")
  func waiting() async throws {
    let store = try openStore(SimulatedDisk(isCrashable: false))
    let topic = try makeTopic(store, partitionCount: 2, count: 0)
    let consumer = try await store.consumer(group: "billing", topic: "orders")
    let values = Shared<[String]>([])
    let reader = Task {
      for try await batch in consumer.batches() {
        values.value.withLock { $0 += batch.records.compactMap(\.valueText) }
      }
    }
    for (value, partition) in [("a", 1), ("b", 0)] {
      while topic.partitions[1].observers.isEmpty { await Task.yield() }
      try await topic.append(Record(value: value), partition: partition)
      // The observers of the wait before may still be there, but not what was just appended.
      while values.value.withLock({ $0.last }) != value { await Task.yield() }
    }
    try await store.close()
    try await reader.value
    #expect(values.value.withLock { $0 } == ["a", "b"])
  }

  @Test("cancelling ends the wait of a consumer, which can be asked again")
  func cancellation() async throws {
    let store = try openStore(SimulatedDisk(isCrashable: false))
    let topic = try makeTopic(store, count: 0)
    let consumer = try await store.consumer(group: "billing", topic: "orders")
    let reader = Task { try await consumer.nextBatch() }
    while topic.partitions[0].observers.isEmpty { await Task.yield() }
    reader.cancel()
    #expect(try await reader.value == nil)
    try await topic.append(Record(value: "a"))
    #expect(try await consumer.nextBatch()?.records.count == 1)
    try await store.close()
  }

  @Test("seeking goes elsewhere and commits nothing")
  func seek() async throws {
    let store = try openStore(SimulatedDisk(isCrashable: false))
    let topic = try makeTopic(store, count: 20)
    let consumer = try await store.consumer(
      group: "billing", topic: "orders", startingAt: .offset(Offset(rawValue: 5)))
    #expect(try await consumer.nextBatch(maxRecords: 1)?.records.first?.valueText == "5")
    try consumer.seek(to: .offset(Offset(rawValue: 17)), partition: 0)
    #expect(try await consumer.nextBatch()?.records.count == 3)
    try topic.partitions[0].deleteRecords(
      before: Offset(rawValue: 20), topic.configuration, now: 0)
    try consumer.seek(to: .offset(.zero), partition: 0)
    await #expect(throws: LogError.self) { try await consumer.nextBatch() }
    try consumer.seek(to: .earliest, partition: 0)
    try await topic.append(Record(value: "new"))
    #expect(try await consumer.nextBatch()?.records.first?.valueText == "new")
    #expect(try consumer.committed(partition: 0) == nil)
    try await store.close()
  }

  @Test(
    "a group's partition is the one that Kafka looks in",
    arguments: [("", 0), ("billing", 39), ("my-group", 36), ("ü", 2), ("polygenelubricants", 0)])
  func offsetsPartition(group: String, partition: Int) {
    #expect(GroupOffsets.partition(of: group, partitionCount: 50) == partition)
  }

  @Test("what a consumer cannot be is refused")
  func refused() async throws {
    let store = try openStore(SimulatedDisk(isCrashable: false))
    _ = try makeTopic(store, count: 0)
    await #expect(throws: LogError.unknownTopic("absent")) {
      try await store.consumer(group: "billing", topic: "absent")
    }
    await #expect(throws: LogError.self) { try await store.consumer(group: "", topic: "orders") }
    await #expect(throws: LogError.self) {
      try await store.consumer(group: "billing", topic: "orders", partitions: [1])
    }
    try await store.close()
  }
}
