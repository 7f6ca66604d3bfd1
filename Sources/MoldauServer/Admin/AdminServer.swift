import MoldauBroker
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// The HTTP server for operators and their tools, on an event loop of its own: what it computes
/// keeps no client waiting.
final class AdminServer: Sendable {
  let address: HostAndPort
  private let group: MultiThreadedEventLoopGroup
  private let channel: any Channel
  private let pages: AdminPages

  private init(group: MultiThreadedEventLoopGroup, channel: any Channel, pages: AdminPages) {
    self.group = group
    self.channel = channel
    self.pages = pages
    address = HostAndPort(
      host: channel.localAddress?.ipAddress ?? "?", port: channel.localAddress?.port ?? 0)
  }

  /// Starts to listen; `/readyz` says no until `isReady` was called.
  static func start(
    _ admin: ServerConfiguration.Admin, _ parts: ServerParts
  ) async throws(ServerError) -> AdminServer {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let pages = AdminPages(parts, admin.metrics)
    do {
      let channel = try await listen(at: admin.address, group, pages)
      return AdminServer(group: group, channel: channel, pages: pages)
    } catch {
      await BrokerServer.shutDown(group, parts.services.logger)
      throw ServerError(listeningAt: admin.address, error)
    }
  }

  private static func listen(
    at address: HostAndPort, _ group: MultiThreadedEventLoopGroup, _ pages: AdminPages
  ) async throws -> any Channel {
    let gate = AdminGate()
    return try await ServerBootstrap(group: group)
      .serverChannelOption(.backlog, value: Int32(Limits.adminConnectionCount))
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try gate.enter(channel)
          var limits = NIOHTTPDecoderLimitConfiguration()
          limits.maxHeaderFieldSize = Limits.adminHeadBytes
          limits.maxHeaderListSize = Limits.adminHeadBytes
          let pipeline = channel.pipeline.syncOperations
          try pipeline.configureHTTPServerPipeline(
            withEncoderConfiguration: HTTPResponseEncoder.Configuration(),
            withDecoderLimitConfiguration: limits)
          try pipeline.addHandler(AdminHandler(pages))
        }
      }
      .bind(host: address.host, port: address.port).get()
  }

  /// All listeners listen.
  func isReady() { pages.phase.store(.serving, ordering: .releasing) }

  /// The server has begun to stop; what is asked from here on hears that.
  func isStopping() { pages.phase.store(.stopping, ordering: .releasing) }

  func stop() async {
    await BrokerServer.close(channel)
    await BrokerServer.shutDown(group, pages.parts.services.logger)
  }
}

/// Counts the connections of the admin address.
private final class AdminGate: Sendable {
  private let count = Atomic<Int>(0)

  /// - Throws: when there are too many; the channel is closed then.
  func enter(_ channel: any Channel) throws {
    let before = count.wrappingAdd(1, ordering: .relaxed).oldValue
    channel.closeFuture.whenComplete { _ in
      self.count.wrappingSubtract(1, ordering: .relaxed)
    }
    guard before < Limits.adminConnectionCount else { throw ChannelError.operationUnsupported }
  }
}
