import MoldauDisk
import MoldauFormat
import Testing

@testable import MoldauLog

/// The cache of committed offsets.
struct GroupOffsetsTests {
  private static let partition = TopicPartition(topic: "orders", partition: 0)

  private static func offset(_ offset: Int64) -> GroupOffsets.Change {
    .offset(
      partition,
      GroupOffsetValue(offset: Offset(rawValue: offset), commitTimestampMilliseconds: 1))
  }

  private static func committed(_ offsets: CommittedOffsets) -> Int64? {
    offsets.committed(group: "group", partition)?.offset.rawValue
  }

  @Test("whichever is told first, the later record counts, and nothing is left of what was deleted")
  func order() throws {
    let store = try openStore(SimulatedDisk(isCrashable: false))
    let offsets = try store.groupOffsets().partition(of: "group")
    try offsets.load()
    let first = try offsets.append([Self.offset(1)], group: "group")
    let second = try offsets.append([Self.offset(2)], group: "group")
    let third = try offsets.append([.offset(Self.partition, nil)], group: "group")
    #expect(Self.committed(offsets) == nil, "not durable yet")
    #expect(offsets.hasOffsets(group: "group"))
    let told: [(CommittedOffsets.Appended, Int64?)] = [(second, 2), (third, nil), (first, nil)]
    for (appended, expected) in told {
      let signal = WakeSignal()
      offsets.whenStored(appended) { failure in
        #expect(failure == nil)
        signal.wake()
      }
      signal.sleep()
      #expect(Self.committed(offsets) == expected)
    }
    #expect(!offsets.hasOffsets(group: "group"))
    try store.closeBlocking()
  }

  @Test("other records of a group are handed to who loads, and offsets are loaded beside them")
  func others() throws {
    let disk = SimulatedDisk(isCrashable: false)
    var store = try openStore(disk)
    var offsets = try store.groupOffsets().partition(of: "group")
    let key = GroupMetadataKey(group: "group").encode()
    _ = try offsets.append([Self.offset(7), .record(key: key, value: [1])], group: "group")
    _ = try offsets.append([.record(key: key, value: nil)], group: "group")
    try store.closeBlocking()
    store = try openStore(disk)
    offsets = try store.groupOffsets().partition(of: "group")
    for _ in 0..<2 {
      var seen: [Bool] = []
      try offsets.load { record in
        seen.append(record.value != nil)
      }
      #expect(seen == [true, false])
      #expect(Self.committed(offsets) == 7)
    }
    try store.closeBlocking()
  }

  @Test("the topic is compacted, also when someone else has made it otherwise")
  func configuration() throws {
    let store = try openStore(SimulatedDisk(isCrashable: false))
    let topic = try store.createTopic(
      GroupOffsets.topicName, TopicConfiguration(partitionCount: 3))
    let offsets = try store.groupOffsets()
    #expect(offsets.partitions.count == 3)
    #expect(topic.configuration.cleanupPolicy == .compact)
    #expect(topic.configuration.retention.isEmpty)
    try store.closeBlocking()
  }

  @Test("what is committed beside a transaction that nobody ends is there after a restart")
  func openTransaction() throws {
    let disk = SimulatedDisk(isCrashable: false)
    var store = try openStore(disk)
    var offsets = try store.groupOffsets().partition(of: "group")
    try offsets.load()
    try Self.store(1, offsets)
    var encoder = RecordBatchEncoder()
    let key = GroupOffsetKey(group: "group", partition: Self.partition).encode()
    let value = GroupOffsetValue(offset: Offset(rawValue: 9), commitTimestampMilliseconds: 1)
      .encode()
    for sequence in 0..<2 {
      encoder = RecordBatchEncoder()
      unsafe encoder.append(
        key: key.span.bytes, value: value.span.bytes, timestampMilliseconds: 1)
      encoder.finish(
        BatchFields(
          attributes: BatchAttributes(isTransactional: true), producerID: 7, producerEpoch: 0,
          baseSequence: Int32(sequence)))
      _ = try offsets.topic.partitions[offsets.number].append(encoder.bytes)
      try Self.store(Int64(2 + sequence), offsets)
    }
    try store.closeBlocking()
    store = try openStore(disk)
    offsets = try store.groupOffsets().partition(of: "group")
    try offsets.load()
    #expect(Self.committed(offsets) == 3)
    try store.closeBlocking()
  }

  private static func store(_ offset: Int64, _ offsets: CommittedOffsets) throws {
    let signal = WakeSignal()
    offsets.whenStored(try offsets.append([Self.offset(offset)], group: "group")) { failure in
      #expect(failure == nil)
      signal.wake()
    }
    signal.sleep()
  }

  @Test("a topic that is deleted takes its offsets along, read or not")
  func deletion() async throws {
    let disk = SimulatedDisk(isCrashable: false)
    for isRead in [true, false] {
      var store = try openStore(disk)
      _ = try store.topicBlocking("orders")
      _ = try store.topicBlocking("other")
      for name in ["orders", "other"] {
        let consumer = try await store.consumer(group: "group", topic: name)
        try await consumer.commit(offset: Offset(rawValue: 3), partition: 0)
      }
      if !isRead {
        try store.closeBlocking()
        store = try openStore(disk)
      }
      try store.removeTopic("orders")
      _ = try store.topicBlocking("orders")
      let consumer = try await store.consumer(group: "group", topic: "orders")
      #expect(try consumer.committed(partition: 0) == nil)
      let other = try await store.consumer(group: "group", topic: "other")
      #expect(try other.committed(partition: 0)?.rawValue == 3)
      try store.closeBlocking()
    }
  }
}
