import MoldauFormat
import MoldauLog

extension Inspector {
  // MARK: What clients are told

  func acknowledged(_ number: RecordNumber, _ incarnation: Incarnation, _ offset: Offset) {
    switch committedRecord(at: offset, of: incarnation) {
    case nil: return
    case .notYet?:
      history.fail("\(incarnation): \(number) at \(offset) is acknowledged, not committed")
    case .found(let record)? where record?.number != number:
      history.fail(
        "\(incarnation): \(number) is acknowledged at \(offset), where \(Self.name(record)) is "
          + "committed", law: "I2")
    case .found?: return
    }
  }

  func consumed(_ number: RecordNumber?, _ incarnation: Incarnation, _ offset: Offset) {
    switch committedRecord(at: offset, of: incarnation) {
    case nil: return
    case .notYet?: history.fail("\(incarnation): \(offset) was read, and is not committed")
    case .found(let record)? where record?.number != number:
      history.fail(
        "\(incarnation): what was read at \(offset) is not what is committed", law: "I2")
    case .found?: return
    }
  }

  // MARK: The end

  /// All replicas have what is committed, and of the topics that producers write to the same bytes.
  func compare(_ partition: TopicPartition) throws {
    guard let known = tracked[partition] else { return }
    let isCompacted = isCompacted(partition)
    var first: (node: Int32, records: [(offset: Offset, record: LoggedRecord)])?
    let logs = states.replicas(of: partition).map { id in
      (id, nodes.first { $0.id == id }.flatMap { log(of: partition, on: $0) })
    }
    let start = logs.compactMap { $0.1?.startOffset }.max() ?? .zero
    for (id, log) in logs {
      guard let log else {
        return history.fail("\(partition): \(id) has no replica at the end", law: "recovery")
      }
      let records = try log.records(from: start, to: log.endOffset)
      history.world.note("\(partition): \(id) has \(records.count) records up to \(log.endOffset)")
      let found = Self.byOffset(records, from: 0, to: Int64(known.committed.count))
      for (offset, record) in known.committed.enumerated()
      where offset >= start.rawValue
        && !known.allows(found[offset], at: offset, isCompacted: isCompacted)
      {
        return history.fail(
          "\(partition): \(Self.name(record)) was committed at \(offset), where in the end "
            + "\(id) has \(Self.name(found[offset]))", law: "I2")
      }
      guard let (other, expected) = first else {
        first = (id, records)
        continue
      }
      if !isCompacted, !records.elementsEqual(expected, by: ==) {
        history.fail("\(partition): \(other) and \(id) differ at the end", law: "recovery")
      }
    }
    guard !isCompacted, let records = first?.records else { return }
    history.compare(
      records.map { ($0.offset, $0.record.number) }, from: start,
      of: Incarnation(partition: partition, topicID: known.topicID))
  }
}
