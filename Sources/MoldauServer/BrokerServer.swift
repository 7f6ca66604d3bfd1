package import Logging
package import MoldauBroker
import MoldauCluster
import MoldauDisk
public import MoldauLog
import NIOCore
import NIOPosix

/// Serves a store to Kafka clients over TCP.
///
///     let address = HostAndPort(host: "127.0.0.1", port: 9092)
///     let server = try await BrokerServer.start(
///       store: store, ServerConfiguration(listeners: [.init(address: address)]))
///     print(server.addresses)
///     await server.stop()
///
/// The store stays its owner's: the same process may append and read beside the clients, and closes
/// it after the server has stopped.
public final class BrokerServer: Sendable {
  /// Where the server listens, one for each listener of clients, with the real ports.
  public let addresses: [HostAndPort]
  /// What clients of each listener are told; nil is the address at which they connected.
  public let advertised: [HostAndPort?]
  /// Where the other brokers of the cluster find this one, with the real port; nil without a
  /// replication listener.
  public let replication: HostAndPort?
  /// The cluster's name and the broker's number in it, as the directory bears them.
  public var clusterID: String {
    services.broker.member?.clusterID ?? services.broker.identity.clusterID
  }
  /// The number of the broker in its cluster.
  public var nodeID: Int32 { services.broker.identity.nodeID }
  /// What serves the requests.
  package var broker: Broker { services.broker }
  /// Where the server reports.
  package var logger: Logger { services.logger }

  /// Where operators and their tools look, if anywhere.
  public var adminAddress: HostAndPort? { admin?.address }

  let parts: ServerParts
  private let group: MultiThreadedEventLoopGroup
  private let channels: [any Channel]
  private let admin: AdminServer?
  private let reporter: MetricsReporter?
  /// nil without a cluster.
  let watch: MemberWatch?
  private var services: ServerServices { parts.services }

  private init(
    parts: ServerParts, group: MultiThreadedEventLoopGroup, channels: [any Channel],
    advertised: [HostAndPort?], admin: AdminServer?
  ) {
    self.parts = parts
    self.group = group
    self.channels = channels
    self.admin = admin
    reporter = MetricsReporter(parts, on: group.next())
    watch = Self.watch(parts.services)
    let clients = parts.services.configuration.listeners.count
    let all = channels.map { channel in
      HostAndPort(
        host: channel.localAddress?.ipAddress ?? "?", port: channel.localAddress?.port ?? 0)
    }
    addresses = Array(all[..<clients])
    self.advertised = Array(advertised[..<clients])
    replication = clients < all.count ? advertised[clients] ?? all[clients] : nil
  }

  // MARK: Starting

  /// Starts to listen. Connections are served as soon as it returns.
  public static func start(
    store: LogStore, _ configuration: ServerConfiguration
  ) async throws(ServerError) -> BrokerServer {
    let count =
      configuration.eventLoopCount > 0 ? configuration.eventLoopCount : System.coreCount
    let group = MultiThreadedEventLoopGroup(numberOfThreads: count)
    do throws(ServerError) {
      return try await start(store, configuration, group)
    } catch {
      await shutDown(group, configuration.logger)
      throw error
    }
  }

  private static func start(
    _ store: LogStore, _ configuration: ServerConfiguration, _ group: MultiThreadedEventLoopGroup
  ) async throws(ServerError) -> BrokerServer {
    let broker = try await makeBroker(store, configuration, group)
    do throws(ServerError) {
      return try await start(broker, configuration, group)
    } catch {
      await stop(broker)
      throw error
    }
  }

  private static func start(
    _ broker: Broker, _ configuration: ServerConfiguration, _ group: MultiThreadedEventLoopGroup
  ) async throws(ServerError) -> BrokerServer {
    let services = ServerServices(broker: broker, configuration: configuration)
    let connections = ConnectionRegistry(capacity: configuration.maxConnections)
    let loops = group.makeIterator().map { LoopResources($0) }
    let parts = ServerParts(services: services, connections: connections, loops: loops)
    var admin: AdminServer?
    if let wanted = configuration.admin { admin = try await AdminServer.start(wanted, parts) }
    do throws(ServerError) {
      let (channels, advertised) = try await listen(parts, group)
      let server = BrokerServer(
        parts: parts, group: group, channels: channels, advertised: advertised, admin: admin)
      server.watch?.start()
      do throws(BrokerError) {
        try await server.join()
      } catch {
        server.watch?.stop()
        for channel in channels { await close(channel) }
        throw ServerError.broker(error)
      }
      admin?.isReady()
      server.reporter?.start()
      return server
    } catch {
      await admin?.stop()
      throw error
    }
  }

