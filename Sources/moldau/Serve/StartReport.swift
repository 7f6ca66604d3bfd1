import Glibc
import MoldauLog
import MoldauReport
import MoldauServer
import MoldauSettings

/// What `moldau serve` says once it takes connections.
struct StartReport {
  let server: BrokerServer
  let store: LogStore
  let settings: ServeSettings

  private var partitionCount: Int { store.topics.reduce(0) { $0 + $1.partitionCount } }

  /// Topics whose acknowledgements mean something else than the store's.
  private var ownDurabilityCount: Int {
    store.topics.count { $0.durability != store.configuration.durability }
  }

  // MARK: For people

  /// Five lines, and more after an unclean stop that has left its marks.
  var text: String {
    let told = server.advertised.map { $0.map { "\($0)" } ?? "the address that they used" }
    return """
      listening     \(list(server.addresses)), for Kafka clients\(development)
      advertised    \(told.joined(separator: ", ")), as broker \(server.nodeID) of cluster \
      \(server.clusterID)
      \(cluster)data          \(store.path): \(store.topics.count) topics; \(store.recovery)
      acknowledged  \(acknowledgement)
      admin         \(admin)
      """
  }

  /// A line of its own, for one of a cluster.
  private var cluster: String {
    guard let coordination = settings.cluster.coordination else { return "" }
    let replication = server.replication.map { ", for brokers at \($0)" } ?? ""
    return "cluster       \(coordination)\(replication)\n"
  }

  private var development: String { settings.isDevelopment ? " (development mode)" : "" }

  private var acknowledgement: String {
    let own = ownDurabilityCount
    let exception = own == 0 ? "" : ", otherwise for \(own) topics"
    return "acks=all: \(store.configuration.durability)\(exception); acks=1: \(Durability.buffered)"
  }

  private var admin: String {
    server.adminAddress.map { "http://\($0) (/healthz, /readyz, /metrics)" } ?? "none (--admin)"
  }

  private func list(_ addresses: [HostAndPort]) -> String {
    addresses.map { "\($0)" }.joined(separator: ", ")
  }

  // MARK: For programs

  /// One JSON object: docs/command-line.md.
  var json: String {
    let recovery = store.recovery
    let fields: [(String, String)] = [
      ("type", quoted("started")),
      ("kafka", array(server.addresses.map { "\($0)" })),
      ("advertised", array(server.advertised.map { $0.map { "\($0)" } })),
      ("admin", quoted(server.adminAddress.map { "\($0)" })),
      ("cluster", quoted(settings.cluster.coordination)),
      ("replication", quoted(server.replication.map { "\($0)" })),
      ("clusterID", quoted(server.clusterID)), ("nodeID", "\(server.nodeID)"),
      ("processID", "\(getpid())"), ("data", quoted(store.path)),
      ("topicCount", "\(store.topics.count)"), ("partitionCount", "\(partitionCount)"),
      ("flush", quoted(flush)),
      ("topicsWithOwnFlushCount", "\(ownDurabilityCount)"),
      ("isDevelopment", "\(settings.isDevelopment)"),
      ("wasClosedCleanly", "\(recovery.wasClean)"),
      ("recoveryMilliseconds", "\(recovery.duration.milliseconds)"),
      ("scannedByteCount", "\(recovery.scannedByteCount)"),
      ("cutByteCount", "\(recovery.cutByteCount)"),
      ("restoredBatchCount", "\(recovery.replayedBatchCount)"),
      ("damageCount", "\(recovery.damages.count)"),
    ]
    return "{" + fields.map { "\(JSONLine.quoted($0.0)):\($0.1)" }.joined(separator: ",") + "}"
  }

  private var flush: String {
    switch store.configuration.durability {
    case .buffered: "buffered"
    case .groupCommit: "group-commit"
    case .everyAppend: "every-append"
    }
  }

  private func quoted(_ text: String?) -> String { text.map(JSONLine.quoted) ?? "null" }

  private func array(_ texts: [String?]) -> String {
    "[" + texts.map(quoted).joined(separator: ",") + "]"
  }
}
