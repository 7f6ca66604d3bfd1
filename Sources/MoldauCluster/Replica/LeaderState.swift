package import MoldauFormat

/// What the leader of a partition knows of its followers, and what follows from it: the high
/// watermark and the in-sync replicas. The numbers are those of the rules in docs/replication.md.
///
/// A value of one leader epoch, without a clock, a log or a lock of its own: events and times go in,
/// decisions come out. `brokers` are always the live brokers as the newest image has them.
///
/// INVARIANT: the high watermark never falls; there is no more than one pending change, and the
/// committed in-sync replicas, `image.isr`, only change by what the controller says.
package struct LeaderState: Sendable {
  /// A change of the in-sync replicas that the controller has not confirmed.
  struct Pending: Sendable {
    let id: UInt64
    /// What is asked for.
    let isr: [Int32]
    let joining: Int32?
  }

  let partition: TopicPartition
  let topicID: TopicID
  let nodeID: Int32
  let rules: ReplicationRules
  let lagMilliseconds: Int64
  /// The state that the controller has confirmed last.
  package private(set) var image: PartitionImage
  /// The topic's `min.insync.replicas`.
  package var minInSyncReplicas: Int
  /// Where the log ended when the leader epoch began.
  package let epochStart: Offset
  package internal(set) var highWatermark: Offset
  package private(set) var followers: [Int32: FollowerState] = [:]
  var pending: Pending?
  var lastChangeID: UInt64 = 0

  /// - Parameters:
  ///   - highWatermark: the one that the replica has known before.
  ///   - epochStart: the log's end.
  package init(
    of partition: TopicPartition, topicID: TopicID, on nodeID: Int32, _ image: PartitionImage,
    minInSyncReplicas: Int, epochStart: Offset, highWatermark: Offset, lagMilliseconds: Int64,
    rules: ReplicationRules, now: Int64
  ) {
    precondition(image.leader == nodeID, "another broker leads")
    self.partition = partition
    self.topicID = topicID
    self.nodeID = nodeID
    self.rules = rules
    self.lagMilliseconds = lagMilliseconds
    self.image = image
    self.minInSyncReplicas = minInSyncReplicas
    self.epochStart = epochStart
    self.highWatermark = highWatermark
    arrangeFollowers(now: now)
  }

  // MARK: The controller's state

  /// Takes over another state of the same leader epoch; one that is not newer is ignored (rule 4).
  /// A pending change ends with it: the newer state has it, or is what the next one starts from.
  ///
  /// - Returns: whether it was newer.
  package mutating func update(_ newer: PartitionImage, now: Int64) -> Bool {
    precondition(newer.leaderEpoch == image.leaderEpoch, "another epoch has a state of its own")
    guard newer.partitionEpoch > image.partitionEpoch else { return false }
    image = newer
    pending = nil
    arrangeFollowers(now: now)
    return true
  }

  /// Has a state for each replica but this one. One that is in sync starts as if it had just been
  /// caught up: it gets its time to fetch.
  private mutating func arrangeFollowers(now: Int64) {
    var arranged: [Int32: FollowerState] = [:]
    for replica in image.replicas where replica != nodeID {
      arranged[replica] =
        followers[replica]
        ?? FollowerState(lastCaughtUp: image.isr.contains(replica) ? now : nil)
    }
    followers = arranged
  }

  // MARK: Followers

  /// Takes over a follower's fetch whose history agrees with the leader's log: it has all below
  /// `offset` (rule 13).
  ///
  /// - Returns: false when the partition has no such replica, or when a later incarnation of its
  ///   broker has fetched already.
  package mutating func noteFetch(
    by follower: Int32, brokerEpoch: Int64, at offset: Offset, start: Offset, leaderEnd: Offset,
    now: Int64
  ) -> Bool {
    guard var state = followers[follower] else { return false }
    if rules.contains(.checkBrokerEpoch), brokerEpoch < state.brokerEpoch { return false }
    state.noteFetch(
      at: offset, start: start, brokerEpoch: brokerEpoch, leaderEnd: leaderEnd, now: now)
    followers[follower] = state
    return true
  }

  /// Notes that a follower's session, which has this partition without anything to say of it, was
  /// alive at `time`: what it knew last still holds.
  package mutating func noteAlive(_ follower: Int32, at time: Int64, leaderEnd: Offset) {
    guard let state = followers[follower], let end = state.end, end >= leaderEnd else { return }
    followers[follower]?.lastCaughtUp = max(state.lastCaughtUp, time)
  }

  // MARK: Counting

  /// The committed in-sync replicas with those that a pending change adds, and those that it takes
  /// away: either state may be the coordinator's (rule 7).
  package var maximalISR: [Int32] {
    guard let pending else { return image.isr }
    if pending.joining != nil {
      return rules.contains(.earlyExpand) ? pending.isr : image.isr
    }
    return rules.contains(.lateShrink) ? image.isr : pending.isr
  }

  /// A topic cannot have more in sync than replicas.
  package var effectiveMinInSyncReplicas: Int { min(minInSyncReplicas, image.replicas.count) }

  /// Whether too few are in sync to acknowledge anything to those who want all (rule 6).
  ///
  /// Also while there are eligible replicas: the controller finds then that too few are in sync, and
  /// could elect one of those that left, which lacks what would be committed now. So nothing depends
  /// on the broker and the controller being set alike.
  package var isUnderMinISR: Bool {
    rules.contains(.minInSyncReplicas)
      && (image.isr.count < effectiveMinInSyncReplicas || !image.elr.isEmpty)
  }

  package var isUnderReplicated: Bool { image.isr.count < image.replicas.count }

  /// Whether a change waits for the controller.
  package var hasPendingChange: Bool { pending != nil }

  package var pendingChangeID: UInt64? { pending?.id }

  /// Whether a broker may be in sync in the incarnation that has fetched here: it is live, is not
  /// about to stop, and has not registered anew since.
  func isEligible(_ follower: Int32, _ brokers: [Int32: BrokerRegistration]) -> Bool {
    guard let broker = brokers[follower], !broker.isShuttingDown else { return false }
    guard rules.contains(.checkBrokerEpoch) else { return true }
    return followers[follower]?.brokerEpoch == broker.brokerEpoch
  }

  func isCaughtUp(_ follower: Int32, leaderEnd: Offset, now: Int64) -> Bool {
    followers[follower]?.isCaughtUp(
      leaderEnd: leaderEnd, now: now, lagMilliseconds: lagMilliseconds) ?? false
  }
}
