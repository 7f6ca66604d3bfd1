import MoldauFormat
import Testing

@testable import MoldauCluster

/// How a broker that holds a replica may be found.
enum Fate: CaseIterable {
  case dead
  /// In the registration in which it was in sync.
  case same
  case survived
  case lost
  case shuttingDown

  func registration(_ id: Int32) -> BrokerRegistration? {
    guard self != .dead else { return nil }
    let isSame = self == .same || self == .shuttingDown
    var broker = BrokerRegistration(
      nodeID: id, brokerEpoch: isSame ? 1 : 2, directoryID: .zero, endpoints: [],
      replication: .init(name: "R", host: "h", port: 1), survivedSince: self == .lost ? 2 : 1)
    broker.isShuttingDown = self == .shuttingDown
    return broker
  }
}

/// All states of a partition with three replicas and all fates of their brokers.
struct AllCases {
  struct Case {
    var state: PartitionImage
    var fates: [Int32: Fate]
    var circumstances: Circumstances
  }

  static let partition = TopicPartition(topic: "orders", partition: 0)

  static func circumstances(
    _ fates: [Int32: Fate], minInSync: Int = 1, unclean: Bool = false,
    rules: ReplicationRules = .all
  ) -> Circumstances {
    var brokers: [Int32: BrokerRegistration] = [:]
    for (id, fate) in fates { brokers[id] = fate.registration(id) }
    return Circumstances(
      partition: partition, brokers: brokers, minInSyncReplicas: minInSync,
      allowsUncleanElection: unclean, rules: rules)
  }

  /// Calls `body` with each.
  static func forEach(rules: ReplicationRules = .all, _ body: (Case) -> Void) {
    let surroundings = surroundings(rules: rules)
    for state in states {
      for (fates, circumstances) in surroundings {
        body(Case(state: state, fates: fates, circumstances: circumstances))
      }
    }
  }

  private static let states: [PartitionImage] = (0..<27).flatMap { places in
    let isr: [Int32] = (0..<3).filter { digit(places, $0, base: 3) == 0 }.map { Int32($0 + 1) }
    let elr: [Int32] = (0..<3).filter { digit(places, $0, base: 3) == 1 }.map { Int32($0 + 1) }
    return (isr + [-1]).map { leader in
      var state = PartitionImage(
        replicas: [1, 2, 3], leader: leader, leaderEpoch: 5, partitionEpoch: 8, isr: isr)
      state.elr = elr
      for id in isr + elr { state.brokerEpochs[id] = 1 }
      return state
    }
  }

  private static func surroundings(
    rules: ReplicationRules
  ) -> [(fates: [Int32: Fate], Circumstances)] {
    (0..<125).flatMap { number in
      let all = Fate.allCases
      let fates: [Int32: Fate] = [
        1: all[digit(number, 0, base: 5)], 2: all[digit(number, 1, base: 5)],
        3: all[digit(number, 2, base: 5)],
      ]
      return [(1, false), (2, false), (3, false), (2, true)].map { minInSync, unclean in
        (fates, circumstances(fates, minInSync: minInSync, unclean: unclean, rules: rules))
      }
    }
  }

  private static func digit(_ number: Int, _ place: Int, base: Int) -> Int {
    (0..<place).reduce(number) { rest, _ in rest / base } % base
  }
}

/// Rules 17 to 21, over all states of a partition with three replicas and all fates of their
/// brokers.
struct SettlingTests {
  /// Collects the cases in which something does not hold.
  private func expectAll(
    rules: ReplicationRules = .all, _ holds: (AllCases.Case, PartitionImage) -> Bool,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    var failure: String?
    AllCases.forEach(rules: rules) { found in
      let next = found.state.settled(found.circumstances) ?? found.state
      if failure == nil, !holds(found, next) {
        failure = "\(found.state) \(found.fates) became \(next)"
      }
    }
    #expect(failure == nil, sourceLocation: sourceLocation)
  }

  private func hasKept(_ id: Int32, _ found: AllCases.Case) -> Bool {
    found.fates[id] != .dead && found.fates[id] != .lost
  }

  private func isUnclean(_ found: AllCases.Case, _ next: PartitionImage) -> Bool {
    let members = found.state.isr + found.state.elr
    return found.circumstances.allowsUncleanElection && next.leader >= 0
      && !(members.contains(next.leader) && hasKept(next.leader, found))
  }

