/// What a write has done to the tree.
struct TreeWrite: Hashable, Sendable {
  var changeID: Int64
  /// An answer to each operation.
  var results: [CoordinationResult] = []
  /// What is another now, in order; empty when nothing is.
  var changes: [TreeChange] = []
  /// What takes it back, from the last step to the first.
  var undo: [TreeUndo] = []

  init(changeID: Int64) {
    self.changeID = changeID
  }
}

/// What takes one step of a write back.
enum TreeUndo: Hashable, Sendable {
  /// The parent's last change of children goes back too.
  case created(String, childrenID: Int64)
  case deleted(String, TreeNode, childrenID: Int64)
  case set(String, was: TreeNode)
}

/// One step of a change, as it was made: nothing is left to decide.
enum TreeChange: Hashable, Sendable {
  case created(path: String, data: [UInt8], owner: Int64)
  case set(path: String, data: [UInt8])
  case deleted(path: String)
}
