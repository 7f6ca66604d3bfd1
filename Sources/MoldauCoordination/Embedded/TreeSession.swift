/// What an embedded tree knows of one session: the server's side of it, the client's, and what is on
/// the way between them.
struct TreeSession: Sendable {
  typealias Completion =
    @Sendable (Result<CoordinationAnswer, CoordinationError>) -> Void

  /// What the client may still be told.
  enum Phase: Sendable {
    case open
    case expired
    case closed
    /// The client's process is gone: nothing is told any more.
    case abandoned
  }

  /// A request and whom to tell what came of it.
  struct Request: Sendable {
    var request: CoordinationRequest
    /// Why nothing can come of it.
    var refusal: CoordinationError?
    var completion: Completion
  }

  /// Something on its way to the client.
  enum Message: Sendable {
    case event(SessionEvent)
    /// With the number of the tree's last change when the answer was made.
    case answer(Request, Result<CoordinationAnswer, CoordinationError>, changeID: Int64)
  }

  let id: Int64
  let client: Int
  let timeoutMilliseconds: Int32
  let carrier: any TreeCarrier
  let onEvent: @Sendable (SessionEvent) -> Void

  // The server's side.
  /// Whether the service has the session: from the first connection on, until it expires or is closed.
  var isAlive = false
  /// Whether it was there once.
  var wasAlive = false
  var isConnected = false
  var watchedData: Set<String> = []
  var watchedChildren: Set<String> = []
  /// When the session expires; nil while it is connected, or nothing expires.
  var deadline: Int64?

  // The client's side.
  var phase = Phase.open
  var watches = ClientWatches()
  /// The last change of the tree that an answer has shown.
  var lastSeenID: Int64 = 0

  // On the way.
  var requests = ArrayQueue<Request>()
  var messages = ArrayQueue<Message>()
  /// Whether only this session is cut off from the service.
  var isCut = false
  /// What becomes of requests that are on their way when the connection breaks.
  var requestsOnTheWay = LostRequests.dropped
  /// Set when the connection is to break at the next write.
  var nextWrite: LostRequests?

  init(
    id: Int64, client: Int, timeoutMilliseconds: Int32, carrier: any TreeCarrier,
    onEvent: @escaping @Sendable (SessionEvent) -> Void
  ) {
    self.id = id
    self.client = client
    self.timeoutMilliseconds = timeoutMilliseconds
    self.carrier = carrier
    self.onEvent = onEvent
  }

  /// Whether nothing is left to be done for it.
  var isOver: Bool {
    !isAlive && phase != .open && messages.isEmpty && requests.isEmpty
  }
}

/// What becomes of requests that have no answer when a connection breaks.
package enum LostRequests: Hashable, Sendable {
  /// They never reach the service.
  case dropped
  /// They are carried out, but their answers get lost.
  case carriedOut
}
