import MoldauCoordination
import Synchronization
import Testing

/// A session whose answers and events a test can wait for, and which notes the order of all it hears.
final class TestClient: Sendable {
  /// What a session has told.
  enum Told: Hashable, Sendable {
    case event(SessionEvent)
    case answer(Result<CoordinationAnswer, CoordinationError>)
  }

  private struct State: Sendable {
    var told: [Told] = []
    /// Events that no test has taken.
    var events: [SessionEvent] = []
    var waiting: [CheckedContinuation<SessionEvent, Never>] = []
  }

  private let ear: Ear
  let session: any CoordinationSession

  init(_ service: any CoordinationService, timeoutMilliseconds: Int32 = 4000) {
    let ear = Ear()
    self.ear = ear
    session = service.connect(timeoutMilliseconds: timeoutMilliseconds) { ear.hear($0) }
  }

  /// A client that is connected.
  static func connected(
    to service: any CoordinationService, timeoutMilliseconds: Int32 = 4000
  ) async -> TestClient {
    let client = TestClient(service, timeoutMilliseconds: timeoutMilliseconds)
    _ = await client.sessionID()
    return client
  }

  /// Waits for `connected` and returns the session's number.
  @discardableResult
  func sessionID() async -> Int64 {
    while true {
      if case .connected(let id, _) = await nextEvent() { return id }
    }
  }

  /// The next event that was not taken; waits for it.
  func nextEvent() async -> SessionEvent { await ear.next() }

  /// The next event that is not about the connection.
  func nextChange() async -> SessionEvent {
    while true {
      let event = await nextEvent()
      if case .changed = event { return event }
    }
  }

  /// All that the session has told up to now, in order.
  var told: [Told] { ear.state.withLock { $0.told } }

  /// Events that no test has taken.
  var untakenEvents: [SessionEvent] { ear.state.withLock { $0.events } }

  /// Gives a request and does not wait for its answer.
  func send(_ request: CoordinationRequest) {
    session.perform(request) { [ear] result in
      ear.state.withLock { $0.told.append(.answer(result)) }
    }
  }

  func result(
    of request: CoordinationRequest
  ) async -> Result<CoordinationAnswer, CoordinationError> {
    await withCheckedContinuation { continuation in
      session.perform(request) { [ear] result in
        ear.state.withLock { $0.told.append(.answer(result)) }
        continuation.resume(returning: result)
      }
    }
  }

  private final class Ear: Sendable {
    let state = Mutex(State())

    func hear(_ event: SessionEvent) {
      let continuation: CheckedContinuation<SessionEvent, Never>? = state.withLock { state in
        state.told.append(.event(event))
        guard state.waiting.isEmpty else { return state.waiting.removeFirst() }
        state.events.append(event)
        return nil
      }
      continuation?.resume(returning: event)
    }

    func next() async -> SessionEvent {
      await withCheckedContinuation { continuation in
        let event: SessionEvent? = state.withLock { state in
          guard state.events.isEmpty else { return state.events.removeFirst() }
          state.waiting.append(continuation)
          return nil
        }
        if let event { continuation.resume(returning: event) }
      }
    }
  }
}

extension TestClient {
  func write(
    _ operations: CoordinationOperation...
  ) async throws(CoordinationError) -> [CoordinationResult] {
    guard case .written(let results) = try await result(of: .write(operations)).get() else {
      throw .service(code: 0, reason: "a write was answered with something else")
    }
    return results
  }

  /// Makes a node and returns its path.
  @discardableResult
  func create(
    _ path: String, _ data: String = "", _ kind: NodeKind = .persistent
  ) async throws(CoordinationError) -> String {
    let results = try await write(.create(path: path, data: Array(data.utf8), kind: kind))
    guard case .created(let path)? = results.first else {
      throw .service(code: 0, reason: "a creation was answered with something else")
    }
    return path
  }

  @discardableResult
  func set(
    _ path: String, _ data: String, version: Int32? = nil
  ) async throws(CoordinationError) -> NodeStat {
    let results = try await write(.set(path: path, data: Array(data.utf8), version: version))
    guard case .set(let stat)? = results.first else {
      throw .service(code: 0, reason: "a change was answered with something else")
    }
    return stat
  }

  func delete(_ path: String, version: Int32? = nil) async throws(CoordinationError) {
    _ = try await write(.delete(path: path, version: version))
  }

  func data(
    _ path: String, watches: Bool = false
  ) async throws(CoordinationError) -> (String, NodeStat) {
    let answer = try await result(of: .data(path: path, watches: watches)).get()
    guard case .data(let bytes, let stat) = answer else {
      throw .service(code: 0, reason: "a read was answered with something else")
    }
    return (String(decoding: bytes, as: UTF8.self), stat)
  }

  @discardableResult
  func stat(_ path: String, watches: Bool = false) async throws(CoordinationError) -> NodeStat? {
    let answer = try await result(of: .exists(path: path, watches: watches)).get()
    guard case .exists(let stat) = answer else {
      throw .service(code: 0, reason: "a read was answered with something else")
    }
    return stat
  }

  @discardableResult
  func children(_ path: String, watches: Bool = false) async throws(CoordinationError) -> [String] {
    let answer = try await result(of: .children(path: path, watches: watches)).get()
    guard case .children(let names, _) = answer else {
      throw .service(code: 0, reason: "a read was answered with something else")
    }
    return names
  }
}
