/// What a session asks of the service.
package enum CoordinationRequest: Hashable, Sendable {
  /// A node's data. With `watches`, its next change or its deletion is told, once.
  case data(path: String, watches: Bool)
  /// Whether there is a node. With `watches`, its creation, change or deletion is told, once; also of
  /// one that is not there yet.
  case exists(path: String, watches: Bool)
  /// The names of a node's children, sorted. With `watches`, the next change of them, or the node's
  /// deletion, is told, once.
  case children(path: String, watches: Bool)
  /// Changes, all or none, in their order, as one change of the tree.
  case write([CoordinationOperation])
  /// Answers when the server that the session speaks to has seen all that was changed before.
  case sync(path: String)
}

/// One change of the tree.
package enum CoordinationOperation: Hashable, Sendable {
  /// Makes a node. The parent must be there. Answered with the node's path, which for sequential kinds
  /// has ten digits at its end.
  case create(path: String, data: [UInt8], kind: NodeKind)
  /// Replaces a node's data when its version is `version`; nil is any.
  case set(path: String, data: [UInt8], version: Int32?)
  /// Removes a node without children when its version is `version`; nil is any.
  case delete(path: String, version: Int32?)
  /// Makes the whole write fail unless the node's version is `version`.
  case check(path: String, version: Int32)

  package var path: String {
    switch self {
    case .create(let path, _, _), .set(let path, _, _), .delete(let path, _), .check(let path, _):
      path
    }
  }
}

/// How long a node stays, and how it is named.
package enum NodeKind: Hashable, Sendable {
  case persistent
  /// Goes with the session that has made it; has no children.
  case ephemeral
  case persistentSequential
  case ephemeralSequential
}

/// What the service answers.
package enum CoordinationAnswer: Hashable, Sendable {
  /// To `data`.
  case data([UInt8], NodeStat)
  /// To `exists`; nil when there is none.
  case exists(NodeStat?)
  /// To `children`.
  case children([String], NodeStat)
  /// To `write`: a result for each operation.
  case written([CoordinationResult])
  /// To `sync`.
  case synced
}

/// What came of one operation of a write.
package enum CoordinationResult: Hashable, Sendable {
  /// The path of the node that was made.
  case created(path: String)
  /// What the node is after it.
  case set(NodeStat)
  case deleted
  case checked
}

/// What the tree knows of a node beside its data.
package struct NodeStat: Hashable, Sendable {
  /// How often the data was set; 0 when the node is new.
  package var version: Int32
  /// The number of the change that made the node. The tree's changes are numbered.
  package var creationID: Int64
  /// The number of the change that last set its data.
  package var modificationID: Int64
  /// The session to which an ephemeral node belongs, 0 for others.
  package var ephemeralOwner: Int64
  package var childCount: Int32

  package init(
    version: Int32, creationID: Int64, modificationID: Int64, ephemeralOwner: Int64,
    childCount: Int32
  ) {
    self.version = version
    self.creationID = creationID
    self.modificationID = modificationID
    self.ephemeralOwner = ephemeralOwner
    self.childCount = childCount
  }
}
