import Logging
import MoldauCluster
import MoldauLog
import Synchronization

/// What all fetchers of a broker use.
final class FetcherServices: Sendable {
  let nodeID: Int32
  let network: any PeerNetwork
  let scheduler: Scheduler
  /// Sends requests; nothing that runs on it waits.
  let queue: SerialQueue
  /// Cuts logs, which waits for the disk.
  let diskQueue: SerialQueue
  let configuration: ReplicaFetchConfiguration
  let rules: ReplicationRules
  let logger: Logger
  /// The broker's registration.
  let brokerEpoch = Atomic<Int64>(-1)

  init(
    nodeID: Int32, network: any PeerNetwork, scheduler: Scheduler, queue: SerialQueue,
    diskQueue: SerialQueue, _ configuration: ReplicaFetchConfiguration, rules: ReplicationRules,
    logger: Logger
  ) {
    self.nodeID = nodeID
    self.network = network
    self.scheduler = scheduler
    self.queue = queue
    self.diskQueue = diskQueue
    self.configuration = configuration
    self.rules = rules
    self.logger = logger
  }

  var now: Int64 { scheduler.clock.nowMilliseconds() }

  /// How long to wait after as many failures in a row, the latest counted.
  func pause(after failureCount: Int) -> Int64 {
    let doublings = min(max(failureCount - 1, 0), 30)
    return min(
      configuration.minBackoffMilliseconds << doublings, configuration.maxBackoffMilliseconds)
  }
}
