import MoldauClient
import MoldauLog
import MoldauServer

/// Tries what clients are told to connect to, as one of them would.
///
/// A broker that advertises an address at which it is not found seems to work until a client's second
/// connection. From here the address may look otherwise than from the client, so that a failure is a
/// warning and no more.
struct AdvertisedCheck: Sendable {
  let clusterID: String
  let nodeID: Int32
  /// Whether the broker is to stop; then an address at which it is gone is no problem.
  let isStopping: @Sendable () -> Bool

  /// Warns of each address at which this broker does not answer; returns at once.
  func start(_ addresses: [HostAndPort]) {
    guard !addresses.isEmpty else { return }
    // Names take as long as their servers do.
    EngineThread.detached(name: "moldau-check") {
      for address in addresses {
        guard let problem = problem(with: address), !isStopping() else { continue }
        let warning = "clients are told to connect to \(address), \(problem)"
        StandardError.print("warning: \(warning); see --advertise")
        ServiceManager.tell("STATUS=\(warning)")
      }
    }
  }

  /// What is wrong with an address; nil when this broker answers there.
  private func problem(with address: HostAndPort) -> String? {
    guard let port = UInt16(exactly: address.port) else { return "which is no port" }
    var options = KafkaConnection.Options()
    options.connectTimeoutMilliseconds = 3_000
    options.timeoutMilliseconds = 3_000
    do throws(ClientError) {
      let connection = try KafkaConnection(to: Endpoint(host: address.host, port: port), options)
      let metadata = try connection.metadata(topics: [])
      let isOurs =
        metadata.clusterID == clusterID && metadata.brokers.contains { $0.nodeID == nodeID }
      return isOurs ? nil : "where another broker answers (cluster \(metadata.clusterID ?? "?"))"
    } catch {
      return "which does not work from here: \(error)"
    }
  }
}