  @Test("what is settled stays as it is")
  func idempotent() {
    expectAll { found, next in next.settled(found.circumstances) == nil }
  }

  @Test("17: only live replicas are in sync, and none becomes so without an election")
  func onlyLive() {
    expectAll { found, next in
      next.isr.allSatisfy { id in
        found.fates[id] != .dead && (found.state.isr.contains(id) || next.leader == id)
      }
    }
  }

  @Test("17: who is in sync, up and has kept all stays in sync")
  func stays() {
    expectAll { found, next in
      found.state.isr.filter { hasKept($0, found) }.allSatisfy(next.isr.contains)
    }
  }

  @Test("18: who has lost something is neither in sync nor eligible, unless it was elected unclean")
  func lost() {
    expectAll { found, next in
      (next.isr + next.elr).allSatisfy { found.fates[$0] != .lost || isUnclean(found, next) }
    }
  }

  @Test(
    "19: with enough in sync nobody else is eligible; else those are that have left and kept all")
  func eligible() {
    expectAll { found, next in
      if next.isr.count >= found.circumstances.minInSyncReplicas || isUnclean(found, next) {
        return next.elr.isEmpty
      }
      let expected = next.replicas.filter { id in
        (found.state.isr + found.state.elr).contains(id) && !next.isr.contains(id)
          && found.fates[id] != .lost
      }
      return next.elr == expected
    }
  }

  @Test("20: the leader is live and in sync, and there is one when anybody may be")
  func leader() {
    expectAll { found, next in
      if next.leader >= 0 {
        return next.isr.contains(next.leader) && found.fates[next.leader] != .dead
      }
      let candidates = found.state.isr.filter { hasKept($0, found) }
      let eligible = found.state.elr.filter { hasKept($0, found) }
      return next.isr.isEmpty && candidates.isEmpty && eligible.isEmpty
        && (!found.circumstances.allowsUncleanElection
          || found.fates.values.allSatisfy { $0 == .dead })
    }
  }

  @Test("20: unless the topic opts in, only who was in sync or eligible and has kept all leads")
  func clean() {
    expectAll { found, next in
      found.circumstances.allowsUncleanElection || next.leader < 0
        || ((found.state.isr + found.state.elr).contains(next.leader)
          && hasKept(next.leader, found))
    }
  }

  @Test("20: a broker that is about to stop is not elected where another can be")
  func shuttingDown() {
    expectAll { found, next in
      guard next.leader >= 0, next.leaderEpoch != found.state.leaderEpoch,
        found.fates[next.leader] == .shuttingDown
      else { return true }
      return next.isr.allSatisfy { found.fates[$0] == .shuttingDown }
    }
  }

  @Test("5, 21: every change raises the partition epoch, another leader or registration the other")
  func epochs() {
    expectAll { found, next in
      let isOther = next.leader != found.state.leader
      let isAnew =
        next.leader >= 0 && next.brokerEpochs[next.leader] != found.state.brokerEpochs[next.leader]
      let raises = isOther || isAnew
      return next.leaderEpoch == found.state.leaderEpoch + (raises ? 1 : 0)
        && next.partitionEpoch == found.state.partitionEpoch + (next == found.state ? 0 : 1)
    }
  }

  @Test("5: who leads does so in the registration in which it was elected")
  func incarnation() {
    expectAll { found, next in
      next.leader < 0
        || next.brokerEpochs[next.leader] == found.circumstances.brokers[next.leader]?.brokerEpoch
    }
  }

  @Test("the last leader is kept in mind when nobody can be elected any more")
  func lastKnownLeader() {
    expectAll { found, next in
      let nobody = next.isr.isEmpty && next.elr.isEmpty
      let somebody = !(found.state.isr + found.state.elr).isEmpty
      guard nobody, somebody else { return next.lastKnownLeader == -1 }
      return found.state.leader >= 0
        ? next.lastKnownLeader == found.state.leader : next.lastKnownLeader > 0
    }
  }

