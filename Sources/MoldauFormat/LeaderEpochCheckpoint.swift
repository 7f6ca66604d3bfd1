/// A partition's history of leaders: the first offset that was written under each epoch.
///
/// Format: docs/format/leader-epoch-checkpoint.md.
package struct LeaderEpochCheckpoint: Equatable, Sendable {
  package struct Entry: Hashable, Sendable {
    package var epoch: Int32
    package var startOffset: Offset

    package init(epoch: Int32, startOffset: Offset) {
      self.epoch = epoch
      self.startOffset = startOffset
    }
  }

  /// In the order of the file; both fields rise from one to the next in a sound one.
  package var entries: [Entry]

  package init(entries: [Entry] = []) {
    self.entries = entries
  }

  package init(parsing bytes: RawSpan) throws(FormatError) {
    entries = []
    for fields in try CheckpointText.parse(bytes, fieldCount: 2, name: "leader epoch checkpoint") {
      let epoch = try CheckpointText.number(fields[0], Int32.self, field: "epoch")
      let offset = try CheckpointText.number(fields[1], Int64.self, field: "start offset")
      entries.append(Entry(epoch: epoch, startOffset: Offset(rawValue: offset)))
    }
  }

  package func encode() -> [UInt8] {
    CheckpointText.encode(entries.map { "\($0.epoch) \($0.startOffset)" })
  }
}
