import Logging
import MoldauCoordination
import MoldauEnsemble
import MoldauLog
import MoldauZooKeeper
import Synchronization
import Testing

/// What becomes of sessions when servers of an ensemble fail. Each test has servers of its own.
@Suite(
  .enabled(if: OneServer.isInstalled, "apt-get install zookeeper default-jre-headless"),
  .serialized)
struct EnsembleTests {
  @Test("with one of three servers down everything goes on, in the same session")
  func oneDown() async throws {
    try await withEnsemble(of: 3) { bench in
      let client = TestClient(bench.service(), timeoutMilliseconds: 4000)
      let id = await client.sessionID()
      try await client.create("/mine", "", .ephemeral)
      for down in 0..<3 {
        bench.ensemble.kill(down)
        try await bench.persist { try await client.set("/mine", "\(down)") }
        try bench.ensemble.start(down)
        // The next one may only go when this one is back.
        let alone = await TestClient.connected(to: bench.service(only: down))
        #expect(try await alone.stat("/mine")?.ephemeralOwner == id)
        alone.session.close()
      }
      #expect(!client.told.contains(.event(.expired)))
      client.session.close()
    }
  }

  @Test("with two of three down sessions are disconnected, keep their nodes, and come back")
  func twoDown() async throws {
    try await withEnsemble(of: 3) { bench in
      let client = TestClient(bench.service(), timeoutMilliseconds: 1000)
      let id = await client.sessionID()
      try await client.create("/mine", "", .ephemeral)
      _ = try await client.data("/mine", watches: true)
      bench.ensemble.kill(1)
      bench.ensemble.kill(2)
      // Requests fail, but the session is not over, however long it takes.
      let clock = SystemSteadyClock()
      let start = clock.nowMilliseconds()
      var failures = 0
      while clock.nowMilliseconds() - start < 2000 || failures == 0 {
        let result = await client.result(of: .write([.set(path: "/mine", data: [], version: 7)]))
        if result == .failure(.connectionLost) { failures += 1 }
      }
      #expect(client.told.contains(.event(.disconnected)))
      try bench.ensemble.start(1)
      try bench.ensemble.start(2)
      #expect(await client.sessionID() == id)
      try await bench.persist { try await client.set("/mine", "here") }
      #expect(await client.nextChange() == .changed(path: "/mine", .data))
      #expect(try await client.stat("/mine")?.ephemeralOwner == id)
      #expect(!client.told.contains(.event(.expired)))
      client.session.close()
    }
  }

  @Test("whoever cannot reach the ensemble for too long hears that the session is over")
  func expiry() async throws {
    try await withEnsemble(of: 3) { bench in
      let others = bench.service(except: 0)
      let watcher = await TestClient.connected(to: others)
      // The first server never leads: others have higher numbers.
      let client = TestClient(bench.service(only: 0), timeoutMilliseconds: 1000)
      let id = await client.sessionID()
      try await client.create("/mine", "", .ephemeral)
      #expect(try await watcher.stat("/mine", watches: true)?.ephemeralOwner == id)
      bench.ensemble.pause(0)
      #expect(await watcher.nextChange() == .changed(path: "/mine", .deleted))
      #expect(await client.nextEvent() == .disconnected)
      bench.ensemble.resume(0)
      while await client.nextEvent() != .expired {}
      #expect(await client.result(of: .sync(path: "/")) == .failure(.sessionExpired))
      client.session.close()
      #expect(await client.result(of: .sync(path: "/")) == .failure(.closed))
      let again = TestClient(bench.service(only: 0), timeoutMilliseconds: 1000)
      #expect(await again.sessionID() != id)
      #expect(try await again.stat("/mine") == nil)
      again.session.close()
      watcher.session.close()
    }
  }

  @Test("each request is answered once, whatever the servers do", arguments: 1...4)
  func answeredOnce(seed: UInt64) async throws {
    try await withEnsemble(of: 1) { bench in
      let client = TestClient(bench.service(), timeoutMilliseconds: 1000)
      await client.sessionID()
      try await client.create("/a")
      let tally = Tally()
      for burst in 0..<6 {
        for round in 0..<400 {
          let number = burst * 400 + round
          let request: CoordinationRequest =
            number % 3 == 0
            ? .write([.set(path: "/a", data: [], version: nil)])
            : .data(path: "/a", watches: number % 3 == 1)
          client.session.perform(request) { _ in tally.answered(number) }
          // Somewhere in between.
          if UInt64(number) % 701 == seed * 97 {
            bench.ensemble.kill(0)
            try bench.ensemble.start(0)
          }
        }
        if burst == 4 { client.session.close() }
      }
      await tally.wait(for: 2400)
      #expect(await client.result(of: .sync(path: "/")) == .failure(.closed))
      bench.finish()
      #expect(tally.answers == Array(0..<2400), "in their order, and once")
    }
  }