  @Test("without eligibleReplicas the last in-sync replicas stay in sync, whatever they have lost")
  func withoutEligible() {
    expectAll(rules: .all.subtracting(.eligibleReplicas)) { found, next in
      next.elr.isEmpty && (found.state.isr.isEmpty || !next.isr.isEmpty)
    }
  }

  @Test("without leaveAfterLoss who has lost something stays in sync")
  func withoutLeaving() {
    expectAll(rules: .all.subtracting(.leaveAfterLoss)) { found, next in
      found.state.isr.filter { found.fates[$0] != .dead }.allSatisfy(next.isr.contains)
    }
  }

  @Test("the last known leader is elected when it has kept what it had, and first when unclean")
  func lastReturns() throws {
    var state = PartitionImage(replicas: [1, 2, 3], leader: -1, leaderEpoch: 5, isr: [])
    state.lastKnownLeader = 3
    state.brokerEpochs = [3: 1]
    let kept = state.settled(
      AllCases.circumstances([1: .same, 2: .same, 3: .survived], minInSync: 2))
    #expect(kept?.leader == 3)
    #expect(kept?.isr == [3])
    #expect(kept?.lastKnownLeader == -1)
    #expect(state.settled(AllCases.circumstances([1: .same, 3: .lost])) == nil)
    let unclean = state.settled(AllCases.circumstances([1: .same, 3: .lost], unclean: true))
    #expect(unclean?.leader == 3)
    let other = state.settled(AllCases.circumstances([1: .same, 3: .dead], unclean: true))
    #expect(other?.leader == 1)
  }

  @Test("replicas without a known registration count as having lost what they had")
  func unknownRegistration() {
    var state = PartitionImage(replicas: [1, 2], leader: 1, isr: [1, 2])
    state.brokerEpochs = [2: 1]
    let next = state.settled(AllCases.circumstances([1: .same, 2: .same]))
    #expect(next?.isr == [2])
    #expect(next?.leader == 2)
  }

  /// Broker 1, in the registration after the one in which it was in sync, in which it says this.
  private func alone(
    survivedSince: Int64 = 2, lost: [TopicPartition] = [], directorySince: Int64,
    others: [Int32: Fate] = [:]
  ) -> Circumstances {
    var circumstances = AllCases.circumstances(others)
    circumstances.brokers[1] = BrokerRegistration(
      nodeID: 1, brokerEpoch: 2, directoryID: .zero, endpoints: [],
      replication: .init(name: "R", host: "h", port: 1), survivedSince: survivedSince,
      lost: lost.map { .init(partition: $0, brokerEpoch: 2) }, directorySince: directorySince)
    return circumstances
  }

  @Test("18: the only replica leads on with what is left, in a new epoch, from its own directory")
  func onlyReplica() throws {
    var up = PartitionImage(replicas: [1], leader: 1, leaderEpoch: 5, partitionEpoch: 8, isr: [1])
    up.brokerEpochs = [1: 1]
    let down = try #require(up.settled(AllCases.circumstances([1: .dead])))
    var given = down
    (given.elr, given.lastKnownLeader) = ([], 1)
    for state in [up, down, given] {
      for circumstances in [
        alone(directorySince: 1),
        alone(survivedSince: 1, lost: [AllCases.partition], directorySince: 1),
      ] {
        let next = try #require(state.settled(circumstances))
        #expect(next.leader == 1)
        #expect(next.leaderEpoch > up.leaderEpoch)
        #expect(next.isr == [1])
        #expect(next.brokerEpochs == [1: 2])
      }
      let other = state.settled(alone(directorySince: 2)) ?? state
      #expect(other.leader == -1)
      #expect(other.isr + other.elr == [])
    }
  }

  @Test("18: a replica that another one is being added to waits for it; alone again it leads")
  func onlyReplicaMoves() throws {
    var state = PartitionImage(
      replicas: [1, 2], leader: 1, leaderEpoch: 5, partitionEpoch: 8, isr: [1])
    state.adding = [2]
    state.brokerEpochs = [1: 1]
    let circumstances = alone(directorySince: 1, others: [2: .same])
    let waiting = try #require(state.settled(circumstances))
    #expect(waiting.leader == -1)
    let back = try waiting.movingBack(circumstances).get()
    #expect(back.replicas == [1])
    #expect(back.leader == 1)
    #expect(back.leaderEpoch > state.leaderEpoch)
  }
}
