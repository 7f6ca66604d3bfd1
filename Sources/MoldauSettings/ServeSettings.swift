package import Logging
package import MoldauLog
package import MoldauServer

/// What `moldau serve` does, as all its settings together say.
package struct ServeSettings: Sendable {
  /// The directory; nil when none was given.
  package var data: String?
  package var store = StoreConfiguration()
  package var server = ServerConfiguration(listeners: [])
  package var listenAddresses: [HostAndPort] = []
  /// By listener; nil or missing: the address that clients used.
  package var advertisedAddresses: [HostAndPort?] = []
  package var adminAddress: HostAndPort?
  package var cluster = ServeClusterSettings()
  package var isDevelopment: Bool { server.broker.isDevelopment }
  package var logLevel = Logger.Level.warning
  var retentionAge: Duration?
  var retentionBytes: Int?

  /// Puts together what several settings make.
  mutating func finish() {
    server.listeners = listenAddresses.enumerated().map { index, address in
      let advertised =
        advertisedAddresses.indices.contains(index) ? advertisedAddresses[index] : nil
      return ServerConfiguration.Listener(address: address, advertised: advertised)
    }
    server.broker.newTopics.retention =
      (retentionAge.map { [.age($0)] } ?? []) + (retentionBytes.map { [.bytes($0)] } ?? [])
  }
}
