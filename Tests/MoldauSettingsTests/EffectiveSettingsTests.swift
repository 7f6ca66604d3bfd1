import MoldauLog
import MoldauServer
import Testing

@testable import MoldauSettings

/// Which value counts, where it comes from, and what a wrong one says.
struct EffectiveSettingsTests {
  typealias Given = EffectiveSettings.Given

  private func flag(_ name: String, _ texts: String...) -> Given {
    Given(name: name, texts: texts, origin: .flag("--\(name)"))
  }

  private func line(_ name: String, of settings: EffectiveSettings) throws -> [String] {
    let line = try #require(settings.lines.first { $0.setting.name == name })
    return [line.text ?? "", "\(line.origin)"]
  }

  @Test("flags count before the environment, that before the file, that before defaults")
  func order() throws {
    let file = try SettingsFile.parse("partitions: 2\nretention: 1d\nflush: buffered", path: "f")
    let settings = try EffectiveSettings(
      flags: [flag("partitions", "4")],
      environment: ["MOLDAU_PARTITIONS": "3", "MOLDAU_RETENTION": "2h", "HOME": "x"], file: file)
    #expect(try line("partitions", of: settings) == ["4", "--partitions"])
    #expect(try line("retention", of: settings) == ["2h", "MOLDAU_RETENTION"])
    #expect(try line("flush", of: settings) == ["buffered", "f:3"])
    #expect(try line("kafka", of: settings) == ["127.0.0.1:9092", "default"])
    #expect(try line("data", of: settings) == ["", "default"])
    #expect(settings.serve.server.broker.newTopics.partitionCount == 4)
    #expect(settings.serve.server.broker.newTopics.retention == [.age(.seconds(7_200))])
    #expect(settings.serve.store.durability == .buffered)
  }

  @Test("the table's defaults are those of the types")
  func defaults() throws {
    let serve = try EffectiveSettings(flags: [], environment: [:]).serve
    let server = ServerConfiguration(listeners: [])
    let store = StoreConfiguration()
    #expect(serve.server.broker.newTopics == server.broker.newTopics)
    #expect(serve.server.broker.createsTopics == server.broker.createsTopics)
    #expect(serve.server.broker.nodeID == server.broker.nodeID)
    #expect(serve.server.broker.deletesTopics == server.broker.deletesTopics)
    #expect(serve.server.broker.isDevelopment == server.broker.isDevelopment)
    #expect(serve.server.broker.groups == server.broker.groups)
    #expect(serve.server.eventLoopCount == server.eventLoopCount)
    #expect(serve.server.maxConnections == server.maxConnections)
    #expect(serve.server.idleTimeout == server.idleTimeout)
    #expect(serve.server.maxRequestBytes == server.maxRequestBytes)
    #expect(serve.server.requestMemoryBytes == server.requestMemoryBytes)
    #expect(serve.server.stopTimeout == server.stopTimeout)
    #expect(serve.store.durability == store.durability)
    #expect(serve.store.maxOpenFiles == store.maxOpenFiles)
    #expect(serve.store.maxPendingBytes == store.maxPendingBytes)
    #expect(serve.store.journalBytes == store.journalBytes)
    #expect(serve.store.checkpointInterval == store.checkpointInterval)
    #expect(serve.store.producerExpiration == store.producerExpiration)
    #expect(serve.store.recoveryThreadCount == store.recoveryThreadCount)
    #expect(serve.store.compactionBytesPerSecond == store.compactionBytesPerSecond)
    #expect(serve.store.compactionMemoryBytes == store.compactionMemoryBytes)
  }

  @Test("every setting changes something", arguments: Setting.all.map(\.name))
  func everySettingCounts(name: String) throws {
    let setting = try #require(Setting.named(name))
    let text =
      switch setting.kind {
      case .directory: "elsewhere"
      case .boolean: setting.defaultText == "true" ? "false" : "true"
      case .integer(let range): "\(range.lowerBound + 7)"
      case .size(let range): "\(range.lowerBound + 7)"
      case .duration: "77s"
      case .choice(let words): try #require(words.first { $0 != setting.defaultText })
      case .address, .addresses: "127.0.0.1:7777"
      case .coordination: "embedded"
      }
    // Some values only go together.
    let others =
      switch name {
      case "request-memory": [flag("max-request-size", "64KiB")]
      case "cluster": [flag("node-id", "3")]
      default: [flag("request-memory", "200MiB")]
      }
    let before = try EffectiveSettings(flags: others, environment: [:])
    let value = name == "request-memory" ? "300MiB" : text
    let after = try EffectiveSettings(flags: others + [flag(name, value)], environment: [:])
    #expect("\(before.serve)" != "\(after.serve)")
    #expect(try line(name, of: after)[1] == "--\(name)")
  }

