import ArgumentParser
import Glibc
import Logging
import MoldauDisk
import MoldauLog
import MoldauServer
import MoldauSettings

/// `moldau serve`
struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "Serve a directory of topics to Kafka clients.",
    discussion: """
      The directory is made when it is missing. SIGTERM and SIGINT stop the broker: it answers \
      what it has taken, makes everything durable, and exits with 0; a second one ends it at once.

      Each setting is a flag here, a variable MOLDAU_… and a key of the settings file; flags count \
      first, then variables, then the file. moldau config show tells what comes of them.
      """)

  @Flag(help: "Print what it says at the start as one JSON object.")
  var json = false

  @OptionGroup(title: "Settings") var options: ServeOptions

  func run() async throws {
    let settings = try options.resolve().serve
    guard let data = settings.data else {
      throw ConfigurationFailure.exit(
        "--data: a directory is needed; MOLDAU_DATA and \"data\" in the settings file do as well")
    }
    let stop = StopSignal()
    DescriptorLimit.raise()
    let metrics = PrometheusMetrics()
    let logger = logger(settings)
    let store = try await open(data, settings, logger, metrics)
    let setup: ClusterSetup?
    do { setup = try ClusterSetup.make(settings, store, logger) } catch {
      try await close(store)
      throw error
    }
    var configuration = settings.server
    configuration.logger = logger
    configuration.admin = settings.adminAddress.map { .init(address: $0, metrics: metrics) }
    configuration.cluster = setup?.cluster
    configuration.replication = settings.cluster.replicationAddress.map {
      .init(address: $0, advertised: settings.cluster.advertisedReplicationAddress)
    }
    if setup != nil, configuration.replication == nil {
      // A cluster of one: nobody else is to find it.
      configuration.replication = .init(address: HostAndPort(host: "127.0.0.1", port: 0))
    }
    let server: BrokerServer
    do throws(ServerError) {
      server = try await BrokerServer.start(store: store, configuration)
    } catch {
      try setup?.close()
      try await close(store)
      throw CommandFailure("\(error)")
    }
    try await setup?.waitUntilTakenIn(server) { stop.hasCome }
    let report = StartReport(server: server, store: store, settings: settings)
    print(json ? report.json : report.text)
    fflush(nil)
    ServiceManager.tell("READY=1\nSTATUS=listening at \(server.addresses[0])")
    AdvertisedCheck(
      clusterID: server.clusterID, nodeID: server.nodeID, isStopping: stop.watch
    ).start(server.advertised.compactMap { $0 })
    await stop.wait()
    ServiceManager.tell("STOPPING=1")
    await server.stop()
    try setup?.close()
    try await close(store)
  }

  private func open(
    _ data: String, _ settings: ServeSettings, _ logger: Logger, _ metrics: PrometheusMetrics
  ) async throws -> LogStore {
    var configuration = settings.store
    configuration.logger = logger
    configuration.metrics = metrics
    configuration.isReplicated = settings.cluster.coordination != nil
    do throws(DiskError) {
      try SystemDisk().makeDirectories(data)
    } catch {
      throw CommandFailure("\(data) cannot be made: \(error)")
    }
    do throws(LogError) {
      return try await LogStore.open(at: data, configuration)
    } catch {
      throw CommandFailure("\(data) cannot be opened: \(error)")
    }
  }

  private func close(_ store: LogStore) async throws {
    do throws(LogError) {
      try await store.close()
    } catch {
      throw CommandFailure("\(store.path) could not be closed cleanly: \(error)")
    }
  }

  private func logger(_ settings: ServeSettings) -> Logger {
    var logger = Logger(label: "moldau") { StreamLogHandler.standardError(label: $0) }
    logger.logLevel = settings.logLevel
    return logger
  }
}
