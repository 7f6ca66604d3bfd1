/// The key of a record that keeps a part of a consumer group of the newer protocol (KIP-848).
///
/// Format: docs/format/consumer-groups.md.
package enum ConsumerGroupKey: Hashable, Sendable {
  /// The group's epoch: while there is one, the group exists.
  case group(String)
  /// The topics that the group's members want, as of its epoch.
  case topics(group: String)
  /// What a member wants.
  case member(group: String, id: String)
  /// The epoch of the target assignment.
  case target(group: String)
  /// What a member is to own.
  case memberTarget(group: String, id: String)
  /// What a member owns.
  case memberCurrent(group: String, id: String)

  package static let versions: ClosedRange<Int16> = 3...8

  /// The group that the record is of.
  package var group: String {
    switch self {
    case .group(let group), .topics(let group), .target(let group): group
    case .member(let group, _), .memberTarget(let group, _), .memberCurrent(let group, _): group
    }
  }

  private var version: Int16 {
    switch self {
    case .group: 3
    case .topics: 4
    case .member: 5
    case .target: 6
    case .memberTarget: 7
    case .memberCurrent: 8
    }
  }

  private var member: String? {
    switch self {
    case .group, .topics, .target: nil
    case .member(_, let id), .memberTarget(_, let id), .memberCurrent(_, let id): id
    }
  }

  package init(parsing bytes: RawSpan) throws(FormatError) {
    var reader = ByteReader(bytes)
    let version = try reader.integer(Int16.self)
    guard Self.versions.contains(version) else {
      throw .unsupportedVersion(field: "consumer group key", version: Int(version))
    }
    let group = try reader.string("group")
    switch version {
    case 3: self = .group(group)
    case 4: self = .topics(group: group)
    case 6: self = .target(group: group)
    default:
      let id = try reader.string("member id")
      switch version {
      case 5: self = .member(group: group, id: id)
      case 7: self = .memberTarget(group: group, id: id)
      default: self = .memberCurrent(group: group, id: id)
      }
    }
  }

  /// - Precondition: group and member id have at most 32,767 bytes each.
  package func encode() -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.appendBigEndian(version)
    bytes.appendString(group)
    if let member { bytes.appendString(member) }
    return bytes
  }
}
