internal import Logging
import MoldauCoordination
import MoldauLog
import Synchronization

/// A session with an ensemble: one handle of the C client.
///
/// Everything that the client reports is copied at once and told on the queue, in the order in which
/// the client reports it. A request is answered by whoever takes it out of `outstanding` under the
/// lock: the client's report, the session's expiry or `close`. So each is answered once, whatever the
/// client does.
final class ZooKeeperSession: CoordinationSession {
  typealias Completion = @Sendable (Result<CoordinationAnswer, CoordinationError>) -> Void

  enum Phase: Sendable {
    case open
    case expired
    case closed
  }

  /// A request that waits until it can be sent.
  struct Waiting: Sendable {
    var request: CoordinationRequest
    /// Why nothing can come of it.
    var refusal: CoordinationError?
    var completion: Completion
  }

  struct State: Sendable {
    var phase = Phase.open
    /// The client's handle; from its first report on, until it is being closed.
    var handle: Handle?
    /// Whether the thread that makes the handle is still at it.
    var isOpening = true
    /// Whether the chroot is there: nothing is sent before.
    var isReady = false
    /// Whether `connected` was the last that was told of the connection.
    var isConnected = false
    var waiting = ArrayQueue<Waiting>()
    /// Requests that the client has, by number.
    var outstanding: [UInt64: Reply] = [:]
    var lastReply: UInt64 = 0
    /// Requests that were answered before the client has reported: it may still do so.
    var abandoned: [Reply] = []
  }

  let state = Mutex(State())
  let chroot: Chroot
  let timeoutMilliseconds: Int32
  let connectString: String
  let logger: Logger
  private let queue: SerialQueue
  private let endings: Endings
  private let onEvent: @Sendable (SessionEvent) -> Void
  private let isClosed = Atomic<Bool>(false)
  private let wakeOpener = WakeSignal()

  init(
    address: ZooKeeperAddress, timeoutMilliseconds: Int32, queue: SerialQueue, logger: Logger,
    endings: Endings, onEvent: @escaping @Sendable (SessionEvent) -> Void
  ) {
    chroot = address.chroot
    connectString = address.connectString
    self.timeoutMilliseconds = timeoutMilliseconds
    self.queue = queue
    self.logger = logger
    self.endings = endings
    self.onEvent = onEvent
  }

  // MARK: - Opening and closing

  /// Makes the handle on a thread of its own: the client resolves names before it returns one.
  func open() {
    EngineThread.detached(name: "moldau-zk-open") { [self] in
      while true {
        switch opened(makeHandle()) {
        case .open: return
        case .ended: return closeHandle()
        case .unresolved: wakeOpener.sleep(milliseconds: Limits.resolutionPauseMilliseconds)
        }
      }
    }
  }

  private enum Opening: Sendable {
    case open
    /// The session has ended in the meantime, which leaves the handle to the opening thread.
    case ended
    case unresolved
  }

  private func opened(_ handle: Handle?) -> Opening {
    state.withLock { state in
      if let handle { state.handle = handle }
      guard state.phase == .open else { return .ended }
      guard handle != nil else { return .unresolved }
      state.isOpening = false
      return .open
    }
  }

  func close() {
    let ends = state.withLock { state in
      let wasOpen = state.phase == .open
      guard state.phase != .closed else { return false }
      state.phase = .closed
      isClosed.store(true, ordering: .releasing)
      failAll(&state, .closed)
      guard wasOpen else { return false }
      endings.begin()
      return !state.isOpening
    }
    wakeOpener.wake()
    if ends { closeElsewhere() }
  }

  /// The session is over: says so, and answers all that is left.
  func expire() {
    let ends = state.withLock { state in
      guard state.phase == .open else { return false }
      state.phase = .expired
      tell(.expired)
      failAll(&state, .sessionExpired)
      endings.begin()
      return !state.isOpening
    }
    if ends { closeElsewhere() }
  }

  /// The client waits for its own threads when a handle is closed, so it cannot be one of them.
  private func closeElsewhere() {
    EngineThread.detached(name: "moldau-zk-close") { [self] in closeHandle() }
  }

  private func closeHandle() {
    let handle = state.withLock { state in
      defer { state.handle = nil }
      return state.handle
    }
    if let handle { end(handle) }
    // Nothing is reported from here on.
    let abandoned = state.withLock { state in
      defer { state.abandoned = [] }
      return state.abandoned
    }
    withExtendedLifetime(abandoned) {}
    endings.end()
  }

  // MARK: - Requests

  func perform(_ request: CoordinationRequest, _ completion: @escaping Completion) {
    let waiting = Waiting(
      request: chroot.absolute(request), refusal: request.refusal,
      completion: { [chroot] in completion($0.map(chroot.relative)) })
    state.withLock { state in
      switch state.phase {
      case .closed: tell(waiting.completion, .failure(.closed))
      case .expired: tell(waiting.completion, .failure(.sessionExpired))
      case .open:
        state.waiting.append(waiting)
        sendWaiting(&state)
      }
    }
  }

  /// Sends what waits, as far as the bound of requests without an answer allows.
  func sendWaiting(_ state: inout State) {
    guard state.isReady, let handle = state.handle else { return }
    while state.outstanding.count < Limits.maxOutstandingRequests,
      let waiting = state.waiting.popFirst()
    {
      let kind = Reply.Kind.request(waiting.request, refusal: waiting.refusal)
      send(makeReply(&state, kind, waiting.completion), by: handle, &state)
    }
  }

  func makeReply(_ state: inout State, _ kind: Reply.Kind, _ completion: Completion?) -> Reply {
    state.lastReply += 1
    let reply = Reply(number: state.lastReply, kind: kind, session: self, completion)
    state.outstanding[reply.number] = reply
    return reply
  }

  /// The client reports what came of a request.
  func received(_ reply: Reply, _ result: Result<CoordinationAnswer, CoordinationError>) {
    state.withLock { state in
      guard state.outstanding.removeValue(forKey: reply.number) != nil else { return }
      switch reply.kind {
      case .request(_, let refusal?):
        let refused: Result<CoordinationAnswer, CoordinationError> =
          if case .success = result { .failure(refusal) } else { result }
        if let completion = reply.completion { tell(completion, refused) }
      case .request: if let completion = reply.completion { tell(completion, result) }
      case .chroot(_, let isLast): chrootAnswered(result, isLast: isLast, &state)
      }
      sendWaiting(&state)
    }
  }

  // MARK: - Telling

  // INVARIANT: what follows is called with the lock, so that the queue gets things in their order.

  func tell(_ event: SessionEvent) {
    queue.add { [self] in
      guard !isClosed.load(ordering: .acquiring) else { return }
      onEvent(chroot.relative(event))
    }
  }

  func tell(
    _ completion: @escaping Completion, _ result: Result<CoordinationAnswer, CoordinationError>
  ) {
    queue.add { completion(result) }
  }

  /// Answers all requests that have no answer, in their order.
  private func failAll(_ state: inout State, _ error: CoordinationError) {
    for reply in state.outstanding.values.sorted(by: { $0.number < $1.number }) {
      if let completion = reply.completion { tell(completion, .failure(error)) }
      // The client has it still.
      state.abandoned.append(reply)
    }
    state.outstanding = [:]
    for waiting in state.waiting.removeAll() { tell(waiting.completion, .failure(error)) }
  }
}
