import MoldauLog
import Synchronization
import Testing

@testable import MoldauCoordination

/// Sessions of an embedded tree that lose their connection, expire or break off: by hand, without a
/// thread.
struct EmbeddedFaultTests {
  @Test("who is cut off hears it, gets no answer, and hears afterwards what its watches missed")
  func disconnection() throws {
    let bench = Bench()
    let (session, other) = (bench.open(), bench.open())
    bench.write(other, .create(path: "/a", data: [], kind: .persistent))
    bench.ask(session, .data(path: "/a", watches: true))
    bench.ask(session, .exists(path: "/b", watches: true))
    bench.ask(session, .exists(path: "/c", watches: true))
    bench.ask(session, .children(path: "/", watches: true))
    bench.forget()

    bench.tree.disconnect(session.id)
    bench.ask(session, .data(path: "/a", watches: false))
    #expect(
      bench.heard(session) == [.event(.disconnected), .answer(.failure(.connectionLost))])
    bench.write(other, .set(path: "/a", data: [1], version: nil))
    bench.write(other, .create(path: "/b", data: [], kind: .persistent))
    // What has come and gone in the meantime is not seen.
    bench.write(other, .create(path: "/c", data: [], kind: .persistent))
    bench.write(other, .delete(path: "/c", version: nil))
    #expect(bench.heard(session).count == 2)

