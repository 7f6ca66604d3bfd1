import MoldauFormat
import Testing

@testable import MoldauCluster

/// The rules of docs/replication.md, one by one, without a log and without a clock.
struct LeaderStateTests {
  private static let lag: Int64 = 1_000
  private static let brokers = registered([1: 11, 2: 12, 3: 13])

  private static func registered(_ epochs: [Int32: Int64]) -> [Int32: BrokerRegistration] {
    Dictionary(
      uniqueKeysWithValues: epochs.map { id, epoch in
        (
          id,
          BrokerRegistration(
            nodeID: id, brokerEpoch: epoch, directoryID: .zero, endpoints: [],
            replication: .init(name: "REPLICATION", host: "localhost", port: 0),
            survivedSince: epoch,
            lost: [])
        )
      })
  }

  private static func image(
    isr: [Int32], partitionEpoch: Int32 = 5, leaderEpoch: Int32 = 3
  ) -> PartitionImage {
    PartitionImage(
      replicas: [1, 2, 3], leader: 1, leaderEpoch: leaderEpoch, partitionEpoch: partitionEpoch,
      isr: isr)
  }

  private static func leader(
    isr: [Int32] = [1, 2, 3], minISR: Int = 1, epochStart: Int64 = 0, highWatermark: Int64 = 0,
    rules: ReplicationRules = .all
  ) -> LeaderState {
    LeaderState(
      of: TopicPartition(topic: "t", partition: 0), topicID: .zero, on: 1, image(isr: isr),
      minInSyncReplicas: minISR, epochStart: Offset(rawValue: epochStart),
      highWatermark: Offset(rawValue: highWatermark), lagMilliseconds: lag, rules: rules, now: 0)
  }

  /// Where the high watermark comes to when the leader's log ends at `end`.
  private static func advance(
    _ state: inout LeaderState, end: Int64, own: Int64? = nil, now: Int64 = 0,
    _ brokers: [Int32: BrokerRegistration] = brokers
  ) -> Int64 {
    let end = Offset(rawValue: end)
    let others = state.othersEnd(leaderEnd: end, now: now, brokers)
    _ = state.advance(own: own.map { Offset(rawValue: $0) } ?? end, others: others)
    return state.highWatermark.rawValue
  }

  @discardableResult
  private static func fetch(
    _ state: inout LeaderState, by node: Int32, at offset: Int64, end: Int64, now: Int64 = 0,
    epoch: Int64? = nil
  ) -> Bool {
    state.noteFetch(
      by: node, brokerEpoch: epoch ?? Int64(node) + 10, at: Offset(rawValue: offset), start: .zero,
      leaderEnd: Offset(rawValue: end), now: now)
  }

  private static func join(
    _ state: inout LeaderState, _ node: Int32, _ brokers: [Int32: BrokerRegistration]
  ) -> LeaderState.Proposal? { state.proposeExpansion(by: node, brokers) }

  private static func shrink(
    _ state: inout LeaderState, _ end: Offset, now: Int64
  ) -> LeaderState.Proposal? { state.proposeShrink(leaderEnd: end, now: now) }

  private static func settle(
    _ state: inout LeaderState, _ id: UInt64,
    _ outcome: Result<PartitionImage, IsrChangeFailure>, now: Int64
  ) -> LeaderState.Settlement { state.settle(id, outcome, now: now) }

  private static func update(_ state: inout LeaderState, _ newer: PartitionImage, now: Int64)
    -> Bool
  { state.update(newer, now: now) }

  // MARK: The high watermark

  @Test("rule 8: the high watermark is the least end of the in-sync replicas, and never falls")
  func leastEnd() {
    var state = Self.leader()
    #expect(Self.advance(&state, end: 10) == 0, "nobody has fetched in this epoch")
    Self.fetch(&state, by: 2, at: 7, end: 10)
    #expect(Self.advance(&state, end: 10) == 0, "one has not")
    Self.fetch(&state, by: 3, at: 4, end: 10)
    #expect(Self.advance(&state, end: 10) == 4)
    #expect(Self.advance(&state, end: 10, own: 3) == 4, "it does not fall")
    Self.fetch(&state, by: 3, at: 10, end: 10)
    #expect(Self.advance(&state, end: 10, own: 6) == 6, "the leader's own contribution counts")
    #expect(Self.advance(&state, end: 10) == 7)
  }

