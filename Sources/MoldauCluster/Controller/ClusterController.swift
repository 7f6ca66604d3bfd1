package import Logging
package import MoldauCoordination
package import MoldauFormat
package import MoldauLog

/// The cluster's controller, as far as this broker is it.
///
/// One for each session with the coordination service. Every broker has one; that which is elected
/// (`isActive`) decides who leads what, and publishes the image of the cluster that the brokers pull.
/// All of it runs on `queue`, also the completions; nothing waits. Thread-safe.
package final class ClusterController: Sendable {
  /// - Parameters:
  ///   - session: whose events go to `handle`.
  ///   - generator: for the placement of replicas and the ids of topics.
  ///   - onController: who the controller is now, when that changes; on `queue`.
  package init(
    nodeID: Int32, session: any CoordinationSession, queue: SerialQueue, scheduler: Scheduler,
    wallClock: any WallClock, settings: ControllerSettings, rules: ReplicationRules = .all,
    generator: any RandomNumberGenerator & Sendable, logger: Logger,
    onController: @escaping @Sendable (ControllerIdentity?) -> Void
  ) {
    preconditionFailure("not there yet")
  }

  /// Stands for election. The session may still be connecting.
  package func start() { preconditionFailure("not there yet") }

  /// Takes note of what happens to the session and to the nodes that are watched.
  package func handle(_ event: SessionEvent) { preconditionFailure("not there yet") }

  /// Ends it: whoever waits for something gets an answer. For a session that was closed or has expired.
  package func end() { preconditionFailure("not there yet") }

  /// Whether this broker is the controller and has taken up its office.
  package var isActive: Bool { preconditionFailure("not there yet") }
}

extension ClusterController {
  /// Waits until there is something newer than the image that the broker has.
  ///
  /// - Returns: a number for `cancelImageWait`.
  package func image(
    after position: ImagePosition?, nodeID: Int32, brokerEpoch: Int64,
    _ completion: @escaping @Sendable (ImageUpdate) -> Void
  ) -> Int { preconditionFailure("not there yet") }

  /// Gives up a wait; its completion is not called any more, unless it is on its way.
  package func cancelImageWait(_ wait: Int) { preconditionFailure("not there yet") }

  /// Changes in-sync replicas for the leader `nodeID`; one result for each change, in their order.
  package func alterPartitions(
    _ changes: [IsrChange], from nodeID: Int32, brokerEpoch: Int64,
    _ completion: @escaping @Sendable ([Result<PartitionImage, ClusterRefusal>]) -> Void
  ) { preconditionFailure("not there yet") }

  /// Moves leaderships from a broker that is about to stop, and takes it out of the in-sync replicas.
  ///
  /// - Parameter completion: gets the partitions that it still leads, as no other replica is in sync,
  ///   and of which there are other replicas. Ask again, or stop without them.
  package func shutDown(
    nodeID: Int32, brokerEpoch: Int64,
    _ completion: @escaping @Sendable (Result<[TopicPartition], ClusterRefusal>) -> Void
  ) { preconditionFailure("not there yet") }
}

extension ClusterController {
  /// - Parameter validatesOnly: whether it is only to be seen if it could be made, and how.
  package func createTopic(
    _ creation: TopicCreation, validatesOnly: Bool,
    _ completion: @escaping @Sendable (Result<TopicImage, ClusterRefusal>) -> Void
  ) { preconditionFailure("not there yet") }

  package func deleteTopic(
    _ topic: TopicReference,
    _ completion: @escaping @Sendable (Result<TopicImage, ClusterRefusal>) -> Void
  ) { preconditionFailure("not there yet") }

  package func createPartitions(
    _ creation: PartitionsCreation, validatesOnly: Bool,
    _ completion: @escaping @Sendable (Result<TopicImage, ClusterRefusal>) -> Void
  ) { preconditionFailure("not there yet") }

  /// The completion gets all settings of the resource.
  package func alterConfiguration(
    of resource: ConfigurationResource, _ change: ConfigurationChange, validatesOnly: Bool,
    _ completion: @escaping @Sendable (Result<[String: String], ClusterRefusal>) -> Void
  ) { preconditionFailure("not there yet") }

  /// - Parameter partitions: nil for all; then the answer has only those where one took place, or
  ///   failed.
  package func electLeaders(
    _ kind: ElectionKind, of partitions: [TopicPartition]?,
    _ completion:
      @escaping @Sendable (Result<[(TopicPartition, ClusterRefusal?)], ClusterRefusal>) -> Void
  ) { preconditionFailure("not there yet") }

  /// Begins to move replicas, or cancels that; a result for each, in their order.
  package func reassign(
    _ reassignments: [Reassignment],
    _ completion: @escaping @Sendable ([ClusterRefusal?]) -> Void
  ) { preconditionFailure("not there yet") }

  /// The partitions whose replicas are moving, sorted; of those asked for, or with nil of all.
  package func listReassignments(
    of partitions: [TopicPartition]?,
    _ completion:
      @escaping @Sendable (Result<[(TopicPartition, PartitionImage)], ClusterRefusal>) -> Void
  ) { preconditionFailure("not there yet") }
}
