import MoldauReport
import MoldauDisk
import MoldauFormat
import MoldauInspect
import MoldauLog
import Testing

struct InspectorTests {
  private func rows(
    _ path: String, _ disk: SimulatedDisk, records: Bool = false, index: Bool = false
  ) throws -> [ReportRow] {
    var rows: [ReportRow] = []
    var inspector = Inspector(
      options: Inspector.Options(showsRecords: records, showsIndex: index), disk: disk
    ) { rows.append($0) }
    try inspector.run(path)
    #expect(inspector.problemCount == rows.count { $0.kind == .problem })
    return rows
  }

  @Test(
    "a path shows the kinds of rows that belong to it",
    arguments: [
      ("", ["directory", "partition", "topic"]),
      ("keyed-0", ["partition", "segment", "leaderEpoch"]),
      ("compacted-0", ["partition", "segment", "leaderEpoch", "producer"]),
      ("rolled-0/00000000000000000004.log", ["batch", "segment"]),
      ("rolled-0/00000000000000000004.index", ["offsetIndexEntry"]),
      ("rolled-0/00000000000000000004.timeindex", ["timeIndexEntry"]),
      ("transactions-0/00000000000000000000.txnindex", ["abortedTransaction"]),
      ("transactions-0/00000000000000000017.snapshot", ["producer"]),
      ("compacted-0/leader-epoch-checkpoint", ["leaderEpoch"]),
      ("keyed-0/partition.metadata", ["property"]),
      ("recovery-point-offset-checkpoint", ["checkpoint"]),
      ("moldau-topics", ["topic"]),
      (".kafka_cleanshutdown", ["property"]),
    ])
  func kinds(path: String, kinds: [String]) throws {
    let found = try rows("/store/\(path)", Fixture.disk("clean"))
    #expect(Set(found.map(\.kind.name)) == Set(kinds))
  }

  @Test("the records shown are those that a reader gets", arguments: ["clean", "killed"])
  func records(state: String) throws {
    let disk = try Fixture.disk(state)
    for partition in try Fixture.expected() where state == "clean" || partition.name != "keyed-0" {
      let found = try rows("/store/\(partition.name)", disk, records: true)
        .filter { $0.kind == .record }.map { $0["offset"] }
      // Markers and what lies below the start are shown too.
      let expected = partition.records.map { FieldValue.integer($0.offset) }
      #expect(expected.allSatisfy(found.contains), "\(partition.name)")
    }
  }

  @Test("the names of the JSON form stay as they are")
  func json() throws {
    let disk = try Fixture.disk("clean")
    let lines = try rows("/store/compacted-0/00000000000000000000.log", disk, records: true)
      .map(JSONLine.text(of:))
    #expect(
      lines.suffix(4) == [
        """
        {"type":"batch","position":250,"baseOffset":20,"lastOffset":22,"recordCount":2,\
        "codec":"none","byteCount":177,"baseTimestampMilliseconds":1700000002001,\
        "maxTimestampMilliseconds":1700000002200,"producerID":5,"producerEpoch":0,\
        "baseSequence":20,"leaderEpoch":3,"flags":"","isWhole":true}
        """,
        """
        {"type":"record","offset":21,"timestampMilliseconds":1700000002100,"key":"key 21",\
        "keyEncoding":"utf8","value":"{\\"number\\":21,\\"text\\":\\"Vltava 21\\"}",\
        "valueEncoding":"utf8","headers":[{"name":"trace","value":"0015ff",\
        "valueEncoding":"hex"},{"name":"empty","value":"","valueEncoding":"utf8"},\
        {"name":"null","value":null}]}
        """,
        """
        {"type":"record","offset":22,"timestampMilliseconds":1700000002200,"key":"key 22",\
        "keyEncoding":"utf8","value":"{\\"number\\":22,\\"text\\":\\"Vltava 22\\"}",\
        "valueEncoding":"utf8","headers":[]}
        """,
        """
        {"type":"segment","file":"00000000000000000000.log","baseOffset":0,"endOffset":23,\
        "batchCount":3,"recordCount":5,"byteCount":427,"unreadableByteCount":0,"codecs":"none",\
        "earliestMilliseconds":1700000000700,"latestMilliseconds":1700000002200}
        """,
      ])
  }

  @Test("a store that has the directory open is no hindrance, and is mentioned")
  func inUse() throws {
    let disk = try Fixture.disk("clean")
    let store = try FixtureContent.open(disk, FixedClock())
    let found = try rows("/store", disk)
    #expect(found.first?["isInUse"] == .boolean(true))
    #expect(found.contains { $0.kind == .note })
    #expect(!found.contains { $0.kind == .problem })
    try store.closeBlocking()
    #expect(try rows("/store", disk).first?["isInUse"] == .boolean(false))
  }

  @Test("what is none of a log directory's is refused")
  func strangers() throws {
    let disk = try Fixture.disk("clean")
    try disk.makeDirectory("/other")
    try disk.makeDirectory("/other/dbus-1")
    try disk.replaceFile(at: "/other/notes.txt", with: [1], isDurable: false)
    for path in ["/other", "/other/notes.txt", "/other/dbus-1"] {
      #expect(throws: InspectError.unknownKind(path: path)) { try rows(path, disk) }
    }
    #expect(throws: InspectError.notFound(path: "/nowhere")) { try rows("/nowhere", disk) }
  }

  @Test(
    "a table has a title, a line a row, and numbers at the right",
    arguments: [("keyed-0/00000000000000000000.log", 6)])
  func table(path: String, lineCount: Int) throws {
    var lines: [String] = []
    var table = TableWriter { lines.append($0) }
    for row in try rows("/store/\(path)", Fixture.disk("clean")) where row.kind == .batch {
      table.add(row)
    }
    table.finish()
    #expect(lines.count == lineCount - 1)
    #expect(lines.first?.hasPrefix("position  base offset  last offset  records  codec") == true)
    #expect(
      lines.dropFirst().first?.hasPrefix("       0            0            0        1") == true)
  }
}
