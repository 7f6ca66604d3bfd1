import MoldauDisk
package import MoldauFormat

/// The configurations of a store's topics, kept in the file `moldau-topics` of its folder.
///
/// A line a topic: its name and `key=value` for each setting that differs from the default, with
/// Kafka's keys. docs/format/topic-configurations.md.
package struct TopicConfigurations: Sendable {
  private static let version = 0
  private static let deletionMark = "moldau.deleted=true"
  package private(set) var byTopic: [String: TopicConfiguration] = [:]
  /// Topics whose deletion has begun: what is left of them goes when the store is opened.
  private(set) var deletedTopics: Set<String> = []

  init() {}

  /// A topic that is not in the file was made by another program, whose retention is not known here:
  /// nothing of it is deleted until it gets a configuration.
  subscript(topic: String) -> TopicConfiguration {
    get { byTopic[topic] ?? TopicConfiguration(retention: []) }
    set {
      byTopic[topic] = newValue
      deletedTopics.remove(topic)
    }
  }

  /// Whether the file has the topic: this store made it, or took it over.
  func knows(_ topic: String) -> Bool { byTopic[topic] != nil }

  mutating func remove(_ topic: String) {
    byTopic[topic] = nil
    deletedTopics.remove(topic)
  }

  /// Notes that a topic's deletion begins.
  mutating func markDeleted(_ topic: String) {
    byTopic[topic] = nil
    deletedTopics.insert(topic)
  }

  mutating func forgetDeletedTopics() {
    deletedTopics = []
  }

  static func read(from directory: String, disk: any Disk) throws(LogError) -> TopicConfigurations {
    let path = "\(directory)/\(StoreLayout.topicConfigurations)"
    let bytes: [UInt8]
    do throws(DiskError) {
      guard try disk.kind(of: path) == .file else { return TopicConfigurations() }
      bytes = try disk.contents(of: path)
    } catch {
      throw LogError(error)
    }
    do throws(FormatError) { return try TopicConfigurations(parsing: bytes) } catch {
      throw .corrupt(path: path, position: .zero, reason: error)
    }
  }

  func write(to directory: String, disk: any Disk) throws(DiskError) {
    try disk.replaceFile(
      at: "\(directory)/\(StoreLayout.topicConfigurations)", with: encode(), isDurable: true)
  }

  // MARK: The file's bytes

  package init(parsing bytes: [UInt8]) throws(FormatError) {
    let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
    guard let first = lines.first, let version = Int(first) else {
      throw .invalid(field: "version", reason: "the first line is no number")
    }
    guard version == Self.version else {
      throw .unsupportedVersion(field: "moldau-topics", version: version)
    }
    for line in lines.dropFirst() {
      let words = line.split(separator: " ")
      guard let name = words.first else { continue }
      if words.dropFirst() == [Self.deletionMark[...]] {
        deletedTopics.insert(String(name))
        continue
      }
      var configuration = TopicConfiguration()
      for word in words.dropFirst() {
        guard let equals = word.firstIndex(of: "=") else {
          throw .invalid(field: "moldau-topics", reason: "\"\(word)\" is not key=value")
        }
        try configuration.set(
          String(word[..<equals]), to: String(word[word.index(after: equals)...]))
      }
      byTopic[String(name)] = configuration
    }
  }

  func encode() -> [UInt8] {
    var text = "\(Self.version)\n"
    for name in deletedTopics.sorted() { text += "\(name) \(Self.deletionMark)\n" }
    for (name, configuration) in byTopic.sorted(by: { $0.key < $1.key }) {
      text += name
      for (key, value) in configuration.settings { text += " \(key)=\(value)" }
      text += "\n"
    }
    return Array(text.utf8)
  }
}

