import Logging
package import MoldauCluster
import MoldauFormat
import MoldauLog
import Synchronization

/// What the partitions of a broker of a cluster share: who it is, what it knows of the cluster, and
/// the way to the controller.
///
/// Looks after the in-sync replicas of all partitions that are led here, with one timer (rule 14).
/// Thread-safe; its lock is taken inside a partition's, never the other way round.
package final class Replicas: Sendable {
  private struct State: Sendable {
    var image = ClusterImage()
    var channel: (any IsrChannel)?
    var led: [ObjectIdentifier: Replica] = [:]
    var unsent: [Unsent] = []
    var check: Scheduler.Timer?
    var retry: Scheduler.Timer?
  }

  /// A change whose outcome is not known.
  private struct Unsent: Sendable {
    let proposal: LeaderState.Proposal
    let replica: Replica
    let leadership: UInt64
  }

  package let nodeID: Int32
  package let settings: ReplicaSettings
  private let scheduler: Scheduler
  let logger: Logger
  private let state = Mutex(State())
  private let shrinks = Atomic<Int>(0)
  private let expansions = Atomic<Int>(0)

  init(nodeID: Int32, _ settings: ReplicaSettings, scheduler: Scheduler, logger: Logger) {
    self.nodeID = nodeID
    self.settings = settings
    self.scheduler = scheduler
    self.logger = logger
  }

  /// Milliseconds of the steady clock.
  var now: Int64 { scheduler.clock.nowMilliseconds() }

  // MARK: The cluster

  /// What the broker knows of the cluster.
  package var image: ClusterImage { state.withLock { $0.image } }

  /// The live brokers by number.
  var brokers: [Int32: BrokerRegistration] { state.withLock { $0.image.brokers } }

  /// Whether a broker is live in this incarnation, as far as it is known here.
  func isRegistered(_ nodeID: Int32, brokerEpoch: Int64) -> Bool {
    guard let broker = brokers[nodeID] else { return false }
    return broker.brokerEpoch == brokerEpoch || !settings.rules.contains(.checkBrokerEpoch)
  }

  /// Takes over what the controller has published, before the partitions get their roles from it.
  ///
  /// - Complexity: O(*n*) in the number of partitions that are led here when brokers came or went.
  package func note(_ image: ClusterImage) {
    let areOthers = state.withLock { state in
      defer { state.image = image }
      return state.image.brokers != image.brokers
    }
    guard areOthers else { return }
    for replica in led { replica.noteBrokers() }
  }

  /// Begins to look after the in-sync replicas of partitions that are led here; or goes on with
  /// another way to the controller.
  package func start(_ channel: any IsrChannel) {
    let check = scheduler.timer { [weak self] in self?.checkFollowers() }
    let retry = scheduler.timer { [weak self] in self?.sendAgain() }
    let isFirst = state.withLock { state in
      state.channel = channel
      guard state.check == nil else { return false }
      state.check = check
      state.retry = retry
      return true
    }
    if isFirst { scheduler.set(check, at: now + checkIntervalMilliseconds) }
  }

  /// Ends what `start` began.
  package func stop() {
    let timers = state.withLock { state in
      defer { (state.channel, state.check, state.retry, state.unsent) = (nil, nil, nil, []) }
      return [state.check, state.retry].compactMap { $0 }
    }
    for timer in timers { scheduler.cancel(timer) }
  }

  // MARK: Those that are led here

  func noteLed(_ replica: Replica) {
    state.withLock { $0.led[ObjectIdentifier(replica)] = replica }
  }

  func noteNotLed(_ replica: Replica) {
    _ = state.withLock { $0.led.removeValue(forKey: ObjectIdentifier(replica)) }
  }

  /// In the order of their names, so that a simulation sees the same one each time.
  private var led: [Replica] {
    let all = state.withLock { Array($0.led.values) }
    return all.sorted { first, second in
      let (first, second) = (first.log.identity, second.log.identity)
      return (first.topic, first.partition) < (second.topic, second.partition)
    }
  }

  /// Looks which leaderships are to be doubted, as `Replica.review`; returns whether any was or is no
  /// longer.
  ///
  /// - Complexity: O(*n*) in the number of partitions that are led here.
  func review(silenceLimit: Int64?) -> Bool {
    // All of them, whatever the first says.
    led.count { $0.review(silenceLimit: silenceLimit) } > 0
  }

  private var checkIntervalMilliseconds: Int64 { max(1, settings.lagMilliseconds / 2) }

  private func checkFollowers() {
    for replica in led { replica.checkFollowers() }
    guard let check = state.withLock({ $0.check }) else { return }
    scheduler.set(check, at: now + checkIntervalMilliseconds)
  }

  // MARK: Changes of the in-sync replicas

  func send(_ proposal: LeaderState.Proposal, of replica: Replica, leadership: UInt64) {
    let settle = { @Sendable [weak replica] outcome in
      replica?.settle(proposal, leadership: leadership, outcome) ?? ()
    }
    guard let channel = state.withLock({ $0.channel }) else {
      return settle(.failure(.unknownOutcome))
    }
    channel.alter(proposal.change, settle)
  }

  /// Sends a change again whose outcome is not known, after a pause.
  func sendLater(_ proposal: LeaderState.Proposal, of replica: Replica, leadership: UInt64) {
    let retry = state.withLock { state in
      guard state.retry != nil else { return nil as Scheduler.Timer? }
      state.unsent.append(Unsent(proposal: proposal, replica: replica, leadership: leadership))
      return state.unsent.count == 1 ? state.retry : nil
    }
    if let retry { scheduler.set(retry, at: now + Limits.isrRetryMilliseconds) }
  }

  private func sendAgain() {
    let unsent = state.withLock { state in
      defer { state.unsent = [] }
      return state.unsent
    }
    for change in unsent
    where change.replica.isPending(change.proposal, leadership: change.leadership) {
      send(change.proposal, of: change.replica, leadership: change.leadership)
    }
  }

  // MARK: What is observed

  func noteISRChange(from before: Int, to after: Int) {
    if after < before { shrinks.add(1, ordering: .relaxed) }
    if after > before { expansions.add(1, ordering: .relaxed) }
  }

  /// What metrics and health checks ask of all partitions.
  ///
  /// - Complexity: O(*n*) in the number of partitions of the cluster.
  func summary() -> ReplicationSummary {
    var summary = ReplicationSummary(
      shrinkCount: shrinks.load(ordering: .relaxed),
      expansionCount: expansions.load(ordering: .relaxed))
    for leader in led.compactMap(\.leaderState) {
      summary.ledCount += 1
      if leader.isUnderReplicated { summary.underReplicatedCount += 1 }
      if leader.isUnderMinISR { summary.underMinISRCount += 1 }
    }
    for topic in image.topics.values {
      for partition in topic.partitions where partition.leader < 0 {
        summary.offlineCount += partition.replicas.contains(nodeID) ? 1 : 0
      }
    }
    return summary
  }
}
