package import MoldauFormat

/// Other in-sync replicas for a partition, as its leader asks the controller for them (KIP-497).
package struct IsrChange: Hashable, Sendable {
  /// A replica that is to be in sync, and the incarnation of its broker that the leader has seen
  /// fetch; −1 when it has not seen it, which is not checked (KIP-903).
  package struct Member: Hashable, Sendable {
    package var nodeID: Int32
    package var brokerEpoch: Int64

    package init(nodeID: Int32, brokerEpoch: Int64) {
      self.nodeID = nodeID
      self.brokerEpoch = brokerEpoch
    }
  }

  package var partition: TopicPartition
  package var topicID: TopicID
  package var leaderEpoch: Int32
  /// The state that the change starts from.
  package var partitionEpoch: Int32
  /// In the order of the partition's replicas.
  package var isr: [Member]

  package init(
    partition: TopicPartition, topicID: TopicID, leaderEpoch: Int32, partitionEpoch: Int32,
    isr: [Member]
  ) {
    self.partition = partition
    self.topicID = topicID
    self.leaderEpoch = leaderEpoch
    self.partitionEpoch = partitionEpoch
    self.isr = isr
  }
}

/// Why a change of the in-sync replicas was not made.
package enum IsrChangeFailure: Error, Hashable, Sendable {
  /// The leader's view is not the current one: another leader epoch, partition epoch or incarnation
  /// of the leader. The current one is on its way.
  case fenced
  /// A replica that was to join is not live, is shutting down, or its broker has another epoch.
  case ineligible
  /// The partition is gone.
  case unknownPartition
  /// The change may or may not have been made: an answer was lost, or the controller has changed.
  case unknownOutcome
}

/// Brings changes of in-sync replicas to the controller.
package protocol IsrChannel: Sendable {
  /// Returns at once.
  ///
  /// - Parameter completion: called once, from any thread, with the partition's state after the
  ///   change, or with a later one that has the same in-sync replicas.
  func alter(
    _ change: IsrChange,
    _ completion: @escaping @Sendable (Result<PartitionImage, IsrChangeFailure>) -> Void)
}