    bench.forget()
    bench.tree.reconnect(session.id)
    bench.run()
    #expect(
      bench.heard(session) == [
        .event(.connected(sessionID: session.id, timeoutMilliseconds: 2000)),
        .event(.changed(path: "/a", .data)), .event(.changed(path: "/b", .created)),
        .event(.changed(path: "/", .children)),
      ])
    bench.forget()
    bench.write(other, .set(path: "/a", data: [2], version: nil))
    bench.write(other, .create(path: "/c", data: [], kind: .persistent))
    #expect(bench.heard(session) == [.event(.changed(path: "/c", .created))])
  }

  @Test("an answer that is on its way when the connection breaks is lost, what was done stays")
  func lostAnswers() {
    let bench = Bench()
    let (session, other) = (bench.open(), bench.open())
    bench.write(other, .create(path: "/a", data: [], kind: .persistent))
    bench.forget()
    // Not delivered: a watch that the client does not know of, and a write that was made.
    session.session.perform(.data(path: "/a", watches: true)) { bench.note($0, of: session.id) }
    session.session.perform(.write([.set(path: "/a", data: [1], version: 0)])) {
      bench.note($0, of: session.id)
    }
    bench.tree.disconnect(session.id)
    bench.run()
    #expect(
      bench.heard(session) == [
        .event(.disconnected), .answer(.failure(.connectionLost)),
        .answer(.failure(.connectionLost)),
      ])
    #expect(bench.tree.data(at: "/a") == [1])
    bench.forget()
    bench.tree.reconnect(session.id)
    bench.write(other, .set(path: "/a", data: [2], version: nil))
    #expect(
      bench.heard(session) == [
        .event(.connected(sessionID: session.id, timeoutMilliseconds: 2000))
      ])
  }

  @Test("an event that is on its way when the connection breaks is told when it is back")
  func lostEvents() {
    let bench = Bench()
    let (session, other) = (bench.open(), bench.open())
    bench.ask(session, .exists(path: "/a", watches: true))
    bench.forget()
    other.session.perform(.write([.create(path: "/a", data: [], kind: .persistent)])) { _ in }
    bench.tree.disconnect(session.id)
    bench.run()
    #expect(bench.heard(session) == [.event(.disconnected)])
    bench.tree.reconnect(session.id)
    bench.run()
    #expect(bench.heard(session).last == .event(.changed(path: "/a", .created)))
  }

  @Test(
    "the connection can break at a write, which is carried out before or never",
    arguments: [LostRequests.dropped, .carriedOut])
  func breakAtWrite(loss: LostRequests) {
    let bench = Bench()
    let session = bench.open()
    bench.tree.disconnectAtNextWrite(session.id, loss)
    bench.ask(session, .exists(path: "/a", watches: false))
    bench.write(session, .create(path: "/a", data: [], kind: .persistent))
    #expect(
      bench.heard(session).suffix(3) == [
        .answer(.success(.exists(nil))), .event(.disconnected), .answer(.failure(.connectionLost)),
      ])
    #expect((bench.tree.stat(of: "/a") != nil) == (loss == .carriedOut))
    bench.tree.reconnect(session.id)
    bench.write(session, .create(path: "/b", data: [], kind: .persistent))
    #expect(bench.tree.stat(of: "/b") != nil)
  }

  @Test("requests that have not arrived when the connection breaks are dropped or carried out")
  func requestsOnTheWay() {
    for loss in [LostRequests.dropped, .carriedOut] {
      let bench = Bench()
      let carrier = SlowCarrier()
      let client = bench.tree.client(carrier: carrier)
      let session = bench.open(client)
      carrier.run()
      session.session.perform(.write([.create(path: "/a", data: [], kind: .persistent)])) {
        bench.note($0, of: session.id)
      }
      client.cutOff(loss)
      carrier.run()
      #expect(
        bench.heard(session).suffix(2) == [
          .event(.disconnected), .answer(.failure(.connectionLost)),
        ])
      #expect((bench.tree.stat(of: "/a") != nil) == (loss == .carriedOut))
    }
  }

  @Test("an expired session loses its nodes at once, and hears of it when it can")
  func expiry() {
    let bench = Bench()
    let (session, other) = (bench.open(), bench.open())
    bench.write(session, .create(path: "/mine", data: [], kind: .ephemeral))
    bench.ask(other, .exists(path: "/mine", watches: true))
    bench.forget()
    bench.tree.disconnect(session.id)
    bench.tree.expire(session.id)
    bench.run()
    #expect(bench.heard(other) == [.event(.changed(path: "/mine", .deleted))])
    #expect(bench.heard(session) == [.event(.disconnected)])
    bench.ask(session, .sync(path: "/"))
    #expect(bench.heard(session).last == .answer(.failure(.connectionLost)))
    bench.tree.reconnect(session.id)
    bench.run()
    #expect(bench.heard(session).last == .event(.expired))
    bench.ask(session, .sync(path: "/"))
    #expect(bench.heard(session).last == .answer(.failure(.sessionExpired)))
    #expect(bench.tree.sessionIDs == [other.id])
    session.session.close()
    bench.ask(session, .sync(path: "/"))
    #expect(bench.heard(session).last == .answer(.failure(.closed)))
  }

  @Test("a connected session that is expired hears it before it gets its requests back")
  func expiryWhileConnected() {
    let bench = Bench()
    let session = bench.open()
    bench.forget()
    session.session.perform(.sync(path: "/")) { bench.note($0, of: session.id) }
    bench.tree.expire(session.id)
    bench.run()
    #expect(
      bench.heard(session) == [.event(.expired), .answer(.failure(.sessionExpired))])
  }

  @Test("a session expires when it was disconnected for its timeout, and not before")
  func timeouts() {
    let bench = Bench()
    let session = bench.open()
    bench.write(session, .create(path: "/mine", data: [], kind: .ephemeral))
    bench.tree.disconnect(session.id)
    bench.pass(1999)
    bench.tree.reconnect(session.id)
    bench.pass(5000)
    #expect(bench.tree.sessionIDs == [session.id])
    bench.tree.disconnect(session.id)
    bench.pass(1999)
    #expect(bench.tree.stat(of: "/mine") != nil)
    bench.pass(1)
    #expect(bench.tree.stat(of: "/mine") == nil)
    #expect(bench.tree.sessionIDs == [])
  }

  @Test("without its majority the service disconnects all, and nobody's time runs out")
  func unavailability() {
    let bench = Bench()
    let client = bench.tree.client()
    let (session, cut) = (bench.open(), bench.open(client))
    client.cutOff()
    bench.pass(1000)
    bench.tree.setAvailable(false)
    bench.pass(60_000)
    #expect(bench.tree.sessionIDs == [session.id, cut.id])
    #expect(bench.heard(session).last == .event(.disconnected))
    bench.tree.setAvailable(true)
    bench.run()
    #expect(
      bench.heard(session).last
        == .event(.connected(sessionID: session.id, timeoutMilliseconds: 2000)))
    // Whoever still cannot reach it has all its time again.
    bench.pass(1999)
    #expect(bench.tree.sessionIDs == [session.id, cut.id])
    bench.pass(1)
    #expect(bench.tree.sessionIDs == [session.id])
  }

  @Test("a session that is opened while the service cannot be reached waits for it")
  func lateConnection() {
    let bench = Bench()
    let client = bench.tree.client(chroot: Chroot("/part/of/it"))
    client.cutOff()
    let session = bench.open(client)
    bench.pass(60_000)
    #expect(bench.heard(session) == [])
    client.restore()
    bench.write(session, .create(path: "/a", data: [], kind: .persistent))
    #expect(
      bench.heard(session) == [
        .event(.connected(sessionID: session.id, timeoutMilliseconds: 2000)),
        .answer(.success(.written([.created(path: "/a")]))),
      ])
    #expect(bench.tree.stat(of: "/part/of/it/a") != nil)
  }

  @Test("a process that is gone hears nothing, and its sessions expire")
  func abandonment() {
    let bench = Bench()
    let client = bench.tree.client()
    let session = bench.open(client)
    bench.write(session, .create(path: "/mine", data: [], kind: .ephemeral))
    bench.forget()
    session.session.perform(.write([.create(path: "/a", data: [], kind: .persistent)])) {
      bench.note($0, of: session.id)
    }
    client.abandon()
    session.session.perform(.sync(path: "/")) { bench.note($0, of: session.id) }
    bench.pass(1999)
    #expect(bench.tree.stat(of: "/mine") != nil)
    bench.pass(1)
    #expect(bench.tree.stat(of: "/mine") == nil)
    #expect(bench.heard(session) == [])
    #expect(bench.tree.sessionIDs == [])
  }

  @Test("a session that is closed while it is cut off ends when its time has run out")
  func closeWhileCut() {
    let bench = Bench()
    let session = bench.open()
    bench.write(session, .create(path: "/mine", data: [], kind: .ephemeral))
    bench.forget()
    bench.tree.disconnect(session.id)
    session.session.close()
    bench.run()
    #expect(bench.heard(session) == [])
    #expect(bench.tree.stat(of: "/mine") != nil)
    bench.pass(2000)
    #expect(bench.tree.stat(of: "/mine") == nil)
  }
}

