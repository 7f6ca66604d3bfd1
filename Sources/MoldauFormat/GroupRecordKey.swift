/// The key of a record in `__consumer_offsets`, which says what its value is.
///
/// Format: docs/format/group-offsets.md.
package enum GroupRecordKey: Hashable, Sendable {
  case offset(GroupOffsetKey)
  case group(GroupMetadataKey)
  /// A record of a kind that this build has no use for.
  case other(version: Int16)

  package init(parsing bytes: RawSpan) throws(FormatError) {
    var reader = ByteReader(bytes)
    let version = try reader.integer(Int16.self)
    switch version {
    case 0...1: self = .offset(try GroupOffsetKey(parsing: bytes))
    case 2: self = .group(try GroupMetadataKey(parsing: bytes))
    default: self = .other(version: version)
    }
  }
}
