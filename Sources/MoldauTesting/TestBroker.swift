public import MoldauLog
public import MoldauServer

/// A real broker for a test: on a free port of the loopback, with its data in a temporary folder.
///
///     let broker = try await TestBroker.start()
///     // any Kafka client: bootstrap.servers = broker.address
///     try await broker.stop()
///
/// It is the broker that `moldau serve` runs, in this process. Each has a port, a folder and a store
/// of its own, so that tests may run side by side; it writes nothing outside its folder, which goes
/// when it stops. What differs from `moldau serve`: a group does not wait for more members before
/// its first assignment, records of any age stay, and an acknowledgement does not wait for the
/// device, unless told otherwise. `withBroker` also stops it.
public final class TestBroker: Sendable {
  /// Where the broker keeps its data.
  public enum Storage: Hashable, Sendable {
    /// Files in a temporary folder, in `TMPDIR` or else the system's.
    case folder
    /// The process's memory: no file is made, and nothing is sent by `sendfile`.
    case memory
  }

  /// The store behind the broker: what a test appends here, clients read, and the other way round.
  public let store: LogStore
  /// The server in front of it.
  public let server: BrokerServer
  private let parts: TestBrokerParts

  private init(store: LogStore, server: BrokerServer, folder: TemporaryFolder?) {
    self.store = store
    self.server = server
    parts = TestBrokerParts(store: store, server: server, folder: folder)
  }

  deinit {
    // A test that has failed may not have got to `stop`.
    Task.detached { [parts] in await parts.abandon() }
  }

  // MARK: Starting

  /// Starts a broker. Clients can connect as soon as it returns.
  ///
  /// - Parameters:
  ///   - storage: where its data is.
  ///   - durability: what `acks=all` waits for; `.groupCommit()` is what `moldau serve` does.
  ///   - configure: changes how it listens and behaves, after this type's own settings.
  public static func start(
    _ storage: Storage = .folder, durability: Durability = .buffered,
    configure: @Sendable (inout ServerConfiguration) -> Void = { _ in }
  ) async throws -> TestBroker {
    var configuration = ServerConfiguration(
      listeners: [.init(address: HostAndPort(host: "127.0.0.1", port: 0))], eventLoopCount: 1)
    configuration.broker.newTopics.retention = []
    configuration.broker.groups.initialRebalanceDelay = .zero
    configuration.broker.isDevelopment = true
    configure(&configuration)
    let folder = storage == .folder ? try TemporaryFolder() : nil
    do {
      let settings = StoreConfiguration(durability: durability, logger: configuration.logger)
      let store =
        if let folder {
          try await LogStore.open(at: folder.path, settings)
        } else {
          try await LogStore.inMemory(settings)
        }
      do {
        let server = try await BrokerServer.start(store: store, configuration)
        return TestBroker(store: store, server: server, folder: folder)
      } catch {
        try await store.close()
        throw error
      }
    } catch {
      try folder?.remove()
      throw error
    }
  }

  // MARK: Using

  /// `HOST:PORT`, for a client's `bootstrap.servers`.
  public var address: String { "\(server.addresses[0])" }
  /// The host alone, an address of the loopback.
  public var host: String { server.addresses[0].host }
  /// The port alone.
  public var port: Int { server.addresses[0].port }

  /// Creates a topic that clients can use at once; topics also come into being when a client asks.
  @discardableResult
  public func createTopic(
    _ name: String, partitions: Int = 1, _ configuration: TopicConfiguration? = nil
  ) async throws -> Topic {
    var configuration = configuration ?? TopicConfiguration(retention: [])
    configuration.partitionCount = partitions
    return try await store.topic(name, configuration)
  }

  // MARK: Stopping

  /// Stops the broker and removes its folder. Idempotent.
  public func stop() async throws {
    try await parts.stop()
  }
}

/// Starts a broker, calls `body` with it, and stops it, however `body` ends.
///
///     try await withBroker { broker in
///       // any Kafka client: bootstrap.servers = broker.address
///     }
@discardableResult
public func withBroker<Value>(
  _ storage: TestBroker.Storage = .folder, durability: Durability = .buffered,
  configure: @Sendable (inout ServerConfiguration) -> Void = { _ in },
  isolation: isolated (any Actor)? = #isolation,
  _ body: (TestBroker) async throws -> Value
) async throws -> Value {
  let broker = try await TestBroker.start(storage, durability: durability, configure: configure)
  let value: Value
  do {
    value = try await body(broker)
  } catch {
    try await broker.stop()
    throw error
  }
  try await broker.stop()
  return value
}
