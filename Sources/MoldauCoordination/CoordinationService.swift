/// A tree of small nodes that all brokers of a cluster see alike, with ZooKeeper's semantics: paths,
/// versions with compare-and-set, ephemeral and sequential nodes, watches, sessions.
///
/// Implementations: `EmbeddedTree` for brokers of one process, `ZooKeeperService` for an ensemble. One
/// suite of tests holds for all. Thread-safe.
package protocol CoordinationService: Sendable {
  /// Opens a session. Returns at once; `onEvent` tells when it is connected.
  ///
  /// - Parameters:
  ///   - timeoutMilliseconds: how long the service keeps the session, and its ephemeral nodes, without
  ///     hearing of it. The service may choose another time, which the event tells.
  ///   - onEvent: called one after another, in the order in which the service's changes were made, and
  ///     before the answers to reads that show what came after; on a thread of the service: be quick.
  func connect(
    timeoutMilliseconds: Int32, onEvent: @escaping @Sendable (SessionEvent) -> Void
  ) -> any CoordinationSession
}

/// One client's session with the service.
///
/// Requests are carried out in the order in which they are given, and answered in that order. Reads
/// may be stale: decide on a compare-and-set, never on a read. Thread-safe.
package protocol CoordinationSession: AnyObject, Sendable {
  /// Carries out a request; `completion` is called once, on a thread of the service: be quick.
  func perform(
    _ request: CoordinationRequest,
    _ completion: @escaping @Sendable (Result<CoordinationAnswer, CoordinationError>) -> Void
  )

  /// Ends the session: its ephemeral nodes go at once, requests without an answer get `closed`, and no
  /// more events come. Idempotent; waits for nothing.
  func close()
}

/// What happens to a session, and to nodes that it watches.
package enum SessionEvent: Hashable, Sendable {
  /// The service can be reached: for the first time, or again after `disconnected`.
  case connected(sessionID: Int64, timeoutMilliseconds: Int32)
  /// The service cannot be reached now. The session and its ephemeral nodes may still be there:
  /// nothing is known until `connected` or `expired`.
  case disconnected
  /// The session is over and its ephemeral nodes are gone. Nothing comes after this.
  case expired
  /// A node that is watched has changed. A watch tells once; reading again sets it again.
  case changed(path: String, NodeChange)
}

/// What a watch tells of a node.
package enum NodeChange: Hashable, Sendable {
  case created
  case deleted
  case data
  case children
}
