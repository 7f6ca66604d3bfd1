/// `meta.properties`: whose log directory it is.
///
/// Format: docs/format/meta-properties.md.
package struct MetaProperties: Equatable, Sendable {
  /// A line that this build has no use for.
  package struct Property: Hashable, Sendable {
    package var key: String
    package var value: String

    package init(key: String, value: String) {
      self.key = key
      self.value = value
    }
  }

  package static let version = 1

  package var clusterID: String?
  package var nodeID: Int32?
  package var directoryID: TopicID?
  /// The lines with other keys, kept so that rewriting the file loses nothing.
  package var others: [Property]

  package init(
    clusterID: String?, nodeID: Int32?, directoryID: TopicID?, others: [Property] = []
  ) {
    self.clusterID = clusterID
    self.nodeID = nodeID
    self.directoryID = directoryID
    self.others = others
  }

  /// Reads version 1, or version 0, which calls the node `broker.id`.
  package init(parsing bytes: RawSpan) throws(FormatError) {
    var fields = MetaProperties(clusterID: nil, nodeID: nil, directoryID: nil)
    var version: Int64?
    for (key, value) in try KeyValueText.parse(bytes, name: "meta.properties") {
      switch key {
      case "version":
        version = CanonicalDecimal.parse(value.utf8)
      case "cluster.id":
        fields.clusterID = value
      case "node.id", "broker.id":
        fields.nodeID = try Self.nodeID(value, field: key)
      case "directory.id":
        guard let id = TopicID(base64: value) else {
          throw .invalid(field: key, reason: "'\(value)' is not 22 characters of base64")
        }
        fields.directoryID = id
      default:
        fields.others.append(Property(key: key, value: value))
      }
    }
    guard let version else {
      throw .invalid(field: "meta.properties", reason: "it has no version")
    }
    guard (0...Int64(Self.version)).contains(version) else {
      throw .unsupportedVersion(field: "meta.properties", version: Int(version))
    }
    self = fields
  }

  /// Writes version 1.
  package func encode() -> [UInt8] {
    var text = ""
    if let nodeID { text += "node.id=\(nodeID)\n" }
    if let directoryID { text += "directory.id=\(directoryID.base64)\n" }
    text += "version=\(Self.version)\n"
    if let clusterID { text += "cluster.id=\(KeyValueText.escape(clusterID))\n" }
    for other in others {
      text += "\(KeyValueText.escape(other.key))=\(KeyValueText.escape(other.value))\n"
    }
    return Array(text.utf8)
  }

  private static func nodeID(_ value: String, field: String) throws(FormatError) -> Int32 {
    guard let number = CanonicalDecimal.parse(value.utf8), let id = Int32(exactly: number) else {
      throw .invalid(field: field, reason: "'\(value)' is not a 32-bit number")
    }
    return id
  }
}
