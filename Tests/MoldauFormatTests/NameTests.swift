import MoldauFormat
import Testing

struct NameTests {
  @Test(
    "topic names that Kafka takes are taken",
    arguments: ["a", "Z9._-", "__consumer_offsets", "...", String(repeating: "x", count: 249)])
  func legalTopicNames(name: String) throws {
    try TopicName.validate(name)
  }

  @Test(
    "topic names that could leave the folder or that Kafka refuses are refused",
    arguments: [
      "", ".", "..", "a/b", "../a", "a b", "a\0b", "ä", "a\n", "a:b",
      String(repeating: "x", count: 250),
    ])
  func illegalTopicNames(name: String) {
    #expect(throws: FormatError.self) { try TopicName.validate(name) }
  }

  @Test(
    "a partition's folder is named after topic and number",
    arguments: [
      ("orders", 0, "orders-0"), ("a-1", 23, "a-1-23"), ("x.y", Int32.max, "x.y-2147483647"),
      ("a-", 1, "a--1"),
    ])
  func directoryName(topic: String, partition: Int32, name: String) {
    let identity = TopicPartition(topic: topic, partition: partition)
    #expect(identity.directoryName == name)
    #expect(identity.description == name)
    #expect(TopicPartition(directoryName: name) == identity)
  }

  @Test(
    "other folders are none of a partition",
    arguments: [
      "", "orders", "orders-", "-0", "orders-x", "orders-00", "orders-+1",
      "orders-2147483648", "..-0", "a/b-0", "orders-0.0123456789abcdef0123456789abcdef-delete",
    ])
  func notDirectoryNames(name: String) {
    #expect(TopicPartition(directoryName: name) == nil)
  }

  @Test("a folder that is being deleted has a name of its own, of at most 255 bytes")
  func deletedDirectoryName() {
    let token = TopicID(high: 0x0123_4567_89AB_CDEF, low: 0xF)
    let name = TopicPartition(topic: "a-b", partition: 7).deletedDirectoryName(token: token)
    #expect(name == "a-b-7.0123456789abcdef000000000000000f-delete")
    #expect(TopicPartition.isDeletedDirectoryName(name))
    let long = TopicPartition(topic: String(repeating: "t", count: 249), partition: 12)
    #expect(long.deletedDirectoryName(token: token).utf8.count == 255)
    #expect(TopicPartition.isDeletedDirectoryName(long.deletedDirectoryName(token: token)))
    for other in ["a-0", "a-delete", "a-0.12-delete", "a.0123456789abcdef0123456789abcdef-delete"] {
      #expect(!TopicPartition.isDeletedDirectoryName(other))
    }
  }

  @Test(
    "a segment's file says its base offset, kind and state",
    arguments: [
      ("00000000000000000000.log", 0, SegmentFileName.Kind.log, SegmentFileName.State.live),
      ("00000000000000000042.index", 42, .index, .live),
      ("00000000000000000042.timeindex.deleted", 42, .timeindex, .deleted),
      ("00000000000000000042.txnindex.cleaned", 42, .txnindex, .cleaned),
      ("09223372036854775807.snapshot", Int64.max, .snapshot, .live),
      ("00000000000000000042.log.swap", 42, .log, .swap),
    ])
  func segmentFileName(
    text: String, base: Int64, kind: SegmentFileName.Kind, state: SegmentFileName.State
  ) {
    let name = SegmentFileName(baseOffset: Offset(rawValue: base), kind: kind, state: state)
    #expect(name.description == text)
    #expect(SegmentFileName(parsing: text) == name)
  }

  @Test(
    "other files are none of a segment",
    arguments: [
      "", "00000000000000000042", "00000000000000000042.", "00000000000000000042.txt",
      "0000000000000000042.log", "000000000000000000042.log", "-0000000000000000042.log",
      "99999999999999999999.log", "09223372036854775808.log", "00000000000000000042.log.old",
      "00000000000000000042.log.", "00000000000000000042log", "leader-epoch-checkpoint",
      "0000000000000000004²2.log",
    ])
  func notSegmentFileNames(text: String) {
    #expect(SegmentFileName(parsing: text) == nil)
  }

  @Test(
    "an id is 22 characters of URL-safe base64",
    arguments: [
      (0, 0, "AAAAAAAAAAAAAAAAAAAAAA"), (UInt64.max, UInt64.max, "_____________________w"),
      (0, 1, "AAAAAAAAAAAAAAAAAAAAAQ"),
      (0x6EDD_212D_5BD4_43C1, 0x9E8A_22DA_37B1_EC42, "bt0hLVvUQ8GeiiLaN7HsQg"),
    ] as [(UInt64, UInt64, String)])
  func topicID(high: UInt64, low: UInt64, text: String) {
    let id = TopicID(high: high, low: low)
    #expect(id.base64 == text)
    #expect(TopicID(base64: text) == id)
  }

  @Test(
    "other texts are no id",
    arguments: [
      "", "AAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAB",
      "AAAAAAAAAAAAAAAAAAAAA=", "AAAAAAAAAAAAAAAAAAAA+A", "AAAAAAAAAAAAAAAAAAAAä",
    ])
  func notTopicIDs(text: String) {
    #expect(TopicID(base64: text) == nil)
  }

  @Test("random ids are version 4 UUIDs, differ, print back and start with no dash")
  func randomTopicIDs() {
    var generator = SeededGenerator(seed: 3)
    var seen: Set<TopicID> = []
    for _ in 0..<1000 {
      let id = TopicID.random(using: &generator)
      #expect(TopicID(base64: id.base64) == id)
      #expect(!id.base64.hasPrefix("-"))
      #expect(id.high >> 12 & 0xF == 4)
      #expect(id.low >> 62 == 2)
      seen.insert(id)
    }
    #expect(seen.count == 1000)
  }

  @Test("an id's 16 bytes are read high half first")
  func topicIDBytes() throws {
    let bytes = hex("000102030405060708090a0b0c0d0e0f")
    let id = try parse(bytes) { (bytes) throws(FormatError) in try TopicID(parsing: bytes) }
    #expect(id == TopicID(high: 0x0001_0203_0405_0607, low: 0x0809_0A0B_0C0D_0E0F))
    #expect(id.hexadecimal == "000102030405060708090a0b0c0d0e0f")
    let short = failure(of: Array(bytes.dropLast())) { (bytes) throws(FormatError) in
      try TopicID(parsing: bytes)
    }
    #expect(short == .truncated(needed: 16, available: 15))
  }
}
