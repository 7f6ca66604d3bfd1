import MoldauFormat
import MoldauLog

/// Takes in the records of classic groups.
struct ClassicGroupReplay: GroupReplay {
  private let configuration: GroupConfiguration
  private var values: [String: GroupMetadataValue] = [:]

  init(_ configuration: GroupConfiguration) {
    self.configuration = configuration
  }

  mutating func take(key: RawSpan, value: RawSpan?) throws(FormatError) {
    guard case .group(let key) = try GroupRecordKey(parsing: key) else { return }
    values[key.group] = nil
    if let value { values[key.group] = try GroupMetadataValue(parsing: value) }
  }

  mutating func finish(_ now: GroupTime) -> [String: any CoordinatedGroup] {
    var groups: [String: any CoordinatedGroup] = [:]
    for (id, value) in values { groups[id] = ClassicGroup(id: id, value, configuration, now) }
    values = [:]
    return groups
  }
}
