package import MoldauFormat

/// A broker that is up, as it has registered.
package struct BrokerRegistration: Hashable, Sendable {
  /// Where clients of one listener find the broker.
  package struct Endpoint: Hashable, Sendable {
    package var name: String
    package var host: String
    package var port: Int32

    package init(name: String, host: String, port: Int32) {
      self.name = name
      self.host = host
      self.port = port
    }
  }

  package var nodeID: Int32
  /// Which of the broker's registrations it is: the version of `/brokers/epochs/<id>`.
  package var brokerEpoch: Int64
  /// Which data directory it serves (`directory.id` of its meta.properties).
  package var directoryID: TopicID
  /// For clients; the listeners of all brokers go by the same names.
  package var endpoints: [Endpoint]
  /// For the other brokers.
  package var replication: Endpoint
  /// Whether the broker has all that it has acknowledged before, but for `lost`: it was stopped
  /// cleanly, or what it acknowledged could not get lost by the way in which it ended.
  package var hasSurvived: Bool
  /// Replicas of which the broker cannot say so.
  package var lost: [TopicPartition]
  /// Whether it is about to stop: it gets no new leaderships and does not join (controlled shutdown).
  package var isShuttingDown = false

  package init(
    nodeID: Int32, brokerEpoch: Int64, directoryID: TopicID, endpoints: [Endpoint],
    replication: Endpoint, hasSurvived: Bool, lost: [TopicPartition]
  ) {
    self.nodeID = nodeID
    self.brokerEpoch = brokerEpoch
    self.directoryID = directoryID
    self.endpoints = endpoints
    self.replication = replication
    self.hasSurvived = hasSurvived
    self.lost = lost
  }
}