  @Test("listeners and what their clients are told go by their order")
  func listeners() throws {
    let settings = try EffectiveSettings(
      flags: [],
      environment: [
        "MOLDAU_KAFKA": "0.0.0.0:9092, [::1]:9093,127.0.0.1:9094",
        "MOLDAU_ADVERTISE": "kafka.example:9092,auto",
      ])
    let listeners = settings.serve.server.listeners
    #expect(listeners.map { "\($0.address)" } == ["0.0.0.0:9092", "[::1]:9093", "127.0.0.1:9094"])
    #expect(listeners.map { $0.advertised.map { "\($0)" } } == ["kafka.example:9092", nil, nil])
    #expect(try line("advertise", of: settings)[0] == "kafka.example:9092,auto")
  }

  @Test("dev changes defaults, and nothing that was set")
  func development() throws {
    let plain = try EffectiveSettings(flags: [flag("dev", "true")], environment: [:])
    #expect(try line("rebalance-delay", of: plain) == ["0", "default of --dev"])
    #expect(plain.serve.server.broker.groups.initialRebalanceDelay == .zero)
    #expect(plain.serve.server.broker.isDevelopment)
    let set = try EffectiveSettings(
      flags: [flag("dev", "true")], environment: ["MOLDAU_REBALANCE_DELAY": "1s"])
    #expect(try line("rebalance-delay", of: set) == ["1s", "MOLDAU_REBALANCE_DELAY"])
  }

  @Test("off means none")
  func off() throws {
    let settings = try EffectiveSettings(
      flags: [flag("idle-timeout", "off"), flag("retention", "off")], environment: [:])
    #expect(settings.serve.server.idleTimeout == nil)
    #expect(settings.serve.server.broker.newTopics.retention == [])
    #expect(try line("idle-timeout", of: settings)[0] == "off")
  }

  static let wrong: [([Given], [String: String], String)] = [
    (
      [Given(name: "partitions", texts: ["0"], origin: .flag("--partitions"))], [:],
      "--partitions: 0 is outside 1 to 10000"
    ),
    (
      [Given(name: "partitions", texts: ["many"], origin: .flag("--partitions"))], [:],
      "--partitions: \"many\" is no whole number"
    ),
    ([], ["MOLDAU_RETENTION": "7"], "MOLDAU_RETENTION: \"7\" is no duration"),
    ([], ["MOLDAU_KAFKA": "nowhere"], "MOLDAU_KAFKA: \"nowhere\" is neither HOST:PORT"),
    ([], ["MOLDAU_KAFKA": "a:1,"], "MOLDAU_KAFKA: \"\" is neither HOST:PORT"),
    (
      [], ["MOLDAU_PARTITION": "3"],
      "MOLDAU_PARTITION: there is no such setting; did you mean MOLDAU_PARTITIONS?"
    ),
    (
      [Given(name: "flush", texts: ["never"], origin: .file(place: "m.yaml:7"))], [:],
      "m.yaml:7: flush: \"never\" is none of group-commit, buffered, every-append"
    ),
    (
      [Given(name: "data", texts: ["a", "b"], origin: .file(place: "m.yaml:7"))], [:],
      "m.yaml:7: data: it takes one value, not 2"
    ),
    (
      [Given(name: "advertise", texts: ["a:1", "b:2"], origin: .flag("--advertise"))], [:],
      "--advertise: advertise: 2 addresses for 1 listeners"
    ),
    (
      [Given(name: "request-memory", texts: ["1MiB"], origin: .flag("--request-memory"))], [:],
      "--request-memory: request-memory: it is smaller than max-request-size"
    ),
  ]

  @Test("a bad value names its place", arguments: wrong)
  func wrongValues(flags: [Given], environment: [String: String], message: String) {
    do {
      _ = try EffectiveSettings(flags: flags, environment: environment)
      Issue.record("taken: \(message)")
    } catch {
      #expect(error.description.hasPrefix(message), "\(error)")
    }
  }

