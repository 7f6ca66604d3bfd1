/// Names one partition of one topic.
public struct TopicPartition: Hashable, Sendable, CustomStringConvertible {
  /// The topic's name.
  public var topic: String
  /// The partition's number, from 0.
  public var partition: Int32

  /// The partition of this number in this topic.
  public init(topic: String, partition: Int32) {
    self.topic = topic
    self.partition = partition
  }

  /// Reads the name of a partition's folder, `<topic>-<partition>`.
  ///
  /// Returns nil for any other name, among them those of folders that are being deleted.
  public init?(directoryName name: String) {
    guard let dash = name.utf8.lastIndex(of: UInt8(ascii: "-")) else { return nil }
    let digits = name.utf8[name.utf8.index(after: dash)...]
    guard let partition = CanonicalDecimal.parse(digits), let number = Int32(exactly: partition)
    else { return nil }
    let topic = String(name[..<dash])
    do throws(FormatError) { try TopicName.validate(topic) } catch { return nil }
    self.init(topic: topic, partition: number)
  }

  /// The name of the partition's folder.
  public var directoryName: String { "\(topic)-\(partition)" }

  public var description: String { directoryName }
}

extension TopicPartition {
  /// How the name of a folder that is being deleted ends.
  package static let deletedDirectorySuffix = "-delete"

  /// How the name of a folder ends that was set aside: Kafka's name for it.
  package static let strayDirectorySuffix = "-stray"

  private static let maxDirectoryNameByteCount = 255

  /// Returns the name for the folder while it is being deleted; `token` makes it unique.
  ///
  /// The topic is cut where the name would be longer than a file system takes.
  package func deletedDirectoryName(token: TopicID) -> String {
    directoryName(token, Self.deletedDirectorySuffix)
  }

  /// Returns the name for the folder when it is set aside; `token` makes it unique.
  package func strayDirectoryName(token: TopicID) -> String {
    directoryName(token, Self.strayDirectorySuffix)
  }

  private func directoryName(_ token: TopicID, _ ending: String) -> String {
    let suffix = "-\(partition).\(token.hexadecimal)\(ending)"
    let room = Self.maxDirectoryNameByteCount - suffix.utf8.count
    return String(decoding: topic.utf8.prefix(room), as: UTF8.self) + suffix
  }

  /// Whether `name` is that of a partition's folder which is being deleted.
  package static func isDeletedDirectoryName(_ name: String) -> Bool {
    guard name.hasSuffix(deletedDirectorySuffix) else { return false }
    let rest = name.utf8.dropLast(deletedDirectorySuffix.utf8.count)
    guard let dot = rest.lastIndex(of: UInt8(ascii: ".")) else { return false }
    let token = rest[rest.index(after: dot)...]
    let isToken = token.count == 32 && token.allSatisfy { Character(UnicodeScalar($0)).isHexDigit }
    guard isToken, let dash = rest[..<dot].lastIndex(of: UInt8(ascii: "-")) else { return false }
    return CanonicalDecimal.parse(rest[rest.index(after: dash)..<dot]) != nil
  }
}