/// What a session has told.
private enum Told: Hashable, Sendable {
  case event(SessionEvent)
  case answer(Result<CoordinationAnswer, CoordinationError>)
}

/// A tree whose queue and clock are run by hand.
private final class Bench: Sendable {
  struct Opened: Sendable {
    var id: Int64
    var session: any CoordinationSession
  }

  let tree: EmbeddedTree
  private let queue = SerialQueue(name: "test", runsThread: false)
  private let clock = HandClock()
  private let scheduler: Scheduler
  private let told = Mutex<[Int64: [Told]]>([:])

  init() {
    scheduler = Scheduler(clock: clock, runsThread: false)
    tree = EmbeddedTree(queue: queue, scheduler: scheduler)
  }

  func open(_ service: (any CoordinationService)? = nil) -> Opened {
    let id = Atomic<Int64>(0)
    let session = (service ?? tree).connect(timeoutMilliseconds: 2000) { [self] event in
      told.withLock { $0[id.load(ordering: .relaxed), default: []].append(.event(event)) }
    }
    guard let embedded = session as? EmbeddedSession else {
      preconditionFailure("the tree's sessions are its own")
    }
    id.store(embedded.id, ordering: .relaxed)
    run()
    return Opened(id: embedded.id, session: session)
  }

  func note(_ result: Result<CoordinationAnswer, CoordinationError>, of id: Int64) {
    told.withLock { $0[id, default: []].append(.answer(result)) }
  }

  func ask(_ opened: Opened, _ request: CoordinationRequest) {
    opened.session.perform(request) { [self] in note($0, of: opened.id) }
    run()
  }

  func write(_ opened: Opened, _ operation: CoordinationOperation) {
    ask(opened, .write([operation]))
  }

  func run() { queue.runAll() }

  /// Lets time pass.
  func pass(_ milliseconds: Int64) {
    clock.now.add(milliseconds, ordering: .relaxed)
    scheduler.runDue()
    run()
  }

  func heard(_ opened: Opened) -> [Told] {
    told.withLock { $0[opened.id, default: []] }
  }

  func forget() { told.withLock { $0 = [:] } }
}

private final class HandClock: SteadyClock {
  let now = Atomic<Int64>(0)

  func nowMilliseconds() -> Int64 { now.load(ordering: .relaxed) }
}

/// Carries nothing until it is told to.
private final class SlowCarrier: TreeCarrier {
  private let queue = SerialQueue(name: "test", runsThread: false)

  func carryRequest(of sessionID: Int64, _ arrive: @escaping @Sendable () -> Void) {
    queue.add(arrive)
  }

  func carryAnswer(to sessionID: Int64, _ arrive: @escaping @Sendable () -> Void) {
    queue.add(arrive)
  }

  func run() { queue.runAll() }
}
