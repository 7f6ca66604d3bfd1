/// What a write has done to the tree.
struct TreeWrite: Hashable, Sendable {
  var changeID: Int64
  /// An answer to each operation.
  var results: [CoordinationResult] = []
  /// What is another now, in order; empty when nothing is.
  var changes: [TreeChange] = []

  init(changeID: Int64) {
    self.changeID = changeID
  }
}

/// One step of a change, as it was made: nothing is left to decide.
enum TreeChange: Hashable, Sendable {
  case created(path: String, data: [UInt8], owner: Int64)
  case set(path: String, data: [UInt8])
  case deleted(path: String)
}
