import MoldauProtocol
import Testing

@testable import MoldauServer

/// Connections on which nothing moves.
struct IdleTests {
  @Test("an idle connection is closed")
  func closes() async throws {
    try await TestServer.run(.memory, { $0.idleTimeout = .milliseconds(1) }) { server in
      let client = try server.raw()
      #expect(client.receive() == nil)
    }
  }

  @Test("a connection with a request that waits is not idle")
  func waits() async throws {
    try await Patience.run { time in try await waits(idleTimeout: time) }
  }

  private func waits(idleTimeout: Duration) async throws {
    try await TestServer.run(
      .memory,
      {
        $0.idleTimeout = idleTimeout
        TestServer.withAdmin(&$0)
      }
    ) { server in
      _ = try server.store.topicBlocking("log")
      let client = try server.raw()
      var fetch = FetchRequest([0: 0], of: NamedTopic(name: "log"))
      fetch.maxWaitMilliseconds = OrderTests.forEver
      try client.send(fetch, version: 12)
      // Another comes later and is closed meanwhile.
      #expect(try server.raw().receive() == nil)
      let topic = try #require(server.store.existingTopic("log"))
      _ = try topic.appendBlocking(.init(value: "x"))
      let values = try client.receive(answerTo: FetchRequest.self, version: 12).values()
      #expect(values == ["x"])
    }
  }
}
