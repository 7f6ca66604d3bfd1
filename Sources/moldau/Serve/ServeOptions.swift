import ArgumentParser
import FoundationEssentials
import MoldauSettings

/// The flags of `moldau serve` and `moldau config show`, one for each row of `Setting.all`.
///
/// All are read as text: what they may be is the table's to say, for flags as for the environment
/// and the settings file.
struct ServeOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "A settings file in YAML; flags and MOLDAU_* variables count before it (\(fileVariable)).",
      valueName: "file"), completion: .file(extensions: ["yaml", "yml"]))
  var config: String?

  @Option(help: help("data"), completion: .directory) var data: String?
  @Option(help: help("kafka")) var kafka: [String] = []
  @Option(help: help("advertise")) var advertise: [String] = []
  @Option(help: help("admin")) var admin: String?
  @Option(help: help("flush"), completion: words("flush")) var flush: String?
  @Option(name: .customLong("node-id"), help: help("node-id")) var nodeID: String?
  @Flag(inversion: .prefixedNo, help: help("dev")) var dev: Bool?
  @Option(help: help("cluster")) var cluster: String?
  @Option(help: help("replication")) var replication: String?
  @Option(help: help("advertise-replication")) var advertiseReplication: String?
  @Option(help: help("session-timeout")) var sessionTimeout: String?
  @Option(help: help("replica-lag")) var replicaLag: String?
  @Option(help: help("replica-fetch")) var replicaFetch: String?
  @Option(help: help("replica-fetch-partition")) var replicaFetchPartition: String?
  @Option(help: help("replicas")) var replicas: String?
  @Option(help: help("min-in-sync")) var minInSync: String?
  @Option(help: help("leader-rebalance")) var leaderRebalance: String?
  @Option(help: help("log-level"), completion: words("log-level")) var logLevel: String?
  @Flag(inversion: .prefixedNo, help: help("auto-create")) var autoCreate: Bool?
  @Flag(inversion: .prefixedNo, help: help("delete-topics")) var deleteTopics: Bool?
  @Option(help: help("partitions")) var partitions: String?
  @Option(help: help("retention")) var retention: String?
  @Option(help: help("retention-size")) var retentionSize: String?
  @Option(help: help("segment-size")) var segmentSize: String?
  @Option(help: help("compression"), completion: words("compression")) var compression: String?
  @Option(help: help("max-batch-size")) var maxBatchSize: String?
  @Option(help: help("rebalance-delay")) var rebalanceDelay: String?
  @Option(help: help("min-session-timeout")) var minSessionTimeout: String?
  @Option(help: help("max-session-timeout")) var maxSessionTimeout: String?
  @Option(help: help("max-group-size")) var maxGroupSize: String?
  @Option(help: help("consumer-session-timeout")) var consumerSessionTimeout: String?
  @Option(help: help("consumer-heartbeat-interval")) var consumerHeartbeatInterval: String?
  @Option(help: help("offset-retention")) var offsetRetention: String?
  @Option(help: help("offset-check-interval")) var offsetCheckInterval: String?
  @Option(help: help("max-offset-note")) var maxOffsetNote: String?
  @Option(help: help("offset-partitions")) var offsetPartitions: String?
  @Option(help: help("offset-replicas")) var offsetReplicas: String?
  @Option(help: help("event-loops")) var eventLoops: String?
  @Option(help: help("max-connections")) var maxConnections: String?
  @Option(help: help("idle-timeout")) var idleTimeout: String?
  @Option(help: help("max-request-size")) var maxRequestSize: String?
  @Option(help: help("request-memory")) var requestMemory: String?
  @Option(help: help("stop-timeout")) var stopTimeout: String?
  @Option(help: help("max-open-files")) var maxOpenFiles: String?
  @Option(help: help("max-pending")) var maxPending: String?
  @Option(help: help("journal-size")) var journalSize: String?
  @Option(help: help("checkpoint-interval")) var checkpointInterval: String?
  @Option(help: help("producer-expiration")) var producerExpiration: String?
  @Option(help: help("recovery-threads")) var recoveryThreads: String?
  @Option(help: help("compaction-rate")) var compactionRate: String?
  @Option(help: help("compaction-memory")) var compactionMemory: String?

  private static var fileVariable: String { EffectiveSettings.fileVariable }

  /// What the command line sets.
  private var given: [EffectiveSettings.Given] {
    let lists = [("kafka", kafka), ("advertise", advertise)]
    let flags = [("dev", dev), ("auto-create", autoCreate), ("delete-topics", deleteTopics)]
    let texts = [
      ("data", data), ("admin", admin), ("flush", flush), ("node-id", nodeID),
      ("cluster", cluster), ("replication", replication),
      ("advertise-replication", advertiseReplication), ("session-timeout", sessionTimeout),
      ("replica-lag", replicaLag), ("replica-fetch", replicaFetch),
      ("replica-fetch-partition", replicaFetchPartition), ("replicas", replicas),
      ("min-in-sync", minInSync),
      ("leader-rebalance", leaderRebalance),
      ("log-level", logLevel), ("partitions", partitions), ("retention", retention),
      ("retention-size", retentionSize), ("segment-size", segmentSize),
      ("max-batch-size", maxBatchSize), ("rebalance-delay", rebalanceDelay),
      ("min-session-timeout", minSessionTimeout), ("max-session-timeout", maxSessionTimeout),
      ("max-group-size", maxGroupSize), ("consumer-session-timeout", consumerSessionTimeout),
      ("consumer-heartbeat-interval", consumerHeartbeatInterval),
      ("offset-retention", offsetRetention), ("offset-check-interval", offsetCheckInterval),
      ("max-offset-note", maxOffsetNote), ("offset-partitions", offsetPartitions),
      ("offset-replicas", offsetReplicas),
      ("event-loops", eventLoops),
      ("max-connections", maxConnections), ("idle-timeout", idleTimeout),
      ("max-request-size", maxRequestSize), ("request-memory", requestMemory),
      ("stop-timeout", stopTimeout), ("max-open-files", maxOpenFiles),
      ("max-pending", maxPending), ("journal-size", journalSize),
      ("checkpoint-interval", checkpointInterval), ("recovery-threads", recoveryThreads),
      ("producer-expiration", producerExpiration),
      ("compaction-rate", compactionRate), ("compaction-memory", compactionMemory),
      ("compression", compression),
    ]
    let all =
      lists.filter { !$0.1.isEmpty }
      + flags.compactMap { name, isOn in isOn.map { (name, ["\($0)"]) } }
      + texts.compactMap { name, text in text.map { (name, [$0]) } }
    return all.map { name, texts in
      let isOff = texts == ["false"] && flags.contains { $0.0 == name }
      let origin = SettingOrigin.flag(isOff ? "--no-\(name)" : "--\(name)")
      return EffectiveSettings.Given(name: name, texts: texts, origin: origin)
    }
  }

  /// Puts the flags, the environment and the settings file together.
  ///
  /// - Throws: an exit with 64, once what is wrong is on the standard error.
  func resolve() throws -> EffectiveSettings {
    let environment = ProcessInfo.processInfo.environment
    do throws(SettingsError) {
      let path = config ?? environment[EffectiveSettings.fileVariable]
      let file = try path.map(SettingsFile.read) ?? []
      return try EffectiveSettings(flags: given, environment: environment, file: file)
    } catch {
      throw ConfigurationFailure.exit(error.description)
    }
  }
}

/// What a command does about settings that are wrong.
enum ConfigurationFailure {
  /// Prints what is wrong, a line a problem; the process is to end with 64.
  static func exit(_ description: String) -> ExitCode {
    for line in description.split(separator: "\n") { StandardError.print("Error: \(line)") }
    return .validationFailure
  }
}

/// The help of a setting's flag.
private func help(_ name: String) -> ArgumentHelp {
  guard let setting = Setting.named(name) else { preconditionFailure("no setting \(name)") }
  let standard = setting.defaultText.map { "default: \($0); " } ?? ""
  return ArgumentHelp(
    "\(setting.summary) (\(standard)\(setting.variable))",
    valueName: setting.kind.valueName)
}

/// The words that a setting's flag takes, for a shell.
private func words(_ name: String) -> CompletionKind {
  guard case .choice(let words)? = Setting.named(name)?.kind else {
    preconditionFailure("\(name) takes no words")
  }
  return .list(words)
}
