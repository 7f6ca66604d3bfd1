import MoldauFormat
import MoldauLog

/// Takes in the records of consumer groups of the newer protocol.
struct ConsumerGroupReplay: GroupReplay {
  private let settings: ConsumerGroupSettings
  private var groups: [String: LoadedConsumerGroup] = [:]

  init(_ settings: ConsumerGroupSettings) {
    self.settings = settings
  }

  mutating func take(key: RawSpan, value: RawSpan?) throws(FormatError) {
    guard case .consumerGroup(let key) = try GroupRecordKey(parsing: key) else { return }
    try groups[key.group, default: LoadedConsumerGroup()].apply(key, value)
  }

  mutating func finish(_ now: GroupTime) -> [String: any CoordinatedGroup] {
    var result: [String: any CoordinatedGroup] = [:]
    for (id, loaded) in groups {
      result[id] = loaded.group(id: id, settings: settings, now: now.steady)
    }
    groups = [:]
    return result
  }
}
