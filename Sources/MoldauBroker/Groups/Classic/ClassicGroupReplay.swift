import MoldauFormat
import MoldauLog

/// Takes in the records of classic groups.
struct ClassicGroupReplay: GroupReplay {
  private var values: [String: GroupMetadataValue] = [:]

  mutating func take(key: RawSpan, value: RawSpan?) throws(FormatError) {
    guard case .group(let key) = try GroupRecordKey(parsing: key) else { return }
    values[key.group] = nil
    if let value { values[key.group] = try GroupMetadataValue(parsing: value) }
  }

  mutating func finish(_ now: GroupTime) -> [String: any CoordinatedGroup] {
    [:]
  }
}
