import MoldauDisk
import MoldauFormat
import MoldauProtocol
import Testing

@testable import MoldauBroker

/// Members that come, go, crash, sleep and lose answers, topics that change, a coordinator that
/// restarts: and no partition is ever held by two.
@Suite("Consumer groups, simulated")
struct ConsumerGroupSimulationTests {
  @Test(
    "no partition has two owners, and in the end all have one", arguments: 0..<60 as Range<UInt64>)
  func simulate(seed: UInt64) throws {
    var world = SimulatedGroup(seed: seed)
    for _ in 0..<400 { try world.step() }
    try world.settle()
  }
}

/// A client of the group, as far as the group can tell.
private struct SimulatedMember {
  var id: String
  let instanceID: String?
  var topics: [String]
  var pattern: String?
  var epoch: Int32 = 0
  /// What it consumes.
  var owned: Set<GroupPartition> = []
  /// What it was told to own; nil: nothing new.
  var assignment: Set<GroupPartition>?
  /// It has to say everything, since an answer was lost.
  var saysAll = true
  var hasOwnedChanged = false
  var sleepsUntil: Int64 = 0
  var oldEpochs: Set<Int32> = []

  mutating func heartbeat() -> MemberHeartbeat {
    var heartbeat = MemberHeartbeat(memberID: id, memberEpoch: epoch)
    let saysAll = saysAll || epoch == 0
    heartbeat.instanceID = instanceID
    if saysAll {
      heartbeat.topicNames = topics
      heartbeat.topicPattern = pattern
      heartbeat.rebalanceTimeoutMilliseconds = 20_000
    }
    if saysAll || hasOwnedChanged { heartbeat.owned = owned }
    hasOwnedChanged = false
    self.saysAll = false
    return heartbeat
  }

  /// Does the next thing that its assignment asks for: giving back comes first.
  mutating func reconcile() {
    guard let wanted = assignment else { return }
    hasOwnedChanged = true
    if owned.isSubset(of: wanted) {
      owned = wanted
      assignment = nil
    } else {
      owned.formIntersection(wanted)
    }
  }

  /// The answer to a heartbeat did not come.
  ///
  /// Who has said what it owns may have lost what it was told to own and has not taken yet: it
  /// waits to be told again. (A client that does not may hold a partition that another has got,
  /// until its next heartbeat is refused; so it is with Kafka.)
  mutating func lose(_ heartbeat: MemberHeartbeat) {
    saysAll = true
    if heartbeat.owned != nil { assignment = nil }
  }

  mutating func startOver() {
    epoch = 0
    owned = []
    assignment = nil
    saysAll = true
  }
}

private struct SimulatedGroup {
  private var generator: SeededGenerator
  private let seed: UInt64
  private var group: ConsumerGroup
  private var log = GroupLog()
  private var catalog = FakeCatalog(["t-0": 4, "t-1": 3])
  private var members: [SimulatedMember] = []
  private var now: Int64 = 0
  private var nextID = 0

  init(seed: UInt64) {
    self.seed = seed
    generator = SeededGenerator(seed: seed)
    group = ConsumerGroup(id: "g", settings: ConsumerGroupSettings())
  }

  private mutating func chance(_ percent: Int) -> Bool {
    Int.random(in: 0..<100, using: &generator) < percent
  }

  mutating func step() throws {
    now += Int64.random(in: 0...3_000, using: &generator)
    _ = group.expire(now: now)
    switch Int.random(in: 0..<100, using: &generator) {
    case 0..<6 where members.count < 6: join()
    case 6..<8 where !members.isEmpty: leave()
    case 8..<9 where !members.isEmpty:
      members.remove(at: Int.random(in: members.indices, using: &generator))
    case 9..<11: changeTopics()
    case 11..<12: try restart()
    case 12..<14 where !members.isEmpty:
      let index = Int.random(in: members.indices, using: &generator)
      members[index].sleepsUntil = now + Int64.random(in: 0...90_000, using: &generator)
    case 14..<16 where !members.isEmpty:
      let index = Int.random(in: members.indices, using: &generator)
      members[index].topics = chance(50) ? ["t-0"] : ["t-0", "t-1", "t-2"]
      members[index].saysAll = true
    default: try act()
    }
    check()
  }

  /// Lets one member do what it does.
  private mutating func act() throws {
    guard !members.isEmpty else { return }
    let index = Int.random(in: members.indices, using: &generator)
    guard members[index].sleepsUntil <= now else { return }
    if chance(40) { members[index].reconcile() } else { try beat(index, losing: 10) }
  }

