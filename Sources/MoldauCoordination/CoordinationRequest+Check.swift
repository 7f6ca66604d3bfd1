extension CoordinationRequest {
  /// Why no service can take this request, whatever is in its tree; nil when it can.
  ///
  /// A write that is too large is refused at the operation with which it becomes so.
  package var refusal: CoordinationError? {
    switch self {
    case .data(let path, _), .exists(let path, _), .children(let path, _), .sync(let path):
      return NodePath.isValid(path) ? nil : .refused(.invalid, operation: 0)
    case .write(let operations):
      var byteCount = 0
      for (index, operation) in operations.enumerated() {
        byteCount += operation.byteCount
        guard operation.hasValidPath else { return .refused(.invalid, operation: index) }
        guard byteCount <= Limits.maxWriteBytes else {
          return .refused(.tooLarge, operation: index)
        }
      }
      return nil
    }
  }
}

extension CoordinationOperation {
  fileprivate var byteCount: Int {
    Limits.operationOverheadBytes + path.utf8.count + dataCount
  }

  private var dataCount: Int {
    switch self {
    case .create(_, let data, _), .set(_, let data, _): data.count
    case .delete, .check: 0
    }
  }

  fileprivate var hasValidPath: Bool {
    switch self {
    case .create(let path, _, let kind):
      // A sequential node may have nothing but its number for a name.
      NodePath.isValid(kind.isSequential ? path + "0" : path)
    case .delete(let path, _): path != "/" && NodePath.isValid(path)
    case .set(let path, _, _), .check(let path, _): NodePath.isValid(path)
    }
  }
}

extension NodeKind {
  package var isSequential: Bool { self == .persistentSequential || self == .ephemeralSequential }

  package var isEphemeral: Bool { self == .ephemeral || self == .ephemeralSequential }
}
