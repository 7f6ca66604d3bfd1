import MoldauCluster
import MoldauLog
import MoldauProtocol
import Synchronization
import Testing

@testable import MoldauBroker

/// A connection to a broker that answers when the test wants to, or never.
private final class SilentConnection: PeerConnection, PeerNetwork {
  private struct State: Sendable {
    var waiting: [(request: [UInt8], completion: @Sendable (RawSpan?) -> Void)] = []
    var isClosed = false
  }

  private let state = Mutex(State())

  var isClosed: Bool { state.withLock { $0.isClosed } }

  func connection(to endpoint: BrokerRegistration.Endpoint) -> any PeerConnection { self }

  func send(_ request: [UInt8], _ completion: @escaping @Sendable (RawSpan?) -> Void) {
    state.withLock { $0.waiting.append((request, completion)) }
  }

  /// A connection that hangs does not even notice that it is closed.
  func close() { state.withLock { $0.isClosed = true } }

  /// Answers the request that came first; nil is a lost connection.
  func answer(_ response: ControlledShutdownResponse?, offBy: Int32 = 0) throws {
    let (request, completion) = state.withLock { $0.waiting.removeFirst() }
    guard let response else { return completion(nil) }
    var reader = ProtocolReader(request.span)
    let header = try RequestHeader(decoding: &reader)
    var writer = ProtocolWriter()
    writer.appendResponse(
      response, version: header.version, correlationID: header.correlationID + offBy)
    // SAFETY: the array copies the writer's bytes.
    let frame = unsafe writer.withUnsafeBytes { unsafe Array($0) }
    // SAFETY: bytes have no padding between them.
    unsafe completion(frame.span.bytes.extracting(4..<frame.count))
  }

  func answer(bytes: [UInt8]) {
    let completion = state.withLock { $0.waiting.removeFirst().completion }
    // SAFETY: bytes have no padding between them.
    unsafe completion(bytes.span.bytes)
  }
}

@Suite("What is asked of another broker")
struct PeerLinkTests {
  /// What became of each request, in the order in which it was known.
  private final class Told: Sendable {
    let all = Mutex<[String]>([])

    var list: [String] { all.withLock { $0 } }
  }

  private let clock = SetSteadyClock()
  private let scheduler: Scheduler
  private let connection = SilentConnection()
  private let link: PeerLink
  private let told = Told()

  init() {
    scheduler = Scheduler(clock: clock, runsThread: false)
    link = PeerLink(
      to: .init(name: "REPLICATION", host: "peer", port: 9), connection, scheduler)
  }

  private func ask(_ name: String, within milliseconds: Int64) {
    link.ask(ControlledShutdownRequest(), within: milliseconds) { [told] response in
      told.all.withLock { $0.append("\(name) \(response.map { "\($0.errorCode)" } ?? "lost")") }
    }
  }

  private func advance(_ milliseconds: Int64) {
    clock.advance(milliseconds)
    scheduler.runDue()
  }

  @Test("an answer in time is told once, and the link goes on")
  func inTime() throws {
    ask("first", within: 100)
    ask("second", within: 100)
    advance(99)
    try connection.answer(ControlledShutdownResponse())
    try connection.answer(ControlledShutdownResponse())
    advance(10_000)
    #expect(told.list == ["first NONE", "second NONE"])
    #expect(!link.hasFailed)
    #expect(!connection.isClosed)
  }

  @Test("an answer that does not come is given up when its time is up, with the link")
  func silence() throws {
    ask("first", within: 100)
    advance(99)
    #expect(told.list == [])
    advance(1)
    #expect(told.list == ["first lost"])
    #expect(link.hasFailed)
    #expect(connection.isClosed)
    // It comes all the same: whoever asked has been told already.
    try connection.answer(ControlledShutdownResponse())
    #expect(told.list == ["first lost"])
  }

  @Test("on a connection that hangs each request has its own time, also one behind a longer wait")
  func hangs() {
    ask("long poll", within: 5_000)
    ask("change", within: 100)
    advance(100)
    #expect(told.list == ["change lost"])
    #expect(link.hasFailed)
    advance(4_900)
    #expect(told.list == ["change lost", "long poll lost"])
  }

  @Test("a connection that is lost is told at once")
  func lost() throws {
    ask("first", within: 100)
    try connection.answer(nil)
    #expect(told.list == ["first lost"])
    #expect(link.hasFailed)
    advance(100)
    #expect(told.list == ["first lost"])
  }

  @Test("an answer that makes no sense, or is another request's, ends the link")
  func nonsense() throws {
    ask("first", within: 100)
    connection.answer(bytes: [1, 2, 3])
    #expect(told.list == ["first lost"])
    #expect(link.hasFailed)
    #expect(connection.isClosed)
    ask("second", within: 100)
    try connection.answer(ControlledShutdownResponse(), offBy: 1)
    #expect(told.list == ["first lost", "second lost"])
  }
}
