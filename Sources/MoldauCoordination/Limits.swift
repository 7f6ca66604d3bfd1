/// The bounds of this target, together.
enum Limits {
  /// What all operations of one write may have of paths and data. A server takes 1,048,575 bytes of
  /// one request (`jute.maxbuffer`), and ends the connection of whoever sends more.
  static let maxWriteBytes = 1_000_000

  /// What a request has beside paths and data, for each operation; more than it is.
  static let operationOverheadBytes = 100

  /// How large a segment of a tree's log gets before compaction may take it.
  static let treeSegmentBytes = 4 << 20

  /// A change's records: each operation's node, and what is kept of its parent beside.
  static let maxChangeBytes = 8 << 20
}
