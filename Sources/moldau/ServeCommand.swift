import ArgumentParser
import Glibc
import Logging
import MoldauBroker
import MoldauLog
import MoldauServer

/// `moldau serve`
struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "Serve a directory of topics to Kafka clients.",
    discussion: """
      The directory is made when it is missing. SIGTERM and SIGINT stop the broker: it answers \
      what it has taken, makes everything durable, and exits with 0.
      """)

  /// What an acknowledgement to a producer means.
  enum Flush: String, ExpressibleByArgument, CaseIterable {
    case groupCommit = "group-commit"
    case buffered

    var durability: Durability {
      switch self {
      case .groupCommit: .groupCommit()
      case .buffered: .buffered
      }
    }
  }

  @Option(help: "The directory that holds the topics.", completion: .directory)
  var data: String

  @Option(
    help: ArgumentHelp(
      "Where to listen: HOST:PORT or [IPv6]:PORT; port 0 takes a free one.",
      valueName: "host:port"), transform: address)
  var kafka: HostAndPort

  @Option(
    help: ArgumentHelp(
      "What clients are told to connect to (default: the address that they used).",
      valueName: "host:port"), transform: address)
  var advertise: HostAndPort?

  @Option(help: "What acks=all waits for: the device (group-commit), or the system's memory.")
  var flush = Flush.groupCommit

  @Option(help: "The broker's number (default: the directory's, or 1).")
  var nodeID: Int32?

  @Option(help: "The partitions of a topic that comes into being when a client asks for it.")
  var partitions = 1

  @Flag(inversion: .prefixedNo, help: "Create a topic when a client asks for it.")
  var autoCreate = true

  @Option(help: "The threads that serve connections (default: one per processor).")
  var eventLoops = 0

  @Option(
    help: "What is logged to standard error: trace, debug, info, notice, warning or error.",
    transform: level)
  var logLevel = Logger.Level.warning

  func validate() throws {
    guard (1...10_000).contains(partitions) else {
      throw ValidationError("--partitions: \(partitions) is outside 1 to 10000")
    }
    guard (0...1_024).contains(eventLoops) else {
      throw ValidationError("--event-loops: \(eventLoops) is outside 0 to 1024")
    }
    if let nodeID, nodeID < 0 { throw ValidationError("--node-id: it must not be negative") }
  }

  func run() async throws {
    let stop = StopSignal()
    DescriptorLimit.raise()
    let logger = logger()
    let store: LogStore
    do throws(LogError) {
      store = try await LogStore.open(
        at: data, StoreConfiguration(durability: flush.durability, logger: logger))
    } catch {
      throw CommandFailure("\(data) cannot be opened: \(error)")
    }
    let server: BrokerServer
    do throws(ServerError) {
      server = try await BrokerServer.start(store: store, configuration(logger))
    } catch {
      try await close(store)
      throw CommandFailure("\(error)")
    }
    tell(of: server, store)
    await stop.wait()
    await server.stop()
    try await close(store)
  }

  private func close(_ store: LogStore) async throws {
    do throws(LogError) {
      try await store.close()
    } catch {
      throw CommandFailure("\(data) could not be closed cleanly: \(error)")
    }
  }

  private func logger() -> Logger {
    var logger = Logger(label: "moldau") { StreamLogHandler.standardError(label: $0) }
    logger.logLevel = logLevel
    return logger
  }

  private func configuration(_ logger: Logger) -> ServerConfiguration {
    ServerConfiguration(
      listeners: [.init(address: kafka, advertised: advertise)],
      broker: BrokerConfiguration(
        nodeID: nodeID, createsTopics: autoCreate,
        newTopics: TopicConfiguration(partitionCount: partitions)),
      eventLoopCount: eventLoops, logger: logger)
  }

  private func tell(of server: BrokerServer, _ store: LogStore) {
    let told = server.advertised[0].map { "\($0)" } ?? "the address that they used"
    let partitionCount = store.topics.reduce(0) { $0 + $1.partitionCount }
    print(
      """
      listening     \(server.addresses[0]), for Kafka clients
      advertised    \(told), as broker \(server.nodeID) of cluster \(server.clusterID)
      data          \(data): \(store.topics.count) topics, \(partitionCount) partitions
      recovery      \(store.recovery)
      acknowledged  acks=all: \(flush.durability); acks=1: \(Durability.buffered)
      """)
    fflush(nil)
  }
}

/// Reads an address of the command line.
private func address(_ text: String) throws -> HostAndPort {
  guard let address = HostAndPort(text) else {
    throw ValidationError("\"\(text)\" is neither HOST:PORT nor [IPv6]:PORT")
  }
  return address
}

private func level(_ text: String) throws -> Logger.Level {
  guard let level = Logger.Level(rawValue: text) else {
    let all = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
    throw ValidationError("\"\(text)\" is none of \(all)")
  }
  return level
}
