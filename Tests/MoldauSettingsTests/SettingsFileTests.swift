import Testing

@testable import MoldauSettings

/// The settings file: what is read of YAML, and what is refused.
struct SettingsFileTests {
  private func values(_ text: String) throws -> [String: [String]] {
    let given = try SettingsFile.parse(text, path: "m.yaml")
    return Dictionary(uniqueKeysWithValues: given.map { ($0.name, $0.texts) })
  }

  @Test("scalars, lists and comments are read as YAML reads them")
  func reads() throws {
    let text = """
      ---
      # a broker
      data: /var/lib/moldau   # where it lies
      kafka:
        - 0.0.0.0:9092
        - "[::1]:9093" # another
      advertise: [ 'kafka.example:9092', auto ]
      flush: 'buffered'
      "partitions": 3
      retention: "7d"
      admin: ~
      node-id:
      log-level: info#not-a-comment
      ...

      """
    #expect(
      try values(text) == [
        "data": ["/var/lib/moldau"], "kafka": ["0.0.0.0:9092", "[::1]:9093"],
        "advertise": ["kafka.example:9092", "auto"], "flush": ["buffered"], "partitions": ["3"],
        "retention": ["7d"], "log-level": ["info#not-a-comment"],
      ])
  }

  @Test("lists stand at the key's own column too, and lines may end as Windows ends them")
  func listAtColumn() throws {
    #expect(
      try values("kafka:\r\n- a:1\r\n- b:2\r\ndata: x\r\n") == [
        "kafka": ["a:1", "b:2"], "data": ["x"],
      ])
  }

  @Test("quotes keep what is between them")
  func quotes() throws {
    #expect(try values(#"data: 'it''s # here'"#) == ["data": ["it's # here"]])
    #expect(try values(#"data: "a\"b\\c: d""#) == ["data": [#"a"b\c: d"#]])
    #expect(try values("data: ''") == ["data": [""]])
  }

  @Test("an empty file sets nothing", arguments: ["", "\n\n", "# only a comment", "---\n"])
  func empty(text: String) throws {
    #expect(try values(text).isEmpty)
  }

  @Test("what only YAML's fuller forms say is read, too")
  func fullerForms() throws {
    #expect(
      try values("kafka: [a:1,\n b:2]\ndata: |-\n  x\nadmin: &there c:3\nadvertise: [*there]\n")
        == [
          "kafka": ["a:1", "b:2"], "data": ["x"], "admin": ["c:3"], "advertise": ["c:3"],
        ])
  }

  static let refused: [(String, Int, String)] = [
    ("flush: z\ndata: x\ndata: y", 2, "data"),
    ("server:\n  data: x", 2, "do not nest"),
    ("data: *a", 1, "undefined alias"),
    ("data: {a: b}", 1, "do not nest"),
    ("kafka: [a:1", 2, "did not find expected"),
    ("data: 'x", 1, "unexpected end"),
    ("data: \"\\q\"", 1, "escape"),
    ("data: 'x' y", 1, "did not find expected"),
    ("data: a: b", 1, "not allowed"),
    ("data", 1, "expected"),
    ("- data", 1, "expected"),
    ("kafka:\n- - a:1", 2, "no single value"),
    ("kafka:\n- a:1\n-\n", 3, "no single value"),
    ("\tdata: x", 1, "cannot start"),
    ("data: x\n---\nflush: y", 2, "another document"),
    ("\n\nnode-ids: 3", 3, "did you mean node-id?"),
    ("quite-another: 3", 1, "there is no setting"),
  ]

  @Test("what is not a setting is refused with its line", arguments: refused)
  func refuses(text: String, line: Int, fragment: String) {
    do {
      _ = try SettingsFile.parse(text, path: "m.yaml")
      Issue.record("read: \(text)")
    } catch {
      #expect(error.problems.first?.place == "m.yaml:\(line)", "\(text): \(error)")
      #expect(error.description.contains(fragment), "\(text): \(error)")
    }
  }

  @Test("all unknown names of a file are told at once")
  func allProblems() {
    let error = #expect(throws: SettingsError.self) {
      try SettingsFile.parse("dat: x\nlisteners: y", path: "m.yaml")
    }
    #expect(error?.problems.count == 2)
  }

  @Test(
    "a file that cannot be read is named", arguments: ["/nowhere/m.yaml", "/", "/dev/null"])
  func unreadable(path: String) {
    do {
      _ = try SettingsFile.read(path)
      Issue.record("read: \(path)")
    } catch {
      #expect(error.problems.first?.place == path)
    }
  }

  @Test(
    "a slip, another spelling and Kafka's names lead to the setting",
    arguments: [
      ("dta", "data"), ("parttions", "partitions"), ("nodeId", "node-id"), ("node_id", "node-id"),
      ("log.dirs", "data"), ("listeners", "kafka"), ("advertised.listeners", "advertise"),
      ("auto.create.topics.enable", "auto-create"), ("num.partitions", "partitions"),
      ("log.retention.hours", "retention"), ("connections.max.idle.ms", "idle-timeout"),
      ("MaxConnections", "max-connections"),
    ])
  func suggestions(name: String, setting: String) {
    #expect(Suggestion.setting(for: name)?.name == setting)
  }

  @Test("what is far from all of them leads nowhere", arguments: ["", "x", "colour", "quorum"])
  func noSuggestion(name: String) {
    #expect(Suggestion.setting(for: name) == nil)
  }
}
