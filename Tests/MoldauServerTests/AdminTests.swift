import MoldauDisk
import MoldauLog
import MoldauProtocol
import Testing

@testable import MoldauServer

/// What operators and their tools see.
struct AdminTests {
  @Test("a server that serves is healthy and ready", arguments: ["/healthz", "/readyz"])
  func serving(path: String) async throws {
    try await TestServer.run(.memory, TestServer.withAdmin) { server in
      let answer = try WebAnswer.get(path, from: server.adminPort)
      #expect(answer.status == 200)
      #expect(answer.body == "ok\n")
    }
  }

  @Test("a poisoned store is neither healthy nor ready", arguments: ["/healthz", "/readyz"])
  func poisoned(path: String) async throws {
    let disk = SimulatedDisk(isCrashable: false)
    let store = try LogStore.open(
      at: "/store", StoreConfiguration(), disk: disk, clock: SystemWallClock())
    var configuration = ServerConfiguration(
      listeners: [.init(address: HostAndPort(host: "127.0.0.1", port: 0))])
    TestServer.withAdmin(&configuration)
    let server = try await BrokerServer.start(store: store, configuration)
    let port = UInt16(server.adminAddress?.port ?? 0)
    let topic = try await store.topic("log")
    disk.onCall = { $0.name == "fdatasync" ? .fail(errno: 5) : nil }
    await #expect(throws: LogError.self) { try await topic.append(Record(value: "x")) }
    let answer = try await TestServer.onOwnThread { try WebAnswer.get(path, from: port) }.get()
    #expect(answer.status == 503)
    #expect(answer.body.contains("sync"))
    await server.stop()
    await #expect(throws: LogError.self) { try await store.close() }
  }

  @Test(
    "what is not there is 404, what is not read is 405, what is no HTTP is 400",
    arguments: [
      ("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 404),
      ("GET /metricsx HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 404),
      ("POST /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", 405),
      ("DELETE /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 405),
      ("GET /healthz?x=y HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 200),
      ("GET /healthz HTTP/1.0\r\n\r\n", 200),
      ("nonsense\r\n\r\n", 400),
      ("GET /healthz HTTP/9.9\r\n\r\n", 400),
      ("GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n", 400),
    ])
  func statuses(request: String, status: Int) async throws {
    try await TestServer.run(.memory, TestServer.withAdmin) { server in
      let answer = try WebAnswer.send(request, to: server.adminPort)
      #expect(answer.status == status)
      let other = try WebAnswer.get("/healthz", from: server.adminPort)
      #expect(other.status == 200)
    }
  }

  @Test("a head and a body that are too large end their connection and no other")
  func tooLarge() async throws {
    try await TestServer.run(.memory, TestServer.withAdmin) { server in
      let port = server.adminPort
      let long = String(repeating: "a", count: Limits.adminHeadBytes + 1)
      let head = try WebAnswer.send("GET /healthz HTTP/1.1\r\nX: \(long)\r\n\r\n", to: port)
      #expect(head.status != 200)
      let body = String(repeating: "b", count: Limits.adminBodyBytes + 1)
      let answer = try WebAnswer.send(
        "POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: \(body.count)\r\n\r\n\(body)",
        to: port)
      #expect(answer.status == 413)
      #expect(try WebAnswer.get("/healthz", from: port).status == 200)
    }
  }

  @Test("requests on one connection are answered in their order")
  func pipelining() async throws {
    try await TestServer.run(.memory, TestServer.withAdmin) { server in
      let text = try WebAnswer.send(
        "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nHEAD /metrics HTTP/1.1\r\nHost: x\r\n\r\n"
          + "GET /nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", to: server.adminPort)
      let statuses = text.body.matches(of: /HTTP\/1\.1 (\d+)/).map { String($0.output.1) }
      #expect(text.status == 200)
      #expect(statuses == ["200", "404"])
      #expect(!text.body.contains("# TYPE"), "HEAD has no body")
    }
  }

  @Test("more connections than allowed are closed, and clients of the broker do not notice")
  func tooMany() async throws {
    try await TestServer.run(.memory, TestServer.withAdmin) { server in
      var held: [RawClient] = []
      for _ in 0..<Limits.adminConnectionCount {
        let client = try RawClient(port: server.adminPort)
        try client.send(Array("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n".utf8))
        // The first byte of the answer: the connection was taken.
        #expect(client.receive(1) != nil)
        held.append(client)
      }
      #expect(try RawClient(port: server.adminPort).receive() == nil)
      #expect(try server.raw().call(ApiVersionsRequest(), version: 3).errorCode == .none)
      #expect(held.count == Limits.adminConnectionCount)
    }
  }

  @Test("an admin address in use is an error that says so")
  func inUse() async throws {
    let store = try await LogStore.inMemory()
    let taken = try await BrokerServer.start(
      store: store,
      ServerConfiguration(listeners: [.init(address: HostAndPort(host: "127.0.0.1", port: 0))]))
    var configuration = ServerConfiguration(
      listeners: [.init(address: HostAndPort(host: "127.0.0.1", port: 0))])
    configuration.admin = .init(address: taken.addresses[0])
    await #expect(throws: ServerError.self) {
      _ = try await BrokerServer.start(store: store, configuration)
    }
    await taken.stop()
    try await store.close()
  }
}
