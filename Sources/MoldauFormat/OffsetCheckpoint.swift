/// A checkpoint of one offset per partition, such as `recovery-point-offset-checkpoint`.
///
/// Format: docs/format/offset-checkpoints.md.
package struct OffsetCheckpoint: Equatable, Sendable {
  package struct Entry: Hashable, Sendable {
    package var partition: TopicPartition
    package var offset: Offset

    package init(_ partition: TopicPartition, _ offset: Offset) {
      self.partition = partition
      self.offset = offset
    }
  }

  /// In the order of the file.
  package var entries: [Entry]

  package init(entries: [Entry] = []) {
    self.entries = entries
  }

  package init(parsing bytes: RawSpan) throws(FormatError) {
    entries = []
    for fields in try CheckpointText.parse(bytes, fieldCount: 3, name: "offset checkpoint") {
      let topic = String(Substring(fields[0]))
      try TopicName.validate(topic)
      let partition = try CheckpointText.number(fields[1], Int32.self, field: "partition")
      let offset = try CheckpointText.number(fields[2], Int64.self, field: "offset")
      entries.append(
        Entry(TopicPartition(topic: topic, partition: partition), Offset(rawValue: offset)))
    }
  }

  package func encode() -> [UInt8] {
    CheckpointText.encode(
      entries.map { "\($0.partition.topic) \($0.partition.partition) \($0.offset)" })
  }
}