extension TopicConfiguration {
  /// The settings that differ from the default, by Kafka's names where Kafka has one.
  package var settings: [(key: String, value: String)] {
    let standard = TopicConfiguration()
    var result: [(String, String)] = []
    func add<Value: Equatable>(
      _ key: String, _ path: KeyPath<TopicConfiguration, Value>, _ text: (Value) -> String
    ) {
      if self[keyPath: path] != standard[keyPath: path] {
        result.append((key, text(self[keyPath: path])))
      }
    }
    add("cleanup.policy", \.isCompacted) { $0 ? "compact" : "delete" }
    if retention != standard.retention {
      result.append(("retention.ms", "\(retentionAgeMilliseconds ?? -1)"))
      result.append(("retention.bytes", "\(retentionBytes ?? -1)"))
    }
    add("compression.type", \.compression) { "\($0)" }
    add("segment.bytes", \.segmentBytes) { "\($0)" }
    add("segment.ms", \.segmentAge) { "\($0.milliseconds)" }
    add("index.interval.bytes", \.indexIntervalBytes) { "\($0)" }
    add("segment.index.bytes", \.maxIndexBytes) { "\($0)" }
    add("max.message.bytes", \.maxBatchBytes) { "\($0)" }
    add("message.timestamp.type", \.timestampType) {
      $0 == .createTime ? "CreateTime" : "LogAppendTime"
    }
    add("file.delete.delay.ms", \.deleteDelay) { "\($0.milliseconds)" }
    if let durability {
      result.append(("moldau.durability", durability.settingText))
    }
    add("moldau.partitions", \.partitionCount) { "\($0)" }
    return result
  }

  /// The age at which records go, if any.
  var retentionAgeMilliseconds: Int64? {
    for case .age(let age) in retention { return age.milliseconds }
    return nil
  }

  /// The size above which the oldest records go, if any.
  var retentionBytes: Int? {
    for case .bytes(let count) in retention { return count }
    return nil
  }

  /// Sets one setting from its text.
  mutating func set(_ key: String, to text: String) throws(FormatError) {
    func number() throws(FormatError) -> Int64 {
      guard let number = Int64(text) else {
        throw .invalid(field: key, reason: "\"\(text)\" is no whole number")
      }
      return number
    }
    switch key {
    case "cleanup.policy": isCompacted = text == "compact"
    case "retention.ms":
      let age = try number()
      retention.removeAll { if case .age = $0 { true } else { false } }
      if age >= 0 { retention.append(.age(.milliseconds(age))) }
    case "retention.bytes":
      let count = try number()
      retention.removeAll { if case .bytes = $0 { true } else { false } }
      if count >= 0 { retention.append(.bytes(Int(count))) }
    case "compression.type":
      guard let codec = CompressionCodec.allCases.first(where: { "\($0)" == text }) else {
        throw .invalid(field: key, reason: "\"\(text)\" is no codec")
      }
      compression = codec
    case "segment.bytes": segmentBytes = Int(try number())
    case "segment.ms": segmentAge = .milliseconds(try number())
    case "index.interval.bytes": indexIntervalBytes = Int(try number())
    case "segment.index.bytes": maxIndexBytes = Int(try number())
    case "max.message.bytes": maxBatchBytes = Int(try number())
    case "message.timestamp.type":
      timestampType = text == "LogAppendTime" ? .logAppendTime : .createTime
    case "file.delete.delay.ms": deleteDelay = .milliseconds(try number())
    case "moldau.partitions": partitionCount = Int(clamping: try number())
    case "moldau.durability": durability = try Durability(settingText: text)
    default: throw .invalid(field: key, reason: "there is no such setting")
    }
  }
}

extension Durability {
  var settingText: String {
    switch self {
    case .buffered: "buffered"
    case .groupCommit(let maxDelay): "group-commit:\(maxDelay.milliseconds)"
    case .everyAppend: "every-append"
    }
  }

  init(settingText text: String) throws(FormatError) {
    let parts = text.split(separator: ":", maxSplits: 1)
    switch parts.first {
    case "buffered": self = .buffered
    case "every-append": self = .everyAppend
    case "group-commit":
      self = .groupCommit(maxDelay: .milliseconds(parts.count > 1 ? Int64(parts[1]) ?? 0 : 0))
    default: throw .invalid(field: "moldau.durability", reason: "\"\(text)\" is no level")
    }
  }
}