  @Test("rule 8: a replica that is not in sync is waited for when it is caught up and may join")
  func waitsForJoining() {
    var state = Self.leader(isr: [1, 2])
    Self.fetch(&state, by: 2, at: 10, end: 10)
    Self.fetch(&state, by: 3, at: 10, end: 10)
    Self.fetch(&state, by: 2, at: 20, end: 20)
    #expect(Self.advance(&state, end: 20) == 10)
    #expect(Self.advance(&state, end: 20, now: Self.lag + 1) == 20, "it lags behind for too long")
  }

  @Test(
    "rules 8 and 15: who may not join is not waited for",
    arguments: [
      registered([1: 11, 2: 12]), registered([1: 11, 2: 12, 3: 14]),
      shuttingDown(3),
    ])
  func ineligible(brokers: [Int32: BrokerRegistration]) {
    var state = Self.leader(isr: [1, 2])
    Self.fetch(&state, by: 2, at: 20, end: 20)
    Self.fetch(&state, by: 3, at: 10, end: 10)
    #expect(Self.advance(&state, end: 20, brokers) == 20)
    Self.fetch(&state, by: 3, at: 20, end: 20)
    #expect(Self.join(&state, 3, brokers) == nil)
  }

  private static func shuttingDown(_ id: Int32) -> [Int32: BrokerRegistration] {
    var all = brokers
    all[id]?.isShuttingDown = true
    return all
  }

  @Test("rules 6 and 8: nothing is committed while fewer are in sync than min.insync.replicas")
  func minISR() {
    var state = Self.leader(isr: [1], minISR: 2)
    #expect(state.isUnderMinISR)
    #expect(Self.advance(&state, end: 10) == 0)
    #expect(Self.update(&state, Self.image(isr: [1, 2], partitionEpoch: 6), now: 0))
    Self.fetch(&state, by: 2, at: 10, end: 10)
    #expect(Self.advance(&state, end: 10) == 10)
    var without = Self.leader(isr: [1], minISR: 2, rules: .all.subtracting(.minInSyncReplicas))
    #expect(Self.advance(&without, end: 10) == 10)
  }

  @Test("rule 8: nothing is committed while one that has left could be elected")
  func eligible() {
    var image = Self.image(isr: [1], partitionEpoch: 6)
    image.elr = [2]
    var state = Self.leader(isr: [1, 2], minISR: 1)
    #expect(Self.update(&state, image, now: 0))
    #expect(state.isUnderMinISR)
    #expect(Self.advance(&state, end: 10) == 0)
    image.elr = []
    image.partitionEpoch = 7
    #expect(Self.update(&state, image, now: 0))
    #expect(Self.advance(&state, end: 10) == 10)
  }

  @Test("rule 8: more than all replicas cannot be asked for")
  func effectiveMinISR() {
    #expect(Self.leader(minISR: 5).effectiveMinInSyncReplicas == 3)
    #expect(!Self.leader(minISR: 5).isUnderMinISR)
  }

  // MARK: Changes of the in-sync replicas

  @Test("rule 14: who was not caught up for the lag time leaves")
  func shrink() {
    var state = Self.leader()
    Self.fetch(&state, by: 2, at: 10, end: 10, now: 100)
    Self.fetch(&state, by: 3, at: 5, end: 10, now: 100)
    let end = Offset(rawValue: 20)
    #expect(Self.shrink(&state, end, now: Self.lag) == nil, "each gets its time")
    let proposal = Self.shrink(&state, end, now: Self.lag + 50)
    #expect(proposal?.change.isr.map(\.nodeID) == [1, 2])
    #expect(proposal?.change.isr.map(\.brokerEpoch) == [-1, 12])
    #expect(proposal?.change.partitionEpoch == 5)
    #expect(Self.shrink(&state, end, now: 9_999) == nil, "one change at a time")
  }

  @Test("rule 14: who reaches at each fetch where the leader was at the one before is caught up")
  func fetchesBehind() {
    var state = Self.leader(isr: [1, 2])
    for step in 1...20 {
      let now = Int64(step) * 500
      Self.fetch(&state, by: 2, at: Int64(step) * 10, end: Int64(step) * 10 + 10, now: now)
      #expect(Self.shrink(&state, Offset(rawValue: .max), now: now) == nil)
    }
  }

