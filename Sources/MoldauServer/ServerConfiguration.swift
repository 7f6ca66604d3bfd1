public import Logging
public import MoldauBroker

/// How a server listens and what it lets clients use. The names in parentheses are Kafka's.
public struct ServerConfiguration: Sendable {
  /// Where clients connect.
  public struct Listener: Hashable, Sendable {
    /// The address to listen at; port 0 takes a free one (`listeners`).
    public var address: HostAndPort
    /// What clients are told to connect to; nil is the address at which they did
    /// (`advertised.listeners`). Port 0 stands for the port that is listened at.
    public var advertised: HostAndPort?

    /// A listener at this address.
    public init(address: HostAndPort, advertised: HostAndPort? = nil) {
      self.address = address
      self.advertised = advertised
    }
  }

  /// Where clients connect, at least one.
  public var listeners: [Listener]
  /// How the broker behaves.
  public var broker: BrokerConfiguration
  /// The threads that serve connections; 0 takes one per processor (`num.network.threads`).
  public var eventLoopCount: Int
  /// The largest request; a connection that announces a larger one is closed
  /// (`socket.request.max.bytes`).
  public var maxRequestBytes: Int
  /// The memory that large requests may take together while they arrive
  /// (`queued.max.request.bytes`).
  public var requestMemoryBytes: Int
  /// Connections at once; more are closed as they come (`max.connections`).
  public var maxConnections: Int
  /// How long a stop waits for answers to go out before it closes connections.
  public var stopTimeout: Duration
  /// Where the server reports what an operator should know; quiet by default.
  public var logger: Logger

  /// A configuration; whatever is left out has its default.
  public init(
    listeners: [Listener], broker: BrokerConfiguration = BrokerConfiguration(),
    eventLoopCount: Int = 0, maxRequestBytes: Int = 100 << 20,
    requestMemoryBytes: Int = 512 << 20, maxConnections: Int = 10_000,
    stopTimeout: Duration = .seconds(3),
    logger: Logger = Logger(label: "moldau") { _ in SwiftLogNoOpLogHandler() }
  ) {
    self.listeners = listeners
    self.broker = broker
    self.eventLoopCount = eventLoopCount
    self.maxRequestBytes = maxRequestBytes
    self.requestMemoryBytes = requestMemoryBytes
    self.maxConnections = maxConnections
    self.stopTimeout = stopTimeout
    self.logger = logger
  }
}
