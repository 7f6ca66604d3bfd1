public import CoreMetrics
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

  /// Where operators and their tools look (docs/observability.md).
  public struct Admin: Sendable {
    /// The address to listen at; port 0 takes a free one.
    public var address: HostAndPort
    /// What `/metrics` shows beside the broker's own; nil shows only these.
    public var metrics: PrometheusMetrics?

    /// An address for operators.
    public init(address: HostAndPort, metrics: PrometheusMetrics? = nil) {
      self.address = address
      self.metrics = metrics
    }
  }

  /// Where clients connect, at least one.
  public var listeners: [Listener]
  /// Where the other brokers of a cluster connect: a listener of their own, of which clients are not
  /// told; nil without a cluster. Who reaches it is trusted to be what it says, so keep it to a network
  /// of the brokers' own.
  public var replication: Listener?
  /// What makes the broker one of a cluster; nil for one that stands alone.
  package var cluster: ServerCluster?
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
  /// A connection on which nothing has moved for this long is closed; nil keeps it
  /// (`connections.max.idle.ms`).
  public var idleTimeout: Duration?
  /// Where `/healthz`, `/readyz` and `/metrics` are; nil is nowhere.
  public var admin: Admin?
  /// Makes the server's counters and gauges, which it reports once a second; nil takes the process's
  /// `MetricsSystem`.
  public var metrics: (any MetricsFactory)?
  /// How long a stop waits for answers to go out before it closes connections.
  public var stopTimeout: Duration
  /// Where the server reports what an operator should know; quiet by default.
  public var logger: Logger

  /// A configuration; whatever is left out has its default.
  public init(
    listeners: [Listener], replication: Listener? = nil,
    broker: BrokerConfiguration = BrokerConfiguration(),
    eventLoopCount: Int = 0, maxRequestBytes: Int = 100 << 20,
    requestMemoryBytes: Int = 512 << 20, maxConnections: Int = 10_000,
    idleTimeout: Duration? = .seconds(600), admin: Admin? = nil,
    metrics: (any MetricsFactory)? = nil, stopTimeout: Duration = .seconds(3),
    logger: Logger = Logger(label: "moldau") { _ in SwiftLogNoOpLogHandler() }
  ) {
    self.listeners = listeners
    self.replication = replication
    self.broker = broker
    self.eventLoopCount = eventLoopCount
    self.maxRequestBytes = maxRequestBytes
    self.requestMemoryBytes = requestMemoryBytes
    self.maxConnections = maxConnections
    self.idleTimeout = idleTimeout
    self.admin = admin
    self.metrics = metrics
    self.stopTimeout = stopTimeout
    self.logger = logger
  }
}
