package import MoldauBroker
package import MoldauCluster
import NIOCore
package import NIOPosix

/// Reaches the other brokers of a cluster over TCP, on the event loops of the server.
package final class NIOPeerNetwork: PeerNetwork {
  private let group: MultiThreadedEventLoopGroup
  private let settings: PeerSettings

  package init(_ group: MultiThreadedEventLoopGroup, _ settings: PeerSettings = PeerSettings()) {
    self.group = group
    self.settings = settings
  }

  package func connection(to endpoint: BrokerRegistration.Endpoint) -> any PeerConnection {
    NIOPeerConnection(endpoint, on: group.next(), settings)
  }
}

/// How long other brokers may take.
package struct PeerSettings: Hashable, Sendable {
  /// To take a connection.
  package var connectMilliseconds: Int64
  /// To answer, whatever they were asked: who asks may be less patient, and close the connection.
  package var answerMilliseconds: Int64

  package init(connectMilliseconds: Int64 = 2_000, answerMilliseconds: Int64 = 60_000) {
    self.connectMilliseconds = connectMilliseconds
    self.answerMilliseconds = answerMilliseconds
  }
}
