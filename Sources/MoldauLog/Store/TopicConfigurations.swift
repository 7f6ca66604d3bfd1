import MoldauDisk
package import MoldauFormat

/// The configurations of a store's topics, kept in the file `moldau-topics` of its folder.
///
/// A line a topic: its name and `key=value` for each setting that differs from the default, with
/// Kafka's keys; and which of its partitions are here where not all are. docs/format/topic-configurations.md.
package struct TopicConfigurations: Sendable {
  private static let version = 0
  private static let deletionMark = "moldau.deleted=true"
  package private(set) var byTopic: [String: TopicConfiguration] = [:]
  /// Which partitions of a topic are here, for topics of which not all have to be.
  var hosting: [String: TopicHosting] = [:]
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
    hosting[topic] = nil
    deletedTopics.remove(topic)
  }

  /// Notes that a topic's deletion begins.
  mutating func markDeleted(_ topic: String) {
    byTopic[topic] = nil
    hosting[topic] = nil
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
      var settings: [(key: String, value: String)] = []
      for word in words.dropFirst() {
        guard let equals = word.firstIndex(of: "=") else {
          throw .invalid(field: "moldau-topics", reason: "\"\(word)\" is not key=value")
        }
        settings.append((String(word[..<equals]), String(word[word.index(after: equals)...])))
      }
      hosting[String(name)] = try TopicHosting(taking: &settings)
      var configuration = TopicConfiguration()
      for (key, value) in settings { try configuration.set(key, to: value) }
      guard (1...Limits.maxPartitionsPerTopic).contains(configuration.partitionCount) else {
        throw .invalid(
          field: "moldau-topics", reason: "\(name) has \(configuration.partitionCount) partitions")
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
      for word in hosting[name]?.words ?? [] { text += " \(word)" }
      text += "\n"
    }
    return Array(text.utf8)
  }
}
