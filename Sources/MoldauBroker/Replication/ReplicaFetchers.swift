package import Logging
package import MoldauCluster
package import MoldauLog

/// Copies the partitions that other brokers lead: one `ReplicaFetcher` for each of those brokers.
///
/// Who calls it has given the partition its role before (`Partition.follow`); what a log does not
/// take any more, since its role has changed meanwhile, is dropped. Thread-safe; never blocks.
package final class ReplicaFetchers: Sendable {
  /// - Parameters:
  ///   - queue: sends requests; nothing that runs on it waits.
  ///   - diskQueue: cuts logs, which waits for the disk.
  package init(
    nodeID: Int32, network: any PeerNetwork, scheduler: Scheduler, queue: SerialQueue,
    diskQueue: SerialQueue, _ configuration: ReplicaFetchConfiguration = .init(),
    rules: ReplicationRules = .all, logger: Logger
  ) {
    preconditionFailure("not there yet")
  }

  /// The registration of this broker under which it fetches from now on.
  package func registered(brokerEpoch: Int64) {
    preconditionFailure("not there yet")
  }

  /// Copies these partitions from these leaders, and from no other any more; at once those that wait
  /// after a failure too. Known ones whose leader and epoch are the same are left as they are.
  package func follow(_ partitions: [FollowedPartition]) {
    preconditionFailure("not there yet")
  }

  /// Copies these no longer: they lead, or are gone. What is on its way is dropped.
  package func stop(_ partitions: [Partition]) {
    preconditionFailure("not there yet")
  }

  /// Copies nothing any more, and lets go of the connections.
  package func stopAll() {
    preconditionFailure("not there yet")
  }
}
