/// The key of a record in `__consumer_offsets`, which says what its value is.
///
/// Formats: docs/format/group-offsets.md, docs/format/consumer-groups.md.
package enum GroupRecordKey: Hashable, Sendable {
  case offset(GroupOffsetKey)
  case group(GroupMetadataKey)
  /// A part of a group of the newer protocol.
  case consumerGroup(ConsumerGroupKey)
  /// A record of a kind that this build has no use for.
  case other(version: Int16)

  package init(parsing bytes: RawSpan) throws(FormatError) {
    var reader = ByteReader(bytes)
    let version = try reader.integer(Int16.self)
    switch version {
    case 0...1: self = .offset(try GroupOffsetKey(parsing: bytes))
    case 2: self = .group(try GroupMetadataKey(parsing: bytes))
    case ConsumerGroupKey.versions: self = .consumerGroup(try ConsumerGroupKey(parsing: bytes))
    default: self = .other(version: version)
    }
  }
}
