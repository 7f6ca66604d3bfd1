import MoldauBroker
import NIOCore
import NIOPosix

/// Whose listener it is.
enum ListenerPlace: Hashable, Sendable {
  /// Clients'; with its place among theirs.
  case clients(Int)
  /// The other brokers'.
  case peers
}

/// Takes in the connections of one listener.
struct Acceptor: Sendable {
  private let services: ServerServices
  private let connections: ConnectionRegistry
  private let loops: [ObjectIdentifier: LoopResources]
  private let advertised: HostAndPort?
  private let place: ListenerPlace

  init(
    _ parts: ServerParts, _ listener: ServerConfiguration.Listener, at place: ListenerPlace
  ) {
    services = parts.services
    connections = parts.connections
    advertised = listener.advertised
    self.place = place
    loops = Dictionary(
      uniqueKeysWithValues: parts.loops.map { (ObjectIdentifier($0.eventLoop), $0) })
  }

  func listen(
    at address: HostAndPort, _ group: MultiThreadedEventLoopGroup
  ) async throws -> any Channel {
    let waterMark = ChannelOptions.Types.WriteBufferWaterMark(
      low: Limits.lowWaterBytes, high: Limits.highWaterBytes)
    return try await ServerBootstrap(group: group)
      .serverChannelOption(.backlog, value: Limits.backlog)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
      .childChannelOption(.socketOption(.so_keepalive), value: 1)
      .childChannelOption(.maxMessagesPerRead, value: 1)
      .childChannelOption(.writeBufferWaterMark, value: waterMark)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { try accept(channel) }
      }
      .bind(host: address.host, port: address.port).get()
  }

  /// What clients of `listener` are told, its port filled in; nil when it differs between them.
  func advertised(by listener: any Channel) -> HostAndPort? {
    guard var advertised else { return nil }
    if advertised.port == 0 { advertised.port = listener.localAddress?.port ?? 0 }
    return advertised
  }

  private func accept(_ channel: any Channel) throws {
    guard let loop = loops[ObjectIdentifier(channel.eventLoop)] else {
      preconditionFailure("a channel runs on a loop of the group")
    }
    let told = told(on: channel)
    let client = ClientConnection(
      advertisedHost: told.host, advertisedPort: Int32(told.port),
      address: channel.remoteAddress.map { "\($0)" } ?? "client",
      host: channel.remoteAddress?.ipAddress ?? "",
      listener: listener, isPeer: place == .peers)
    let handler = ConnectionHandler(services, loop, client)
    let reference = handler.reference
    guard connections.add(reference) else {
      services.logger.warning("\(client.address): refused: too many connections")
      throw ChannelError.operationUnsupported
    }
    channel.closeFuture.whenComplete { [connections] _ in connections.remove(reference) }
    try channel.syncOptions?.setOption(
      .recvAllocator, value: ReceiveAllocator(loop.memory.value.receive, channel.eventLoop))
    try channel.pipeline.syncOperations.addHandler(handler)
  }

  /// The listener's place among those for clients.
  private var listener: Int {
    switch place {
    case .clients(let index): index
    case .peers: 0
    }
  }

  /// Where this client finds the broker: as configured, else where it has just found it.
  private func told(on channel: any Channel) -> HostAndPort {
    let local = channel.localAddress
    guard let advertised else {
      return HostAndPort(host: local?.ipAddress ?? "localhost", port: local?.port ?? 0)
    }
    guard advertised.port == 0 else { return advertised }
    return HostAndPort(host: advertised.host, port: local?.port ?? 0)
  }
}
