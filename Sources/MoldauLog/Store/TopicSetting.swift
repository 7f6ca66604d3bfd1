package import MoldauFormat

/// The settings of a topic as text: under Kafka's names where Kafka has the setting.
///
/// Values are those of `moldau-topics` (docs/format/topic-configurations.md) and of the broker's
/// configuration requests. They hold no blank.
package enum TopicSetting: String, CaseIterable, Sendable {
  case cleanupPolicy = "cleanup.policy"
  case retentionAge = "retention.ms"
  case retentionBytes = "retention.bytes"
  case compression = "compression.type"
  case segmentBytes = "segment.bytes"
  case segmentAge = "segment.ms"
  case indexIntervalBytes = "index.interval.bytes"
  case maxIndexBytes = "segment.index.bytes"
  case maxBatchBytes = "max.message.bytes"
  case timestampType = "message.timestamp.type"
  case maxTimestampAge = "message.timestamp.before.max.ms"
  case maxTimestampLead = "message.timestamp.after.max.ms"
  case deleteDelay = "file.delete.delay.ms"
  case minCompactionLag = "min.compaction.lag.ms"
  case maxCompactionLag = "max.compaction.lag.ms"
  case tombstoneRetention = "delete.retention.ms"
  case minDirtyRatio = "min.cleanable.dirty.ratio"
  /// Absent where the topic takes the store's.
  case durability = "moldau.durability"
  case partitionCount = "moldau.partitions"
  case mayHaveGaps = "moldau.gaps"
  /// `TopicConfiguration.explicitSettings`, with commas between them; absent where there is none.
  case explicitSettings = "moldau.set"

  /// Stands in front of the keys of `TopicConfiguration.keptSettings`.
  fileprivate static let keptPrefix = "kept."
}

extension TopicConfiguration {
  /// The settings that differ from the default.
  package var settings: [(key: String, value: String)] {
    let standard = TopicConfiguration()
    let hasOwnRetention = retention != standard.retention
    var result: [(String, String)] = []
    for setting in TopicSetting.allCases {
      guard let value = self[setting] else { continue }
      let isRetention = setting == .retentionAge || setting == .retentionBytes
      if isRetention ? hasOwnRetention : value != standard[setting] {
        result.append((setting.rawValue, value))
      }
    }
    for (key, value) in keptSettings.sorted(by: { $0.key < $1.key }) {
      result.append((TopicSetting.keptPrefix + key, value))
    }
    return result
  }

  /// The value of a setting; nil for one that has none.
  package subscript(setting: TopicSetting) -> String? {
    switch setting {
    case .cleanupPolicy: cleanupPolicy.settingText
    case .retentionAge: "\(retentionAgeMilliseconds ?? -1)"
    case .retentionBytes: "\(retentionBytes ?? -1)"
    case .compression: compression.rawValue
    case .segmentBytes: "\(segmentBytes)"
    case .segmentAge: "\(segmentAge.milliseconds)"
    case .indexIntervalBytes: "\(indexIntervalBytes)"
    case .maxIndexBytes: "\(maxIndexBytes)"
    case .maxBatchBytes: "\(maxBatchBytes)"
    case .timestampType: timestampType == .createTime ? "CreateTime" : "LogAppendTime"
    case .maxTimestampAge: "\(maxTimestampAge.milliseconds)"
    case .maxTimestampLead: "\(maxTimestampLead.milliseconds)"
    case .deleteDelay: "\(deleteDelay.milliseconds)"
    case .minCompactionLag: "\(minCompactionLag.milliseconds)"
    case .maxCompactionLag: "\(maxCompactionLag.milliseconds)"
    case .tombstoneRetention: "\(tombstoneRetention.milliseconds)"
    case .minDirtyRatio: "\(minDirtyRatio)"
    case .durability: durability?.settingText
    case .partitionCount: "\(partitionCount)"
    case .mayHaveGaps: "\(mayHaveGaps)"
    case .explicitSettings:
      explicitSettings.isEmpty ? nil : explicitSettings.sorted().joined(separator: ",")
    }
  }

