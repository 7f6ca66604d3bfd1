import Logging
import MoldauBroker
import MoldauLog
import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing

@testable import MoldauServer

/// How long the admin address waits for its clients; time passes when the test says so.
struct AdminPatienceTests {
  /// Calls `body` with a connection of a server that has no others.
  private func withConnection(
    _ body: (AdminPages, EmbeddedChannel, EmbeddedEventLoop) throws -> Void
  ) async throws {
    let store = try await LogStore.inMemory()
    let configuration = ServerConfiguration(listeners: [])
    let broker = try Broker(
      store: store, configuration.broker, logger: configuration.logger)
    let parts = ServerParts(
      services: ServerServices(broker: broker, configuration: configuration),
      connections: ConnectionRegistry(capacity: 1), loops: [])
    let pages = AdminPages(parts, nil)
    pages.phase.store(.serving, ordering: .relaxed)
    try run(pages) { channel, loop in try body(pages, channel, loop) }
    broker.stop()
    try await store.close()
  }

  private func run(
    _ pages: AdminPages, _ body: (EmbeddedChannel, EmbeddedEventLoop) throws -> Void
  ) throws {
    let loop = EmbeddedEventLoop()
    let channel = EmbeddedChannel(handler: AdminHandler(pages), loop: loop)
    try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    try body(channel, loop)
    _ = try channel.finish(acceptAlreadyClosed: true)
  }

  private func ask(_ channel: EmbeddedChannel) throws {
    let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: "/healthz")
    try channel.writeInbound(HTTPServerRequestPart.head(head))
    try channel.writeInbound(HTTPServerRequestPart.end(nil))
  }

  @Test("a server that starts or stops is not ready, and healthy all the while")
  func phases() async throws {
    let phases: [(AdminPages.Phase, HTTPResponseStatus)] = [
      (.starting, .serviceUnavailable), (.serving, .ok), (.stopping, .serviceUnavailable),
    ]
    try await withConnection { pages, _, loop in
      for (phase, status) in phases {
        pages.phase.store(phase, ordering: .relaxed)
        let readiness = try pages.page(.GET, "/readyz", on: loop).wait()
        #expect(readiness.status == status, "\(phase)")
        let health = try pages.page(.GET, "/healthz", on: loop).wait()
        #expect(health.status == .ok, "\(phase)")
      }
    }
  }

  @Test("a client that sends no whole request is closed after a while")
  func noRequest() async throws {
    try await withConnection { _, channel, loop in
      loop.advanceTime(by: .seconds(Limits.adminRequestSeconds) - .nanoseconds(1))
      #expect(channel.isActive)
      loop.advanceTime(by: .nanoseconds(1))
      #expect(!channel.isActive)
    }
  }

  @Test("a body that does not end is closed after a while")
  func halfRequest() async throws {
    try await withConnection { _, channel, loop in
      let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: "/healthz")
      try channel.writeInbound(HTTPServerRequestPart.head(head))
      for _ in 0..<3 {
        loop.advanceTime(by: .seconds(Limits.adminRequestSeconds / 3))
        guard channel.isActive else { break }
        try channel.writeInbound(HTTPServerRequestPart.body(ByteBuffer(string: "x")))
      }
      loop.advanceTime(by: .seconds(1))
      #expect(!channel.isActive)
    }
  }

  @Test("a client may stay longer between two requests, and not for ever")
  func betweenRequests() async throws {
    try await withConnection { _, channel, loop in
      for _ in 0..<2 {
        try ask(channel)
        let part = try channel.readOutbound(as: HTTPServerResponsePart.self)
        guard case .head(let head)? = part else {
          Issue.record("no answer")
          return
        }
        #expect(head.status == .ok)
        while try channel.readOutbound(as: HTTPServerResponsePart.self) != nil {}
        loop.advanceTime(by: .seconds(Limits.adminIdleSeconds) - .nanoseconds(1))
        #expect(channel.isActive)
      }
      loop.advanceTime(by: .nanoseconds(1))
      #expect(!channel.isActive)
    }
  }
}