  @Test("rule 14: a session that is alive keeps a follower that has everything in sync")
  func alive() {
    var state = Self.leader(isr: [1, 2])
    Self.fetch(&state, by: 2, at: 10, end: 10, now: 0)
    state.noteAlive(2, at: 5_000, leaderEnd: Offset(rawValue: 10))
    let end = Offset(rawValue: 11)
    #expect(Self.shrink(&state, end, now: 5_000 + Self.lag) == nil)
    state.noteAlive(2, at: 9_000, leaderEnd: end)
    #expect(Self.shrink(&state, end, now: 5_001 + Self.lag) != nil, "it has not")
  }

  @Test("rule 7: a pending shrink counts the old replicas until it is confirmed")
  func pendingShrink() throws {
    var state = Self.leader(isr: [1, 2])
    Self.fetch(&state, by: 2, at: 5, end: 10)
    let late = Self.lag + 1
    let proposal = try #require(Self.shrink(&state, Offset(rawValue: 10), now: late))
    #expect(Self.advance(&state, end: 10, now: late) == 5)
    let confirmed = Self.image(isr: [1], partitionEpoch: 6)
    #expect(Self.settle(&state, proposal.id, .success(confirmed), now: late) == .settled)
    #expect(Self.advance(&state, end: 10, now: late) == 10)

    var early = Self.leader(isr: [1, 2], rules: .all.subtracting(.lateShrink))
    Self.fetch(&early, by: 2, at: 5, end: 10)
    _ = Self.shrink(&early, Offset(rawValue: 10), now: late)
    #expect(Self.advance(&early, end: 10, now: late) == 10)
  }

  @Test("rule 7: a pending expansion counts the joining replica at once")
  func pendingExpansion() {
    for (rules, expected) in [
      (ReplicationRules.all, Int64(8)), (.all.subtracting(.earlyExpand), 12),
    ] {
      var state = Self.leader(isr: [1, 2], rules: rules)
      Self.fetch(&state, by: 2, at: 8, end: 8)
      #expect(Self.advance(&state, end: 8) == 8)
      Self.fetch(&state, by: 3, at: 8, end: 8)
      #expect(Self.join(&state, 3, Self.brokers)?.change.isr.map(\.nodeID) == [1, 2, 3])
      Self.fetch(&state, by: 2, at: 12, end: 12)
      #expect(Self.advance(&state, end: 12, now: Self.lag + 1) == expected)
    }
  }

  @Test("what live in-sync replicas have deleted no later leader shows")
  func lowWatermark() {
    var state = Self.leader(isr: [1, 2])
    func low(_ brokers: [Int32: BrokerRegistration] = Self.brokers) -> Int64? {
      state.lowWatermark(own: Offset(rawValue: 7), brokers)?.rawValue
    }
    #expect(low() == nil)
    #expect(low(Self.registered([1: 11, 3: 13])) == 7)
    _ = state.noteFetch(
      by: 2, brokerEpoch: 12, at: Offset(rawValue: 9), start: Offset(rawValue: 4),
      leaderEnd: Offset(rawValue: 9), now: 0)
    #expect(low() == 4)
    // Who is about to be in sync counts: the controller may have agreed already.
    Self.fetch(&state, by: 3, at: 9, end: 9)
    #expect(low() == 4)
    #expect(Self.join(&state, 3, Self.brokers) != nil)
    #expect(low() == 0)
  }

