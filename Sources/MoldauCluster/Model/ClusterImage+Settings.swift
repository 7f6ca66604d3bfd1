/// What applies to a topic: what was set for it, else for all brokers, else the default.
extension ClusterImage {
  /// The key of `brokerConfigurations` for all brokers.
  package static let allBrokers = ""

  /// What was set for a topic, or for all topics; nil when nothing was. By Kafka's name.
  package func setting(_ name: String, of topic: TopicImage) -> String? {
    topic.configuration[name] ?? brokerConfigurations[Self.allBrokers]?[name]
  }

  /// `min.insync.replicas`.
  ///
  /// - Parameter count: the default of the broker that asks. Should brokers be started with others,
  ///   nothing is lost: see `LeaderState.isUnderMinISR`.
  package func minInSyncReplicas(of topic: TopicImage, default count: Int32) -> Int32 {
    setting("min.insync.replicas", of: topic).flatMap { Int32($0) } ?? count
  }

  /// `unclean.leader.election.enable`.
  package func allowsUncleanElection(of topic: TopicImage) -> Bool {
    setting("unclean.leader.election.enable", of: topic) == "true"
  }
}
