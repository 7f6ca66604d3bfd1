/// A record of the log in which an embedded coordination tree is kept: the newest of each key counts.
///
/// Format: docs/format/coordination-log.md.
package enum CoordinationRecord: Hashable, Sendable {
  /// What is kept of a node.
  package struct Node: Hashable, Sendable {
    package var creationID: Int64
    package var modificationID: Int64
    package var version: Int32
    package var data: [UInt8]

    package init(creationID: Int64, modificationID: Int64, version: Int32, data: [UInt8]) {
      self.creationID = creationID
      self.modificationID = modificationID
      self.version = version
      self.data = data
    }
  }

  /// A node of the path; nil when there is none.
  case node(path: String, Node?)
  /// How many children the node of the path ever got; nil when there is no such node.
  case createdChildren(path: String, Int32?)
  /// The number of the last change of the tree.
  case lastChange(Int64)

  private enum Kind: Int16 {
    case node = 0
    case createdChildren = 1
    case lastChange = 2
  }

  private static let version: Int16 = 0

  package init(key: RawSpan, value: RawSpan?) throws(FormatError) {
    var keyReader = ByteReader(key)
    let number = try keyReader.integer(Int16.self)
    guard let kind = Kind(rawValue: number) else {
      throw .unsupportedVersion(field: "coordination key", version: Int(number))
    }
    let path = try String.validating(key.extracting(droppingFirst: 2), field: "path")
    guard let value else {
      switch kind {
      case .node: self = .node(path: path, nil)
      case .createdChildren: self = .createdChildren(path: path, nil)
      case .lastChange: throw .invalid(field: "lastChange", reason: "it is not there")
      }
      return
    }
    var reader = ByteReader(value)
    let version = try reader.integer(Int16.self)
    guard version == Self.version else {
      throw .unsupportedVersion(field: "coordination value", version: Int(version))
    }
    switch kind {
    case .node:
      let creationID = try reader.integer(Int64.self)
      let modificationID = try reader.integer(Int64.self)
      let nodeVersion = try reader.integer(Int32.self)
      self = .node(
        path: path,
        Node(
          creationID: creationID, modificationID: modificationID, version: nodeVersion,
          data: try reader.byteArray("data")))
    case .createdChildren: self = .createdChildren(path: path, try reader.integer(Int32.self))
    case .lastChange: self = .lastChange(try reader.integer(Int64.self))
    }
    guard reader.remaining == 0 else {
      throw .invalid(field: "coordination value", reason: "it has more bytes than fields")
    }
  }

  package var key: [UInt8] {
    switch self {
    case .node(let path, _): Self.key(.node, path)
    case .createdChildren(let path, _): Self.key(.createdChildren, path)
    case .lastChange: Self.key(.lastChange, "")
    }
  }

  private static func key(_ kind: Kind, _ path: String) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.appendBigEndian(kind.rawValue)
    bytes += path.utf8
    return bytes
  }

  /// nil for what is no longer there.
  package var value: [UInt8]? {
    var bytes: [UInt8] = []
    bytes.appendBigEndian(Self.version)
    switch self {
    case .node(_, nil), .createdChildren(_, nil): return nil
    case .node(_, let node?):
      bytes.appendBigEndian(node.creationID)
      bytes.appendBigEndian(node.modificationID)
      bytes.appendBigEndian(node.version)
      bytes.appendByteArray(node.data)
    case .createdChildren(_, let count?): bytes.appendBigEndian(count)
    case .lastChange(let number): bytes.appendBigEndian(number)
    }
    return bytes
  }
}
