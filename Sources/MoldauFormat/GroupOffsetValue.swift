/// A committed offset.
package struct GroupOffsetValue: Hashable, Sendable {
  /// The version that is written: the last that is not flexible.
  package static let version: Int16 = 3
  package static let newestReadableVersion: Int16 = 4

  /// The offset to read next.
  package var offset: Offset
  /// The leader epoch of the record before it, or −1.
  package var leaderEpoch: Int32
  /// What the client wanted kept with it.
  package var metadata: String
  package var commitTimestampMilliseconds: Int64
  /// When the offset goes, or −1; in version 1 only.
  package var expireTimestampMilliseconds: Int64

  package init(
    offset: Offset, leaderEpoch: Int32 = -1, metadata: String = "",
    commitTimestampMilliseconds: Int64, expireTimestampMilliseconds: Int64 = -1
  ) {
    self.offset = offset
    self.leaderEpoch = leaderEpoch
    self.metadata = metadata
    self.commitTimestampMilliseconds = commitTimestampMilliseconds
    self.expireTimestampMilliseconds = expireTimestampMilliseconds
  }

  package init(parsing bytes: RawSpan) throws(FormatError) {
    var reader = ByteReader(bytes)
    let version = try reader.integer(Int16.self)
    guard (0...Self.newestReadableVersion).contains(version) else {
      throw .unsupportedVersion(field: "offset value", version: Int(version))
    }
    let isFlexible = version >= 4
    offset = Offset(rawValue: try reader.integer(Int64.self))
    leaderEpoch = version >= 3 ? try reader.integer(Int32.self) : -1
    metadata =
      isFlexible ? try reader.compactString("metadata") : try reader.string("metadata")
    commitTimestampMilliseconds = try reader.integer(Int64.self)
    expireTimestampMilliseconds = version == 1 ? try reader.integer(Int64.self) : -1
    if isFlexible { try reader.skipTaggedFields() }
  }

  /// Writes version 3, or version 1 when the offset expires.
  ///
  /// - Precondition: the metadata has at most 32,767 bytes.
  package func encode() -> [UInt8] {
    let expires = expireTimestampMilliseconds != -1
    var bytes: [UInt8] = []
    bytes.appendBigEndian(expires ? 1 : Self.version)
    bytes.appendBigEndian(offset.rawValue)
    if !expires { bytes.appendBigEndian(leaderEpoch) }
    bytes.appendString(metadata)
    bytes.appendBigEndian(commitTimestampMilliseconds)
    if expires { bytes.appendBigEndian(expireTimestampMilliseconds) }
    return bytes
  }
}
