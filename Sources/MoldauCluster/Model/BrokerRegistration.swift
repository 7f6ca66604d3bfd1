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

  /// A replica of which a registration could not say that it still has everything.
  package struct LostReplica: Hashable, Sendable {
    package var partition: TopicPartition
    /// The registration that said so: what the replica has proved since then counts.
    package var brokerEpoch: Int64

    package init(partition: TopicPartition, brokerEpoch: Int64) {
      self.partition = partition
      self.brokerEpoch = brokerEpoch
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
  /// What the broker has acknowledged in this registration and the later ones it still has, but for
  /// `lost`: between them it was stopped cleanly, or what it acknowledged could not get lost by the
  /// way in which it ended. Its own epoch when nothing can be said of what was before.
  ///
  /// A chain, as the controller may not have seen every registration
  /// (docs/decisions/controller.md).
  package var survivedSince: Int64
  /// Replicas of which the broker cannot say so, of this registration and those before.
  package var lost: [LostReplica]
  /// The first of the registrations from which on it was this directory, and no older copy of it,
  /// whatever that has lost; never above `survivedSince`. Only the controller's image knows it; other
  /// brokers take `survivedSince`.
  package var directorySince: Int64
  /// Whether it is about to stop: it gets no new leaderships and does not join (controlled
  /// shutdown).
  package var isShuttingDown = false

  package init(
    nodeID: Int32, brokerEpoch: Int64, directoryID: TopicID, endpoints: [Endpoint],
    replication: Endpoint, survivedSince: Int64, lost: [LostReplica] = [],
    directorySince: Int64? = nil
  ) {
    precondition(directorySince ?? survivedSince <= survivedSince, "another directory has nothing")
    self.nodeID = nodeID
    self.brokerEpoch = brokerEpoch
    self.directoryID = directoryID
    self.endpoints = endpoints
    self.replication = replication
    self.survivedSince = survivedSince
    self.lost = lost
    self.directorySince = directorySince ?? survivedSince
  }

  /// Whether it has all that it has acknowledged in the registration before, but for `lost`.
  package var hasSurvived: Bool { survivedSince < brokerEpoch }

  /// Whether a replica of the broker that was in sync in the registration `epoch` has everything
  /// still that it had then.
  package func hasKept(_ partition: TopicPartition, since epoch: Int64) -> Bool {
    epoch >= survivedSince
      && !lost.contains { $0.partition == partition && $0.brokerEpoch > epoch }
  }

  /// Whether what is left of a replica that was in sync in the registration `epoch` is here.
  package func isDirectory(since epoch: Int64) -> Bool { epoch >= directorySince }
}
