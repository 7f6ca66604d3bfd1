/// The key under which a group's members are kept.
package struct GroupMetadataKey: Hashable, Sendable {
  package static let version: Int16 = 2

  package var group: String

  package init(group: String) {
    self.group = group
  }

  package init(parsing bytes: RawSpan) throws(FormatError) {
    var reader = ByteReader(bytes)
    let version = try reader.integer(Int16.self)
    guard version == Self.version else {
      throw .unsupportedVersion(field: "group key", version: Int(version))
    }
    group = try reader.string("group")
  }

  /// - Precondition: the group has at most 32,767 bytes.
  package func encode() -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.appendBigEndian(Self.version)
    bytes.appendString(group)
    return bytes
  }
}