  @Test("rule 15: a replica joins at the high watermark and at the start of the leader's epoch")
  func join() {
    var state = Self.leader(isr: [1, 2], epochStart: 10, highWatermark: 6)
    Self.fetch(&state, by: 3, at: 5, end: 20)
    #expect(Self.join(&state, 3, Self.brokers) == nil, "below the high watermark")
    Self.fetch(&state, by: 3, at: 9, end: 20)
    #expect(Self.join(&state, 3, Self.brokers) == nil, "below the start of the epoch")
    Self.fetch(&state, by: 3, at: 10, end: 20)
    let proposal = Self.join(&state, 3, Self.brokers)
    #expect(
      proposal?.change.isr == [
        .init(nodeID: 1, brokerEpoch: -1), .init(nodeID: 2, brokerEpoch: -1),
        .init(nodeID: 3, brokerEpoch: 13),
      ])
    var without = Self.leader(
      isr: [1, 2], epochStart: 10, highWatermark: 6, rules: .all.subtracting(.joinFromEpochStart))
    Self.fetch(&without, by: 3, at: 6, end: 20)
    #expect(Self.join(&without, 3, Self.brokers) != nil)
  }

  @Test("rule 15: an old incarnation of a broker neither joins nor is heard")
  func incarnations() {
    var state = Self.leader(isr: [1, 2])
    Self.fetch(&state, by: 3, at: 10, end: 10, epoch: 14)
    #expect(Self.join(&state, 3, Self.brokers) == nil, "the registered one is 13")
    #expect(!Self.fetch(&state, by: 3, at: 3, end: 10, epoch: 13), "one later has fetched")
    #expect(state.followers[3]?.end == Offset(rawValue: 10))
    var without = Self.leader(isr: [1, 2], rules: .all.subtracting(.checkBrokerEpoch))
    Self.fetch(&without, by: 3, at: 10, end: 10, epoch: 14)
    #expect(Self.join(&without, 3, Self.brokers) != nil)
  }

  @Test("a caught-up replica whose fetch came while a change was pending is let in afterwards")
  func joinLater() {
    var state = Self.leader(isr: [1])
    let end = Offset(rawValue: 10)
    Self.fetch(&state, by: 2, at: 10, end: 10)
    Self.fetch(&state, by: 3, at: 10, end: 10)
    #expect(Self.join(&state, 2, Self.brokers)?.id == 1)
    #expect(Self.join(&state, 3, Self.brokers) == nil)
    #expect(Self.update(&state, Self.image(isr: [1, 2], partitionEpoch: 6), now: 0))
    let next = state.proposeExpansion(leaderEnd: end, now: 0, Self.brokers)
    #expect(next?.change.isr.map(\.nodeID) == [1, 2, 3])
  }

  @Test("a replica that is not of the partition is not heard")
  func stranger() {
    var state = Self.leader()
    #expect(!Self.fetch(&state, by: 4, at: 10, end: 10))
  }

  // MARK: Outcomes

  @Test("rule 16: what an outcome does")
  func outcomes() throws {
    let newer = Self.image(isr: [1, 2, 3], partitionEpoch: 6)
    let same = Self.image(isr: [1, 2])
    let cases: [(Result<PartitionImage, IsrChangeFailure>, isPending: Bool, isr: [Int32])] = [
      (.success(newer), false, [1, 2, 3]), (.success(same), false, [1, 2]),
      (.failure(.fenced), true, [1, 2]), (.failure(.unknownPartition), true, [1, 2]),
      (.failure(.ineligible), false, [1, 2]), (.failure(.unknownOutcome), true, [1, 2]),
    ]
    for (outcome, isPending, isr) in cases {
      var state = Self.leader(isr: [1, 2])
      Self.fetch(&state, by: 3, at: 10, end: 10)
      let proposal = try #require(Self.join(&state, 3, Self.brokers))
      let settlement = Self.settle(&state, proposal.id, outcome, now: 0)
      #expect(state.hasPendingChange == isPending, "\(outcome)")
      #expect(state.image.isr == isr, "\(outcome)")
      if outcome == .failure(.unknownOutcome) { #expect(settlement == .again(proposal)) }
    }
  }

  @Test("rule 16: a fenced change stays pending until newer metadata, which settles it")
  func metadataSettles() throws {
    var state = Self.leader(isr: [1, 2])
    Self.fetch(&state, by: 3, at: 10, end: 10)
    let proposal = try #require(Self.join(&state, 3, Self.brokers))
    #expect(Self.settle(&state, proposal.id, .failure(.fenced), now: 0) == .waits)
    #expect(state.maximalISR == [1, 2, 3])
    #expect(
      !Self.update(&state, Self.image(isr: [1], partitionEpoch: 5), now: 0), "it is not newer")
    #expect(Self.update(&state, Self.image(isr: [1], partitionEpoch: 7), now: 0))
    #expect(state.maximalISR == [1])
    #expect(Self.settle(&state, proposal.id, .failure(.ineligible), now: 0) == .stale)
    let late = Self.image(isr: [1, 2, 3], partitionEpoch: 6)
    #expect(Self.settle(&state, proposal.id, .success(late), now: 0) == .stale)
    #expect(state.image.isr == [1])
  }

  @Test("rule 4: an older or equal state is ignored")
  func olderState() {
    var state = Self.leader()
    #expect(!Self.update(&state, Self.image(isr: [1], partitionEpoch: 4), now: 0))
    #expect(!Self.update(&state, Self.image(isr: [1], partitionEpoch: 5), now: 0))
    #expect(state.image.isr == [1, 2, 3])
  }
}
