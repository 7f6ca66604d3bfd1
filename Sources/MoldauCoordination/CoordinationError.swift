/// Why a request was not answered as hoped.
package enum CoordinationError: Error, Hashable, Sendable {
  /// The service has refused it and changed nothing. `operation` says which of a write's operations
  /// stood in the way; 0 for reads.
  case refused(CoordinationRefusal, operation: Int)
  /// The connection was lost before the answer came: a write may or may not have been made. Read again
  /// and compare before another try.
  case connectionLost
  /// The session is over; nothing of it goes on.
  case sessionExpired
  /// `close` was called.
  case closed
  /// The service failed otherwise; the code is its own.
  case service(code: Int32, reason: String)
}

/// Why the service refuses a request.
package enum CoordinationRefusal: Hashable, Sendable {
  /// There is no such node, or no parent for a new one.
  case noNode
  case nodeExists
  /// The node has another version than the request says.
  case badVersion
  /// A node that has children is not deleted.
  case notEmpty
  /// Ephemeral nodes have no children.
  case ephemeralParent
  /// The path is not one that the tree takes, or `/` was to be deleted.
  case invalid
  /// The write has more bytes than a service takes at once.
  case tooLarge
}

extension CoordinationError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .refused(let refusal, let operation): "refused (operation \(operation)): \(refusal)"
    case .connectionLost: "the connection to the coordination service was lost"
    case .sessionExpired: "the session with the coordination service has expired"
    case .closed: "the session with the coordination service is closed"
    case .service(let code, let reason): "the coordination service failed: \(reason) (\(code))"
    }
  }
}

extension CoordinationSession {
  /// Carries out requests that do not depend on each other, all at once; the results come in their
  /// order when all are there.
  package func performAll(
    _ requests: [CoordinationRequest],
    _ completion:
      @escaping @Sendable ([Result<CoordinationAnswer, CoordinationError>]) -> Void
  ) {
    guard !requests.isEmpty else { return completion([]) }
    let gathering = Gathering(count: requests.count, completion)
    for (index, request) in requests.enumerated() {
      perform(request) { gathering.put($0, at: index) }
    }
  }
}
