import MoldauFormat
import Testing

struct GroupRecordTests {
  static let offsetKey = GroupOffsetKey(
    group: "fixture-group", partition: TopicPartition(topic: "two.parts", partition: 1))

  @Test("keys are read and written byte for byte")
  func keys() throws {
    #expect(try parse(Golden.groupOffsetKey, key) == .offset(Self.offsetKey))
    #expect(Self.offsetKey.encode() == Golden.groupOffsetKey)
    let group = GroupMetadataKey(group: "fixture-group")
    #expect(try parse(Golden.groupMetadataKey, key) == .group(group))
    #expect(group.encode() == Golden.groupMetadataKey)
    var old = Golden.groupOffsetKey
    old[1] = 0
    #expect(try parse(old, key) == .offset(Self.offsetKey))
    #expect(try parse(hex("0009 00"), key) == .other(version: 9))
    #expect(try parse(hex("ffff"), key) == .other(version: -1))
  }

  @Test("a committed offset is read and written byte for byte")
  func offsetValue() throws {
    let value = GroupOffsetValue(
      offset: Offset(rawValue: 102), leaderEpoch: 0, commitTimestampMilliseconds: 0x1A2_0BBC_6546)
    #expect(try parse(Golden.groupOffsetValue, offset) == value)
    #expect(hex(value.encode()) == hex(Golden.groupOffsetValue))
  }

  @Test(
    "every version of a committed offset is read",
    arguments: [
      ("0000 0000000000000066 0002 6d64 0000000000000007", -1, -1),
      ("0001 0000000000000066 0002 6d64 0000000000000007 0000000000000009", -1, 9),
      ("0002 0000000000000066 0002 6d64 0000000000000007", -1, -1),
      ("0003 0000000000000066 00000005 0002 6d64 0000000000000007", 5, -1),
      ("0004 0000000000000066 00000005 03 6d64 0000000000000007 00", 5, -1),
      ("0004 0000000000000066 00000005 03 6d64 0000000000000007 02 00 01 aa 8001 02 bbcc", 5, -1),
    ] as [(String, Int32, Int64)])
  func offsetVersions(bytes: String, leaderEpoch: Int32, expireTimestamp: Int64) throws {
    let value = GroupOffsetValue(
      offset: Offset(rawValue: 102), leaderEpoch: leaderEpoch, metadata: "md",
      commitTimestampMilliseconds: 7, expireTimestampMilliseconds: expireTimestamp)
    #expect(try parse(hex(bytes), offset) == value)
    #expect(try parse(value.encode(), offset) == value)
  }

  @Test("a group is read and written byte for byte, with members and without")
  func groupValue() throws {
    let empty = GroupMetadataValue(
      protocolType: "consumer", generation: 2, protocolName: nil, leader: nil,
      stateTimestampMilliseconds: 0x1A2_0BBC_6569, members: [])
    #expect(try parse(Golden.emptyGroupValue, group) == empty)
    #expect(hex(empty.encode()) == hex(Golden.emptyGroupValue))
    let stable = try parse(Golden.stableGroupValue, group)
    #expect(stable.protocolName == "range")
    #expect(stable.leader == stable.members.first?.id)
    #expect(stable.members.first?.instanceID == nil)
    #expect(stable.members.first?.clientHost == "/127.0.0.1")
    #expect(stable.members.first?.rebalanceTimeoutMilliseconds == 300_000)
    #expect(stable.members.first?.sessionTimeoutMilliseconds == 45_000)
    #expect(stable.members.first?.subscription.count == 31)
    #expect(stable.members.first?.assignment.count == 33)
    #expect(hex(stable.encode()) == hex(Golden.stableGroupValue))
  }

  @Test(
    "every version of a group is read",
    arguments: [
      "0000 0001 63 00000002 0001 70 0001 6c 00000001 0001 6d 0001 69 0001 68 0000000a 00000001 aa "
        + "00000000",
      "0001 0001 63 00000002 0001 70 0001 6c 00000001 0001 6d 0001 69 0001 68 0000000a 0000000a "
        + "00000001 aa 00000000",
      "0002 0001 63 00000002 0001 70 0001 6c ffffffffffffffff 00000001 0001 6d 0001 69 0001 68 "
        + "0000000a 0000000a 00000001 aa 00000000",
      "0003 0001 63 00000002 0001 70 0001 6c ffffffffffffffff 00000001 0001 6d ffff 0001 69 0001 68 "
        + "0000000a 0000000a 00000001 aa 00000000",
      "0004 02 63 00000002 02 70 02 6c ffffffffffffffff 02 02 6d 00 02 69 02 68 0000000a 0000000a "
        + "02 aa 01 00 00",
    ])
  func groupVersions(bytes: String) throws {
    let member = GroupMetadataValue.Member(
      id: "m", instanceID: nil, clientID: "i", clientHost: "h", rebalanceTimeoutMilliseconds: 10,
      sessionTimeoutMilliseconds: 10, subscription: [0xAA], assignment: [])
    let value = GroupMetadataValue(
      protocolType: "c", generation: 2, protocolName: "p", leader: "l",
      stateTimestampMilliseconds: -1, members: [member])
    #expect(try parse(hex(bytes), group) == value)
  }

  @Test(
    "group records that break a rule are refused",
    arguments: [
      ("0005", FormatError.unsupportedVersion(field: "group value", version: 5)),
      ("ffff", .unsupportedVersion(field: "group value", version: -1)),
      ("0000 0005 61", .truncated(needed: 5, available: 1)),
      ("0000 ffff", .lengthOutOfRange(field: "protocol type", length: -1)),
      ("0000 8000", .lengthOutOfRange(field: "protocol type", length: -32768)),
      ("0000 0001 ff", .invalid(field: "protocol type", reason: "it is not UTF-8")),
      ("0004 ffffffff0f", .lengthOutOfRange(field: "protocol type", length: 4_294_967_295)),
      ("0004 ffffffff1f", .malformedVarint),
      ("0004 8080808080", .malformedVarint),
      ("0004 00", .lengthOutOfRange(field: "protocol type", length: -1)),
      // More members than any input could hold: refused at the first, with nothing reserved.
      (
        "0003 0000 00000000 ffff ffff 0000000000000000 7fffffff",
        .truncated(
          needed: 2, available: 0)
      ),
      (
        "0003 0000 00000000 ffff ffff 0000000000000000 ffffffff",
        .lengthOutOfRange(
          field: "members", length: -1)
      ),
      // A member whose subscription claims 2 GiB.
      (
        "0000 0000 00000000 0000 0000 00000001 0000 0000 0000 00000000 7fffffff 00",
        .truncated(
          needed: 2_147_483_647, available: 1)
      ),
    ])
  func refused(bytes: String, error: FormatError) {
    #expect(failure(of: hex(bytes), group) == error)
  }

  private func key(_ bytes: RawSpan) throws(FormatError) -> GroupRecordKey {
    try GroupRecordKey(parsing: bytes)
  }

  private func offset(_ bytes: RawSpan) throws(FormatError) -> GroupOffsetValue {
    try GroupOffsetValue(parsing: bytes)
  }

  private func group(_ bytes: RawSpan) throws(FormatError) -> GroupMetadataValue {
    try GroupMetadataValue(parsing: bytes)
  }
}
