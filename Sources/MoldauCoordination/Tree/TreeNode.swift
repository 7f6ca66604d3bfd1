/// One node of a tree.
struct TreeNode: Hashable, Sendable {
  var data: [UInt8]
  /// How often the data was set.
  var version: Int32 = 0
  /// The change that made the node.
  var creationID: Int64
  /// The last change of its data.
  var modificationID: Int64
  /// The last change of its children.
  var childrenID: Int64
  /// How many children it ever got: the number of the next sequential one.
  var createdCount: Int32 = 0
  /// The session to which an ephemeral node belongs, 0 for others.
  var owner: Int64
  /// The children's names, sorted.
  private(set) var children: [String] = []

  init(data: [UInt8], owner: Int64, changeID: Int64) {
    self.data = data
    self.owner = owner
    creationID = changeID
    modificationID = changeID
    childrenID = changeID
  }

  var stat: NodeStat {
    NodeStat(
      version: version, creationID: creationID, modificationID: modificationID,
      ephemeralOwner: owner, childCount: Int32(clamping: children.count))
  }

  /// - Complexity: O(*n*) in the number of children, to move their names.
  mutating func insertChild(_ name: String) {
    let index = place(of: name)
    assert(index == children.count || children[index] != name, "a child is there once")
    children.insert(name, at: index)
  }

  mutating func removeChild(_ name: String) {
    let index = place(of: name)
    precondition(index < children.count && children[index] == name, "no child \(name)")
    children.remove(at: index)
  }

  /// The first index whose name is not below `name`.
  private func place(of name: String) -> Int {
    var low = 0
    var high = children.count
    while low < high {
      let middle = (low + high) / 2
      if children[middle] < name { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