  /// Sets a setting from its text; `validate` tells whether it is in range.
  ///
  /// - Throws: `invalid` for text that is no value of the setting's kind.
  package mutating func set(_ setting: TopicSetting, to text: String) throws(FormatError) {
    switch setting {
    case .cleanupPolicy: cleanupPolicy = try CleanupPolicy(settingText: text)
    case .retentionAge:
      let age = try setting.number(text)
      retention.removeAll { if case .age = $0 { true } else { false } }
      if age >= 0 { retention.append(.age(.milliseconds(age))) }
    case .retentionBytes:
      let count = try setting.number(text)
      retention.removeAll { if case .bytes = $0 { true } else { false } }
      if count >= 0 { retention.append(.bytes(Int(count))) }
    case .compression:
      guard let compression = Compression(rawValue: text) else {
        throw setting.refusal(of: text, "no way to compress")
      }
      self.compression = compression
    case .segmentBytes: segmentBytes = Int(try setting.number(text))
    case .segmentAge: segmentAge = try setting.duration(text)
    case .indexIntervalBytes: indexIntervalBytes = Int(try setting.number(text))
    case .maxIndexBytes: maxIndexBytes = Int(try setting.number(text))
    case .maxBatchBytes: maxBatchBytes = Int(try setting.number(text))
    case .timestampType:
      guard text == "CreateTime" || text == "LogAppendTime" else {
        throw setting.refusal(of: text, "neither CreateTime nor LogAppendTime")
      }
      timestampType = text == "LogAppendTime" ? .logAppendTime : .createTime
    case .maxTimestampAge: maxTimestampAge = try setting.duration(text)
    case .maxTimestampLead: maxTimestampLead = try setting.duration(text)
    case .deleteDelay: deleteDelay = try setting.duration(text)
    case .minCompactionLag: minCompactionLag = try setting.duration(text)
    case .maxCompactionLag: maxCompactionLag = try setting.duration(text)
    case .tombstoneRetention: tombstoneRetention = try setting.duration(text)
    case .minDirtyRatio:
      guard let ratio = Double(text), ratio.isFinite else {
        throw setting.refusal(of: text, "no number")
      }
      minDirtyRatio = ratio
    case .durability: durability = try Durability(settingText: text)
    case .partitionCount: partitionCount = Int(clamping: try setting.number(text))
    case .mayHaveGaps:
      guard let mayHaveGaps = Bool(text) else {
        throw setting.refusal(of: text, "neither true nor false")
      }
      self.mayHaveGaps = mayHaveGaps
    case .explicitSettings: explicitSettings = Set(text.split(separator: ",").map(String.init))
    }
  }

  /// Sets the setting of this name from its text.
  mutating func set(_ key: String, to text: String) throws(FormatError) {
    if key.hasPrefix(TopicSetting.keptPrefix) {
      keptSettings[String(key.dropFirst(TopicSetting.keptPrefix.count))] = text
      return
    }
    guard let setting = TopicSetting(rawValue: key) else {
      throw .invalid(field: key, reason: "there is no such setting")
    }
    try set(setting, to: text)
  }
}

extension TopicSetting {
  fileprivate func number(_ text: String) throws(FormatError) -> Int64 {
    guard let number = Int64(text) else { throw refusal(of: text, "no whole number") }
    return number
  }

  fileprivate func duration(_ text: String) throws(FormatError) -> Duration {
    .milliseconds(try number(text))
  }

  fileprivate func refusal(of text: String, _ fault: String) -> FormatError {
    .invalid(field: rawValue, reason: "\"\(text)\" is \(fault)")
  }
}

extension TopicConfiguration.CleanupPolicy {
  fileprivate var settingText: String {
    switch self {
    case .delete: "delete"
    case .compact: "compact"
    case .compactAndDelete: "compact,delete"
    }
  }

  /// A list of the two words in any order, as Kafka takes it.
  fileprivate init(settingText text: String) throws(FormatError) {
    let words = Set(text.split(separator: ",", omittingEmptySubsequences: false))
    switch words {
    case ["delete"]: self = .delete
    case ["compact"]: self = .compact
    case ["compact", "delete"]: self = .compactAndDelete
    default: throw TopicSetting.cleanupPolicy.refusal(of: text, "no list of delete and compact")
    }
  }
}

extension Durability {
  fileprivate var settingText: String {
    switch self {
    case .buffered: "buffered"
    case .groupCommit(let maxDelay): "group-commit:\(maxDelay.milliseconds)"
    case .everyAppend: "every-append"
    }
  }

  fileprivate init(settingText text: String) throws(FormatError) {
    let parts = text.split(separator: ":", maxSplits: 1)
    switch parts.first {
    case "buffered" where parts.count == 1: self = .buffered
    case "every-append" where parts.count == 1: self = .everyAppend
    case "group-commit":
      let milliseconds = parts.count > 1 ? Int64(parts[1]) : 0
      guard let milliseconds, milliseconds >= 0 else {
        throw TopicSetting.durability.refusal(of: text, "no delay in milliseconds")
      }
      self = .groupCommit(maxDelay: .milliseconds(milliseconds))
    default: throw TopicSetting.durability.refusal(of: text, "no level")
    }
  }
}
