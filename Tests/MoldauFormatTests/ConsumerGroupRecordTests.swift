import MoldauFormat
import Testing

/// Bytes as the schemas of Apache Kafka 4.0 lay them out (`ConsumerGroup*Key` and `*Value`).
@Suite("Records of consumer groups")
struct ConsumerGroupRecordTests {
  static let keys: [(String, ConsumerGroupKey)] = [
    ("0003 0001 67", .group("g")),
    ("0004 0001 67", .topics(group: "g")),
    ("0005 0001 67 0002 6d31", .member(group: "g", id: "m1")),
    ("0006 0001 67", .target(group: "g")),
    ("0007 0001 67 0002 6d31", .memberTarget(group: "g", id: "m1")),
    ("0008 0001 67 0002 6d31", .memberCurrent(group: "g", id: "m1")),
  ]

  static let id = TopicID(high: 0x0102_0304_0506_0708, low: 0x090A_0B0C_0D0E_0F10)
  static let idBytes = "0102030405060708090a0b0c0d0e0f10"

  static let epoch = ("0000 00000007 00", ConsumerGroupEpochValue(epoch: 7))

  static let topics = (
    "0000 03 \(idBytes) 04 6f6e65 00000003 01 00 \(idBytes) 02 61 00000001 01 00 00",
    ConsumerGroupTopicsValue(topics: [
      .init(id: id, name: "one", partitionCount: 3), .init(id: id, name: "a", partitionCount: 1),
    ])
  )

  static let member = (
    "0000 03 6931 00 02 63 0b 2f3132372e302e302e31 02 02 74 00 0000afc8 08 756e69666f726d 00",
    ConsumerGroupMemberValue(
      instanceID: "i1", rackID: nil, clientID: "c", clientHost: "/127.0.0.1", topicNames: ["t"],
      topicPattern: nil, rebalanceTimeoutMilliseconds: 45_000, assignor: "uniform")
  )

  static let target = (
    "0000 02 \(idBytes) 03 00000000 00000002 00 00",
    ConsumerGroupTargetValue(topics: [
      ConsumerGroupPartitions(topicID: id, partitions: [0, 2])
    ])
  )

  static let current = (
    "0000 00000005 00000004 01 02 \(idBytes) 02 00000001 00 02 \(idBytes) 02 00000003 00 00",
    ConsumerGroupCurrentValue(
      epoch: 5, previousEpoch: 4, state: 1,
      assigned: [ConsumerGroupPartitions(topicID: id, partitions: [1])],
      pendingRevocation: [ConsumerGroupPartitions(topicID: id, partitions: [3])])
  )

  @Test("keys are read and written byte for byte")
  func keyBytes() throws {
    for (bytes, key) in Self.keys {
      #expect(try parse(hex(bytes), recordKey) == .consumerGroup(key))
      #expect(hex(key.encode()) == hex(hex(bytes)))
      #expect(key.group == "g")
    }
  }

  @Test("values are read and written byte for byte")
  func valueBytes() throws {
    #expect(try parse(hex(Self.epoch.0), epochValue) == Self.epoch.1)
    #expect(hex(Self.epoch.1.encode()) == hex(hex(Self.epoch.0)))
    #expect(try parse(hex(Self.topics.0), topicsValue) == Self.topics.1)
    #expect(hex(Self.topics.1.encode()) == hex(hex(Self.topics.0)))
    let member = hex(Self.member.0)
    #expect(try parse(member, memberValue) == Self.member.1)
    #expect(hex(Self.member.1.encode()) == hex(member))
    #expect(try parse(hex(Self.target.0), targetValue) == Self.target.1)
    #expect(hex(Self.target.1.encode()) == hex(hex(Self.target.0)))
    #expect(try parse(hex(Self.current.0), currentValue) == Self.current.1)
    #expect(hex(Self.current.1.encode()) == hex(hex(Self.current.0)))
  }

  @Test("what a newer broker adds is passed over: tagged fields, racks")
  func additions() throws {
    // Kafka 4.1's hash of the topics, 4.3's time of the assignment.
    let tagged = hex("0000 00000007 01 00 08 0000000000000001")
    #expect(try parse(tagged, epochValue) == Self.epoch.1)
    let racks = "0000 02 \(Self.idBytes) 02 61 00000001 02 00000000 02 03 7231 00 00 00"
    let topic = ConsumerGroupTopicsValue.Topic(id: Self.id, name: "a", partitionCount: 1)
    #expect(
      try parse(hex(racks), topicsValue) == ConsumerGroupTopicsValue(topics: [topic]))
  }

  @Test(
    "values that break a rule are refused",
    arguments: [
      ("0001 00000007 00", FormatError.unsupportedVersion(field: "group epoch value", version: 1)),
      ("0000 0000", .truncated(needed: 4, available: 2)),
      ("0000 00000007 01 00 7f", .truncated(needed: 127, available: 0)),
    ])
  func refusedEpochs(bytes: String, error: FormatError) {
    #expect(failure(of: hex(bytes), epochValue) == error)
  }

  @Test("an array that may not be null, or is longer than the input, is refused")
  func refusedArrays() {
    #expect(
      failure(of: hex("0000 00"), targetValue)
        == .lengthOutOfRange(field: "topics", length: -1))
    #expect(
      failure(of: hex("0000 ffffffff07"), targetValue) == .truncated(needed: 8, available: 0))
  }

  @Test("strings at the bound of what can be read are written and read")
  func longStrings() throws {
    var value = Self.member.1
    value.topicPattern = String(repeating: "x", count: 32_767)
    value.topicNames = (0..<200).map { "topic-\($0)" }
    #expect(try parse(value.encode(), memberValue) == value)
  }

  private func recordKey(_ bytes: RawSpan) throws(FormatError) -> GroupRecordKey {
    try GroupRecordKey(parsing: bytes)
  }

  private func epochValue(_ bytes: RawSpan) throws(FormatError) -> ConsumerGroupEpochValue {
    try ConsumerGroupEpochValue(parsing: bytes)
  }

  private func topicsValue(_ bytes: RawSpan) throws(FormatError) -> ConsumerGroupTopicsValue {
    try ConsumerGroupTopicsValue(parsing: bytes)
  }

  private func memberValue(_ bytes: RawSpan) throws(FormatError) -> ConsumerGroupMemberValue {
    try ConsumerGroupMemberValue(parsing: bytes)
  }

  private func targetValue(_ bytes: RawSpan) throws(FormatError) -> ConsumerGroupTargetValue {
    try ConsumerGroupTargetValue(parsing: bytes)
  }

  private func currentValue(_ bytes: RawSpan) throws(FormatError) -> ConsumerGroupCurrentValue {
    try ConsumerGroupCurrentValue(parsing: bytes)
  }
}
