import MoldauDisk
import MoldauLog
import MoldauProtocol
import Synchronization
import Testing

@testable import MoldauServer

/// Requests that wait for a thread keep their memory, and keep it counted.
struct WaitingMemoryTests {
  /// Runs `body` while no topic "slow" can be made; it is given a call that waits until one is to
  /// be. What `after` does comes when it is.
  private static func run(
    _ body: @escaping @Sendable (TestServer, RawClient, () -> Void) throws -> Void,
    after: @escaping @Sendable (TestServer, RawClient) throws -> Void
  ) async throws {
    let disk = SimulatedDisk(isCrashable: false)
    let store = try LogStore.open(
      at: "/store", StoreConfiguration(), disk: disk, clock: SystemWallClock())
    let server = try await BrokerServer.start(
      store: store,
      ServerConfiguration(
        listeners: [.init(address: HostAndPort(host: "127.0.0.1", port: 0))], eventLoopCount: 1))
    let result = await TestServer.onOwnThread {
      let server = TestServer(store: store, server: server)
      let client = try server.raw()
      let gate = Mutex(())
      let begun = WakeSignal()
      try gate.withLock { _ in
        disk.onCall = { call in
          if call.isChange, call.path.contains("slow") {
            begun.wake()
            gate.withLock { _ in }
          }
          return nil
        }
        try body(server, client) { begun.sleep() }
      }
      try after(server, client)
      disk.onCall = nil
    }
    await server.stop()
    try await store.close()
    try result.get()
  }

  /// A request for a topic of this name and for one with `settingCount` settings of 30,000 bytes.
  private static func frame(_ name: String, settingCount: Int) -> [UInt8] {
    let setting = String(repeating: "x", count: 30_000)
    var large = CreateTopicsRequest.Topic("large", [setting: "1"])
    large.configurations = Array(repeating: large.configurations[0], count: settingCount)
    return RawClient.frame(
      CreateTopicsRequest(CreateTopicsRequest.Topic(name, partitions: 1), large), version: 5)
  }

  private static func receive(_ client: RawClient) throws -> [ErrorCode] {
    try client.receive(answerTo: CreateTopicsRequest.self, version: 5).response.topics
      .map(\.errorCode)
  }

  @Test("a large request has its share of the request memory until it is answered")
  func share() async throws {
    try await Self.run { server, client, waitForDisk in
      try client.send(Self.frame("slow", settingCount: 35))
      waitForDisk()
      // The event loop has done with the frame when it answers another.
      _ = try server.raw().call(ApiVersionsRequest(), version: 3)
      #expect(server.server.parts.services.memory.usedByteCount >= 1 << 20)
    } after: { server, client in
      let codes = try Self.receive(client)
      #expect(codes == [.none, .invalidConfig])
      #expect(server.server.parts.services.memory.usedByteCount == 0)
    }
  }

  @Test(
    "a connection whose requests wait is read no further than a few MiB, and on when they do not")
  func pause() async throws {
    // Little more than is read, so that the rest has room on the way.
    let count = 145
    try await Self.run { server, client, waitForDisk in
      let small = Self.frame("quick", settingCount: 1)
      try client.send(Self.frame("slow", settingCount: 1))
      waitForDisk()
      for _ in 0..<count { try client.send(small) }
    } after: { _, client in
      for number in 0...count {
        let codes = try Self.receive(client)
        #expect(codes == [number < 2 ? .none : .topicAlreadyExists, .invalidConfig])
      }
    }
  }
}