  @Test("more requests than the client takes at once wait for their turn")
  func burst() async throws {
    try await withEnsemble(of: 1) { bench in
      let client = await TestClient.connected(to: bench.service())
      let tally = Tally()
      for number in 0..<25_000 {
        client.session.perform(.exists(path: "/none", watches: false)) { result in
          if result == .success(.exists(nil)) { tally.answered(number) }
        }
      }
      await tally.wait(for: 25_000)
      #expect(tally.answers == Array(0..<25_000))
      client.session.close()
    }
  }

  @Test(
    "sessions that never reach a server can be closed", arguments: ["127.0.0.1:1", "no.invalid"])
  func unreachable(server: String) async throws {
    let queue = SerialQueue(name: "test-tree")
    defer { queue.stop() }
    let service = ZooKeeperService(
      address: try ZooKeeperAddress("zk://\(server)/x"), queue: queue, logger: silent)
    let client = TestClient(service)
    let tally = Tally()
    for number in 0..<3 {
      client.session.perform(.sync(path: "/")) { result in
        if result == .failure(.closed) { tally.answered(number) }
      }
    }
    client.session.close()
    await tally.wait(for: 3)
    service.waitForEndings()
    #expect(client.told == [])
  }
}

private let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// Counts answers.
private final class Tally: Sendable {
  private struct State: Sendable {
    var answers: [Int] = []
    var awaited: (count: Int, CheckedContinuation<Void, Never>)?
  }

  private let state = Mutex(State())

  var answers: [Int] { state.withLock { $0.answers } }

  func answered(_ number: Int) {
    let continuation: CheckedContinuation<Void, Never>? = state.withLock { state in
      state.answers.append(number)
      guard let awaited = state.awaited, state.answers.count >= awaited.count else { return nil }
      state.awaited = nil
      return awaited.1
    }
    continuation?.resume()
  }

  func wait(for count: Int) async {
    await withCheckedContinuation { continuation in
      let isThere = state.withLock { state in
        guard state.answers.count < count else { return true }
        state.awaited = (count, continuation)
        return false
      }
      if isThere { continuation.resume() }
    }
  }
}

private final class Bench: Sendable {
  let ensemble: ZooKeeperEnsemble
  private let queue = SerialQueue(name: "test-tree")
  private let services = Mutex<[ZooKeeperService]>([])

  init(_ ensemble: ZooKeeperEnsemble) {
    self.ensemble = ensemble
  }

  func service(only: Int? = nil, except: Int? = nil) -> ZooKeeperService {
    let servers = ensemble.hosts.split(separator: ",").map(String.init).enumerated()
      .filter { index, _ in (only == nil || index == only) && index != except }.map(\.element)
    let service = ZooKeeperService(
      address: ZooKeeperAddress(servers: servers, chroot: Chroot("/test")), queue: queue,
      logger: silent)
    services.withLock { $0.append(service) }
    return service
  }

  /// Repeats a request that has no effect of its own until its answer comes through.
  func persist(_ body: () async throws -> Void) async throws {
    while true {
      do { return try await body() } catch CoordinationError.connectionLost {}
    }
  }

  /// Waits for the end of closed sessions, and for all that they tell.
  func finish() {
    for service in services.withLock({ $0 }) { service.waitForEndings() }
  }

  func stop() {
    finish()
    queue.stop()
  }
}

private func withEnsemble(of count: Int, _ body: (Bench) async throws -> Void) async throws {
  let folder = try TestFolder()
  defer { folder.remove() }
  let ensemble = try ZooKeeperEnsemble(in: folder.path, count: count, isDurable: false)
  try ensemble.start()
  defer { ensemble.stop() }
  let bench = Bench(ensemble)
  try await body(bench)
  bench.stop()
}