  private mutating func beat(_ index: Int, losing percent: Int) throws {
    var member = members[index]
    defer { members[index] = member }
    let heartbeat = member.heartbeat()
    if chance(percent) {
      // The request did not arrive.
      member.lose(heartbeat)
      return
    }
    do throws(ConsumerGroupError) {
      let answer = try group.heartbeat(heartbeat, catalog, now: now)
      group.checkInvariants()
      if chance(percent) && !chance(50) {
        // The log did not take it; the client is told so and tries again.
        member.lose(heartbeat)
        return
      }
      log.write(&group)
      if chance(percent) {
        member.lose(heartbeat)
        return
      }
      if answer.memberEpoch != member.epoch { member.oldEpochs.insert(member.epoch) }
      member.epoch = answer.memberEpoch
      if let assignment = answer.assignment { member.assignment = assignment }
    } catch {
      switch error.code {
      case .unreleasedInstanceID: break
      case .fencedInstanceID: member.startOver()
      default: member.startOver()
      }
    }
  }

  private mutating func join() {
    nextID += 1
    let instance = chance(30) ? "i\(Int.random(in: 0..<2, using: &generator))" : nil
    // A process with this instance id is stopped before another starts, or was killed.
    members.removeAll { $0.instanceID != nil && $0.instanceID == instance }
    var member = SimulatedMember(id: "m\(nextID)", instanceID: instance, topics: ["t-0", "t-1"])
    if chance(25) {
      member.topics = []
      member.pattern = chance(50) ? "t-.*" : "t-[01]"
    }
    members.append(member)
  }

  private mutating func leave() {
    let index = Int.random(in: members.indices, using: &generator)
    let member = members.remove(at: index)
    guard member.epoch > 0 else { return }
    let isBack = member.instanceID != nil && chance(70)
    var heartbeat = MemberHeartbeat(
      memberID: member.id,
      memberEpoch: isBack ? ConsumerGroup.steppingAway : ConsumerGroup.leaving)
    heartbeat.instanceID = member.instanceID
    do throws(ConsumerGroupError) {
      _ = try group.heartbeat(heartbeat, catalog, now: now)
      log.write(&group)
    } catch {
      // It was out already.
    }
  }

  private mutating func changeTopics() {
    let name = "t-\(Int.random(in: 0..<3, using: &generator))"
    if chance(30) {
      catalog.delete(name)
    } else {
      let count = catalog.topic(named: name)?.partitionCount ?? 0
      catalog.create(name, count + Int32.random(in: 1...2, using: &generator))
    }
  }

  /// The coordinator stops and starts: what was not written is gone, and nobody was told of it.
  private mutating func restart() throws {
    let loaded = try log.load(id: "g", group.settings, now: now)
    group = loaded ?? ConsumerGroup(id: "g", settings: group.settings)
    group.checkInvariants()
  }

  /// What live members consume is what the coordinator takes for theirs.
  private func check() {
    group.checkInvariants()
    for member in members {
      guard let known = group.members[member.id], !known.isAway,
        member.epoch == known.epoch || member.epoch == known.previousEpoch, member.epoch > 0
      else { continue }
      for partition in member.owned {
        #expect(group.owners[partition] == member.id, "seed \(seed), \(member.id)")
      }
      for epoch in member.oldEpochs where epoch != known.epoch {
        do throws(ConsumerGroupError) {
          try group.checkMember(member.id, epoch: epoch, isCommit: true)
          Issue.record("seed \(seed): a commit of epoch \(epoch) was taken")
        } catch {
          #expect(error.code == .staleMemberEpoch)
        }
      }
    }
  }

  /// Everyone is awake and nothing is lost any more: the group must come to rest.
  mutating func settle() throws {
    if members.isEmpty { join() }
    for index in members.indices { members[index].sleepsUntil = 0 }
    // Longer than any session: whoever crashed is out.
    for _ in 0..<30 {
      now += 4_000
      _ = group.expire(now: now)
      for index in members.indices {
        try beat(index, losing: 0)
        members[index].reconcile()
        check()
      }
    }
    #expect(group.state == .stable, "seed \(seed)")
    #expect(group.members.count == members.count, "seed \(seed)")
    var all: Set<GroupPartition> = []
    for member in members {
      #expect(member.owned == group.target[member.id], "seed \(seed)")
      #expect(all.isDisjoint(with: member.owned), "seed \(seed)")
      all.formUnion(member.owned)
    }
    let wanted = group.topics.values.flatMap { Array($0.partitions) }
    #expect(all == Set(wanted), "seed \(seed)")
  }
}
