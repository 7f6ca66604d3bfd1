import MoldauFormat

/// What clients were told: which records were acknowledged, and what was read where.
final class History {
  enum Fate {
    /// It is on its way, or nothing will ever be known of it.
    case unknown
    case acknowledged
    /// Its producer has given it up, after tries of which nothing was heard.
    case abandoned
  }

  struct Entry {
    var incarnation: Incarnation
    var fate = Fate.unknown
    var offset: Offset?
    var acks: Int16
  }

  let world: World
  /// Whether nothing is read that may still be lost: not so of a single broker, which serves what it
  /// has appended.
  let readsAreCommitted: Bool
  private(set) var entries: [RecordNumber: Entry] = [:]
  /// What readers got, by partition and offset.
  private(set) var read: [Incarnation: [Int64: RecordNumber?]] = [:]
  private var producerEpochs: [Int64: Int16] = [:]
  private(set) var violation: Violation?
  /// Called with each acknowledgement with `acks=all` of which the offset is known.
  var onAcknowledged: (RecordNumber, Incarnation, Offset) -> Void = { _, _, _ in }
  /// Called with each record that a reader got.
  var onConsumed: (RecordNumber?, Incarnation, Offset) -> Void = { _, _, _ in }
  /// Below which offset leaders have deleted what a partition had.
  var deletedBelow: (Incarnation) -> Int64 = { _ in 0 }

  init(_ world: World, readsAreCommitted: Bool = true) {
    self.world = world
    self.readsAreCommitted = readsAreCommitted
  }

  var acknowledgedCount: Int { entries.values.count { $0.fate == .acknowledged } }

  /// Notes the first violation.
  func fail(_ detail: String, law: String = "promise to clients") {
    guard violation == nil else { return }
    world.note("VIOLATION of \(law): \(detail)")
    violation = Violation(law: law, detail: detail)
  }

  // MARK: Producers

  func began(_ records: [RecordNumber], _ partition: Incarnation, acks: Int16) {
    for record in records { entries[record] = Entry(incarnation: partition, acks: acks) }
  }

  func acknowledged(
    _ records: [RecordNumber], _ partition: Incarnation, at offset: Offset?, acks: Int16
  ) {
    world.note("acknowledged \(records) of \(partition) at \(offset.map(\.description) ?? "?")")
    for (index, record) in records.enumerated() {
      let place = offset.flatMap { $0.rawValue < 0 ? nil : $0.advanced(by: Int64(index)) }
      entries[record]?.fate = .acknowledged
      entries[record]?.offset = place
      if acks == -1, let place { onAcknowledged(record, partition, place) }
    }
  }

  func abandoned(_ records: [RecordNumber], _ partition: Incarnation) {
    world.note("given up: \(records) of \(partition)")
    for record in records { entries[record]?.fate = .abandoned }
  }

  /// A producer was given an id and an epoch: nobody has got them before.
  func noteProducer(_ id: Int64, epoch: Int16) {
    let before = producerEpochs.updateValue(epoch, forKey: id)
    if let before, before >= epoch {
      fail("producer \(id) gets epoch \(epoch), and had \(before)", law: "I10")
    }
  }

  /// A record is in the log of the topic to which it was sent, not in that of another of the name.
  func checkOrigin(of record: RecordNumber, _ partition: TopicPartition, in topicID: TopicID) {
    let expected = Incarnation(partition: partition, topicID: topicID)
    if entries[record]?.incarnation != expected {
      fail(
        "\(expected): \(record) was sent to "
          + "\(entries[record]?.incarnation.description ?? "nobody")", law: "I2")
    }
  }

  // MARK: Readers

  func consumed(
    _ record: RecordNumber?, _ partition: Incarnation, at offset: Offset, highWatermark: Int64
  ) {
    if offset.rawValue >= highWatermark {
      fail("\(partition): offset \(offset) was served above the high watermark \(highWatermark)")
    }
    if readsAreCommitted, let other = read[partition]?[offset.rawValue], other != record {
      let names = "\(Self.name(other)), another \(Self.name(record))"
      fail("\(partition): at \(offset) one reader got \(names)", law: "I2")
    }
    read[partition, default: [:]][offset.rawValue] = record
    onConsumed(record, partition, offset)
  }

  private static func name(_ record: RecordNumber?) -> String {
    record.map(\.description) ?? "another's record"
  }

  // MARK: The end

  /// Compares with what a partition has when all is over: its records in the order of their offsets.
  /// What lay below `start` was deleted.
  func compare(
    _ records: [(offset: Offset, number: RecordNumber?)], from start: Offset = .zero,
    of partition: Incarnation
  ) {
    var places: [RecordNumber: Offset] = [:]
    var last: [UInt32: UInt32] = [:]
    for (offset, number) in records {
      guard let number else { continue }
      guard let entry = entries[number], entry.incarnation == partition else {
        fail("\(partition): \(number) at \(offset) was never sent there")
        continue
      }
      if let other = places.updateValue(offset, forKey: number) {
        fail("\(partition): \(number) is there twice, at \(other) and \(offset)")
      }
      guard entry.fate == .acknowledged, entry.acks == -1 else { continue }
      if let before = last[number.producer], before >= number.number {
        fail("\(partition): \(number) at \(offset) comes behind \(before) of the same producer")
      }
      last[number.producer] = number.number
    }
    for (number, entry) in sortedEntries(of: partition) where entry.acks == -1 {
      guard entry.fate == .acknowledged else { continue }
      guard let place = places[number] else {
        // Where an offset was not told it may be one that was deleted.
        if (entry.offset ?? .zero) < start { continue }
        fail("\(partition): \(number) was acknowledged and is lost", law: "I3")
        continue
      }
      if let told = entry.offset, told != place {
        fail("\(partition): \(number) is at \(place), and was acknowledged at \(told)", law: "I2")
      }
    }
    guard readsAreCommitted else { return }
    for (raw, number) in (read[partition] ?? [:]).sorted(by: { $0.key < $1.key })
    where raw >= start.rawValue {
      let found = records.first { $0.offset.rawValue == raw }
      guard let found, found.number == number else {
        let name = Self.name(number)
        fail("\(partition): \(name), which was read at \(raw), is not there", law: "I2")
        continue
      }
    }
  }

  private func sortedEntries(of partition: Incarnation) -> [(RecordNumber, Entry)] {
    entries.filter { $0.value.incarnation == partition }
      .sorted { ($0.key.producer, $0.key.number) < ($1.key.producer, $1.key.number) }
      .map { ($0.key, $0.value) }
  }
}
