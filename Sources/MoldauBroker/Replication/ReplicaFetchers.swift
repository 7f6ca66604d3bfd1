package import Logging
package import MoldauCluster
package import MoldauLog
import Synchronization

/// Copies the partitions that other brokers lead: one `ReplicaFetcher` for each of those brokers.
///
/// Who calls it has given the partition its role before (`Partition.follow`); what a log does not
/// take any more, since its role has changed meanwhile, is dropped. Thread-safe; never blocks.
package final class ReplicaFetchers: Sendable {
  private struct State: Sendable {
    /// By the number of the leader.
    var fetchers: [Int32: ReplicaFetcher] = [:]
    /// Who copies what.
    var owners: [ReplicaKey: Int32] = [:]
    var counts: [Int32: Int] = [:]
  }

  private let services: FetcherServices
  private let state = Mutex(State())

  /// - Parameters:
  ///   - queue: sends requests; nothing that runs on it waits.
  ///   - diskQueue: cuts logs, which waits for the disk.
  package init(
    nodeID: Int32, network: any PeerNetwork, scheduler: Scheduler, queue: SerialQueue,
    diskQueue: SerialQueue, _ configuration: ReplicaFetchConfiguration = .init(),
    rules: ReplicationRules = .all, logger: Logger
  ) {
    services = FetcherServices(
      nodeID: nodeID, network: network, scheduler: scheduler, queue: queue, diskQueue: diskQueue,
      configuration, rules: rules, logger: logger)
  }

  /// The registration of this broker under which it fetches from now on.
  package func registered(brokerEpoch: Int64) {
    services.brokerEpoch.store(brokerEpoch, ordering: .releasing)
  }

  /// Copies these partitions from these leaders, and from no other any more; at once those too that
  /// wait after a failure. Known ones whose leader and epoch are the same are left as they are.
  package func follow(_ partitions: [FollowedPartition]) {
    var byLeader: [Int32: [FollowedPartition]] = [:]
    for partition in partitions { byLeader[partition.leader.nodeID, default: []].append(partition) }
    for (leader, followed) in byLeader.sorted(by: { $0.key < $1.key }) {
      release(followed.map(\.key), except: leader)
      let fetcher = state.withLock { state in
        for partition in followed
        where state.owners.updateValue(leader, forKey: partition.key) == nil {
          state.counts[leader, default: 0] += 1
        }
        let known = state.fetchers[leader]
        let fetcher = known ?? ReplicaFetcher(followed[0].leader, services)
        state.fetchers[leader] = fetcher
        return fetcher
      }
      fetcher.follow(followed)
    }
  }

  /// Copies these no longer: they lead, or are gone. What is on its way is dropped.
  package func stop(_ partitions: [(partition: Partition, topic: Topic)]) {
    release(partitions.map { ReplicaKey(topicID: $1.id, index: $0.index) }, except: nil)
  }

  /// Copies nothing any more, and lets go of the connections.
  package func stopAll() {
    let fetchers = state.withLock { state in
      defer { state = State() }
      return state.fetchers
    }
    for (_, fetcher) in fetchers.sorted(by: { $0.key < $1.key }) { fetcher.end() }
  }

  /// Takes replicas away from whoever copies them, but for one.
  private func release(_ keys: [ReplicaKey], except leader: Int32?) {
    let steps = state.withLock { state in
      var lost: [Int32: [ReplicaKey]] = [:]
      for key in keys {
        guard let owner = state.owners[key], owner != leader else { continue }
        state.owners[key] = nil
        state.counts[owner, default: 0] -= 1
        lost[owner, default: []].append(key)
      }
      return lost.sorted { $0.key < $1.key }.compactMap { owner, keys in
        let isLast = state.counts[owner] == 0
        let fetcher = isLast ? state.fetchers.removeValue(forKey: owner) : state.fetchers[owner]
        if isLast { state.counts[owner] = nil }
        return fetcher.map { (fetcher: $0, keys: keys, isLast: isLast) }
      }
    }
    for step in steps {
      if step.isLast { step.fetcher.end() } else { step.fetcher.stop(step.keys) }
    }
  }
}
