import MoldauFormat

@testable import MoldauBroker

/// A compacted log of one group's records.
struct GroupLog {
  private(set) var records: [ConsumerGroupKey: [UInt8]] = [:]

  /// Writes what is due.
  mutating func write(_ group: inout ConsumerGroup) {
    append(group.dueRecords)
    group.markWritten()
  }

  mutating func append(_ due: [ConsumerGroupRecord]) {
    for record in due { records[record.key] = record.value }
  }

  func load(
    id: String, _ settings: ConsumerGroupSettings, now: Int64
  ) throws(FormatError) -> ConsumerGroup? {
    var loaded = LoadedConsumerGroup()
    for (key, value) in records {
      // SAFETY: bytes have no padding, so all of the array's are initialised.
      try loaded.apply(key, unsafe value.span.bytes)
    }
    return loaded.group(id: id, settings: settings, now: now)
  }
}