  @Test("a wrong value is told also where a flag hides it")
  func hiddenMistake() {
    #expect(throws: SettingsError.self) {
      try EffectiveSettings(
        flags: [flag("partitions", "3")], environment: ["MOLDAU_PARTITIONS": "x"])
    }
  }

  @Test("variables that others make are theirs")
  func foreignVariables() throws {
    _ = try EffectiveSettings(
      flags: [],
      environment: [
        "MOLDAU_SERVICE_HOST": "10.0.0.1", "MOLDAU_PORT_9092_TCP_ADDR": "10.0.0.1",
        "MOLDAU_PORT": "tcp://10.0.0.1:9092", "MOLDAU_CONFIG": "x", "MOLDAU_PROCESS_ROUNDS": "3",
      ])
  }

  @Test("names are flags, variables and keys, each once")
  func names() {
    #expect(Set(Setting.all.map(\.name)).count == Setting.all.count)
    for setting in Setting.all {
      #expect(setting.name.allSatisfy { $0 == "-" || $0.isLowercase })
      #expect(setting.summary.hasSuffix("."))
    }
    let kafkaNames = Setting.all.flatMap(\.kafkaNames)
    #expect(Set(kafkaNames).count == kafkaNames.count)
    #expect(Setting.named("node-id")?.variable == "MOLDAU_NODE_ID")
  }

  @Test(
    "durations",
    arguments: [
      ("0", 0), ("250ms", 250), ("30s", 30_000), ("10m", 600_000), ("2h", 7_200_000),
      ("7d", 604_800_000), ("1w", 604_800_000), ("1h30m", 5_400_000),
    ] as [(String, Int64)])
  func durations(text: String, milliseconds: Int64) {
    #expect(HumanUnits.duration(text) == .milliseconds(milliseconds))
    #expect(
      HumanUnits.duration(HumanUnits.text(.milliseconds(milliseconds)))
        == .milliseconds(milliseconds))
  }

  @Test(
    "what is no duration",
    arguments: [
      "", "7", "d", "-1s", "1.5h", "7 d", "1y", "99999999999999999999s", "9223372036854775807w",
    ])
  func noDuration(text: String) {
    #expect(HumanUnits.duration(text) == nil)
  }

  @Test(
    "sizes",
    arguments: [
      ("0", 0), ("4096", 4096), ("1KiB", 1024), ("64 MiB", 64 << 20), ("1GiB", 1 << 30),
      ("1kB", 1000), ("1MB", 1_000_000), ("2tib", 2 << 40), ("7B", 7),
    ])
  func sizes(text: String, byteCount: Int) {
    #expect(HumanUnits.size(text) == byteCount)
    #expect(HumanUnits.size(HumanUnits.text(byteCount: byteCount)) == byteCount)
  }

  @Test("what is no size", arguments: ["", "GiB", "-1", "1.5GiB", "1m", "1 G", "9999999999TiB"])
  func noSize(text: String) {
    #expect(HumanUnits.size(text) == nil)
  }
}

struct ClusterSettingsTests {
  private func settings(_ flags: [(String, String)]) throws -> EffectiveSettings {
    try EffectiveSettings(
      flags: flags.map { name, text in
        EffectiveSettings.Given(name: name, texts: [text], origin: .flag("--\(name)"))
      }, environment: [:])
  }

  @Test("a broker of a cluster has a number and an address for the others")
  func whole() throws {
    let all = [
      ("cluster", "zk://a:2181,b:2181/moldau"), ("node-id", "3"),
      ("replication", "10.0.0.3:9093"), ("session-timeout", "2s"),
    ]
    let cluster = try settings(all).serve.cluster
    #expect(cluster.coordination == "zk://a:2181,b:2181/moldau")
    #expect(cluster.sessionTimeout == .seconds(2))
    for missing in ["node-id", "replication"] {
      let error = #expect(throws: SettingsError.self) {
        try settings(all.filter { $0.0 != missing })
      }
      #expect(error?.description.contains("\(missing): ") == true)
    }
  }

  @Test("what is no ensemble is refused", arguments: ["zookeeper:2181", "zk://", "http://a"])
  func coordination(text: String) {
    #expect(throws: SettingsError.self) { try settings([("cluster", text), ("node-id", "1")]) }
  }
}