  /// Registers a member of a cluster, which others find from here on.
  private func join() async throws(BrokerError) {
    guard let member = services.broker.member else { return }
    let clients = zip(addresses, advertised).enumerated().map { number, listener in
      Self.endpoint(number == 0 ? "CLIENT" : "CLIENT\(number + 1)", listener.1 ?? listener.0)
    }
    guard let replication else {
      throw .notRegistered(reason: "a broker of a cluster needs a replication listener")
    }
    let failure = await withCheckedContinuation { continuation in
      member.start(
        endpoints: clients, replication: Self.endpoint("REPLICATION", replication)
      ) { continuation.resume(returning: $0) }
    }
    if let failure { throw failure }
  }

  private static func watch(_ services: ServerServices) -> MemberWatch? {
    guard let member = services.broker.member, let cluster = services.configuration.cluster else {
      return nil
    }
    return MemberWatch(
      member, sessionMilliseconds: Int64(cluster.settings.sessionTimeoutMilliseconds),
      whenLost: cluster.whenLost, logger: services.logger)
  }

  private static func endpoint(
    _ name: String, _ address: HostAndPort
  ) -> BrokerRegistration.Endpoint {
    BrokerRegistration.Endpoint(name: name, host: address.host, port: Int32(address.port))
  }

  /// Opens all listeners, or none.
  private static func listen(
    _ parts: ServerParts, _ group: MultiThreadedEventLoopGroup
  ) async throws(ServerError) -> ([any Channel], [HostAndPort?]) {
    var channels: [any Channel] = []
    var advertised: [HostAndPort?] = []
    let configuration = parts.services.configuration
    var wanted = configuration.listeners.enumerated().map { ($1, ListenerPlace.clients($0)) }
    if let replication = configuration.replication { wanted.append((replication, .peers)) }
    for (listener, place) in wanted {
      do {
        let acceptor = Acceptor(parts, listener, at: place)
        let channel = try await acceptor.listen(at: listener.address, group)
        channels.append(channel)
        advertised.append(acceptor.advertised(by: channel))
      } catch {
        for channel in channels { channel.close(promise: nil) }
        throw ServerError(listeningAt: listener.address, error)
      }
    }
    return (channels, advertised)
  }

  /// Reads and writes the directory's identity, which waits for the disk: on a thread of ours.
  private static func makeBroker(
    _ store: LogStore, _ configuration: ServerConfiguration, _ group: MultiThreadedEventLoopGroup
  ) async throws(ServerError) -> Broker {
    let made: Result<Broker, BrokerError>
    do {
      made = try await group.next().submit {
        Result { () throws(BrokerError) in
          try Broker(
            store: store, configuration.broker,
            cluster: configuration.cluster.map { cluster in
              ClusterEnvironment(
                coordination: cluster.coordination(), network: NIOPeerNetwork(group),
                bootID: SystemDisk().bootID(), cluster.settings)
            }, logger: configuration.logger)
        }
      }.get()
    } catch {
      preconditionFailure("the event loop has just been started: \(error)")
    }
    do throws(BrokerError) { return try made.get() } catch { throw .broker(error) }
  }

  // MARK: Stopping

  /// Stops listening, answers the requests that have come, and closes the connections.
  ///
  /// Takes no longer than the configuration's `stopTimeout`, the change of topics that is going on,
  /// and a little. Call it once.
  public func stop() async {
    watch?.stop()
    admin?.isStopping()
    // The others go on copying what this broker leads until they lead it.
    if let member = services.broker.member {
      await withCheckedContinuation { continuation in member.stop { continuation.resume() } }
    }
    for channel in channels { await Self.close(channel) }
    // Work that has begun ends first, so that it can be answered; what has not is refused.
    await Self.stop(services.broker)
    await endConnections()
    await reporter?.stop()
    await admin?.stop()
    for loop in parts.loops { loop.close() }
    await Self.shutDown(group, services.logger)
  }

  /// Ends as a process that is killed does, as far as the cluster can see: for tests.
  package func abandon() async {
    watch?.stop()
    if let member = services.broker.member {
      await withCheckedContinuation { continuation in member.abandon { continuation.resume() } }
    }
    parts.connections.closeAll()
    await stop()
  }

  private static func stop(_ broker: Broker) async {
    await withCheckedContinuation { continuation in
      EngineThread.detached(name: "moldau-stop") {
        broker.stop()
        continuation.resume()
      }
    }
  }

  private func endConnections() async {
    let ended = group.next().makePromise(of: Void.self)
    parts.connections.endAll { ended.succeed() }
    let timeout = services.configuration.stopTimeout
    let impatience = group.next().scheduleTask(in: TimeAmount(timeout)) {
      [connections = parts.connections] in
      connections.closeAll()
    }
    do {
      try await ended.futureResult.get()
    } catch {
      preconditionFailure("the promise is never failed: \(error)")
    }
    impatience.cancel()
  }

  static func close(_ channel: any Channel) async {
    do {
      try await channel.close()
    } catch {
      // It was closed already.
    }
  }

  static func shutDown(_ group: MultiThreadedEventLoopGroup, _ logger: Logger) async {
    do {
      try await group.shutdownGracefully()
    } catch {
      logger.warning("the event loops did not end cleanly: \(error)")
    }
  }
}
