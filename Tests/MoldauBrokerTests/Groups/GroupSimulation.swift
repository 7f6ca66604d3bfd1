import MoldauDisk
import MoldauProtocol

@testable import MoldauBroker

/// A classic group and its clients in one thread, with a clock, a network and a disk that a seed
/// decides upon.
///
/// Clients join, leave, crash, come back, become slow and lose answers; records are stored late or
/// not at all. What must hold is checked after each event.
struct GroupSimulation {
  struct Violation: Error, CustomStringConvertible {
    let description: String
  }

  enum Event {
    case join(Int, attempt: Int)
    case sync(Int, attempt: Int, [SyncGroupRequest.Assignment])
    case heartbeat(Int, attempt: Int)
    case answer(Int, attempt: Int, GroupAnswer)
    case heartbeatAnswer(Int, attempt: Int, ErrorCode)
    case impatience(Int, attempt: Int)
    case stored(Int32, ErrorCode?)
    case chaos
  }

  static let partitionCount = 5
  static let chaosMilliseconds: Int64 = 60_000
  /// The longest of all timeouts, and as much again for what the end of chaos has begun.
  static let calmMilliseconds: Int64 = 2 * Limits.newMemberJoinMilliseconds

  var generator: SeededGenerator
  var group: ClassicGroup
  var consumers: [SimulatedConsumer] = []
  /// In the order of time.
  var events: [(time: Int64, event: Event)] = []
  var now: Int64 = 0
  var lastWait: GroupWaitID = 0
  var waits: [GroupWaitID: (consumer: Int, attempt: Int, since: Int64)] = [:]
  /// Who was given a partition in a generation.
  var owners: [Int32: [UInt8: String]] = [:]
  var nextID = 0
  var isCalm: Bool { now >= Self.chaosMilliseconds }
  var time: GroupTime { GroupTime(steady: now, wall: now) }

  init(seed: UInt64) {
    generator = SeededGenerator(seed: seed)
    let delays: [Int64] = [0, 100, 3_000]
    let delay = delays.randomElement(using: &generator) ?? 0
    group = ClassicGroup(
      id: "group", GroupConfiguration(initialRebalanceDelay: .milliseconds(delay)))
    let count = Int.random(in: 1...7, using: &generator)
    for number in 0..<count { consumers.append(makeConsumer(number)) }
    for number in 0..<count { post(after: random(0...5_000), .impatience(number, attempt: 0)) }
    post(after: random(100...3_000), .chaos)
  }

  private mutating func makeConsumer(_ number: Int) -> SimulatedConsumer {
    let isStatic = chance(30)
    return SimulatedConsumer(
      number: number, instanceID: isStatic ? "static-\(number)" : nil,
      requiresKnownID: chance(70), canSkipAssignment: chance(50),
      protocols: chance(50) ? ["range", "sticky"] : ["sticky", "range"],
      sessionTimeout: random(6_000...12_000), rebalanceTimeout: random(3_000...20_000))
  }

  // MARK: Running

  /// Runs through the chaos and until the group has settled.
  mutating func run() throws {
    while let next = nextTime {
      now = max(now, next)
      guard now < Self.chaosMilliseconds + Self.calmMilliseconds else {
        throw Violation(description: "not settled: \(group.state), \(consumers.map(\.phase))")
      }
      if let deadline = group.nextDeadline, deadline <= now {
        var effects = GroupEffects()
        group.timePassed(time, &effects)
        carryOut(effects)
        try expect(group.nextDeadline.map { $0 > now } ?? true, "time goes round in circles")
      } else {
        try handle(events.remove(at: 0).event)
      }
      try check()
      if isCalm, isSettled { return try checkSettled() }
    }
    throw Violation(description: "nothing happens any more")
  }

  private var nextTime: Int64? {
    [events.first?.time, group.nextDeadline].compactMap { $0 }.min()
  }

  mutating func post(after delay: Int64, _ event: Event) {
    let time = now + delay
    let place = events.lastIndex { $0.time <= time } ?? -1
    events.insert((time, event), at: place + 1)
  }

  mutating func random(_ range: ClosedRange<Int64>) -> Int64 {
    Int64.random(in: range, using: &generator)
  }

  mutating func chance(_ percent: Int) -> Bool {
    Int.random(in: 0..<100, using: &generator) < percent
  }

  /// How long a message is on its way.
  mutating func delay() -> Int64 { chance(90) ? random(0...20) : random(20...2_000) }

  // MARK: The coordinator's side

  private mutating func handle(_ event: Event) throws {
    var effects = GroupEffects()
    switch event {
    case .join(let number, let attempt):
      nextID += 1
      let join = consumers[number].join(newMemberID: "member-\(number)-\(nextID)")
      guard attempt == consumers[number].attempt else { break }
      group.join(join, beginWait(number, attempt), time, &effects)
    case .sync(let number, let attempt, let assignments):
      let consumer = consumers[number]
      let sync = ClassicSync(
        memberID: consumer.memberID, instanceID: consumer.instanceID,
        generation: consumer.generation, protocolType: "consumer", protocolName: nil,
        assignments: assignments)
      guard attempt == consumer.attempt else { break }
      group.sync(sync, beginWait(number, attempt), time, &effects)
    case .heartbeat(let number, let attempt):
      let consumer = consumers[number]
      guard attempt == consumer.attempt else { break }
      let code = group.heartbeat(
        memberID: consumer.memberID, instanceID: consumer.instanceID,
        generation: consumer.generation, time)
      post(after: delay(), .heartbeatAnswer(number, attempt: attempt, code))
      try commit(consumer)
    case .stored(let token, let failure):
      group.recordsStored(token, failure: failure, time, &effects)
    case .answer(let number, let attempt, let answer):
      if attempt == consumers[number].attempt { try receive(answer, number) }
    case .heartbeatAnswer(let number, let attempt, let code):
      if attempt == consumers[number].attempt { receive(code, number) }
    case .impatience(let number, let attempt):
      if attempt == consumers[number].attempt, consumers[number].phase != .member { join(number) }
    case .chaos:
      if !isCalm {
        disturb(&effects)
        post(after: random(100...3_000), .chaos)
      }
    }
    carryOut(effects)
  }

  private mutating func beginWait(_ number: Int, _ attempt: Int) -> GroupWaitID {
    lastWait += 1
    waits[lastWait] = (number, attempt, now)
    return lastWait
  }

  private mutating func carryOut(_ effects: GroupEffects) {
    for (wait, answer) in effects.answers {
      guard let waiter = waits.removeValue(forKey: wait) else {
        preconditionFailure("a wait was answered twice")
      }
      let isLost = !isCalm && chance(3)
      guard !isLost else { continue }
      post(after: delay(), .answer(waiter.consumer, attempt: waiter.attempt, answer))
    }
    if let token = effects.storageToken {
      let fails = !isCalm && chance(5)
      post(after: delay(), .stored(token, fails ? .coordinatorNotAvailable : nil))
    }
  }

  // MARK: Laws

  /// A commit is taken from a member of this generation only; from whom it was earlier, never.
  private mutating func commit(_ consumer: SimulatedConsumer) throws {
    let current = GroupCommitter(
      memberID: consumer.memberID, instanceID: consumer.instanceID, epoch: consumer.generation)
    if group.checkCommit(by: current, time) == .none {
      try expect(
        group.generation == consumer.generation && group.members[consumer.memberID] != nil,
        "a commit of generation \(consumer.generation) was taken in \(group.generation)")
    }
    for past in consumer.past.suffix(5) where past.generation >= 0 {
      guard past.generation != group.generation || group.members[past.memberID] == nil else {
        continue
      }
      let committer = GroupCommitter(
        memberID: past.memberID, instanceID: consumer.instanceID, epoch: past.generation)
      let code = group.checkCommit(by: committer, time)
      try expect(code != .none, "a commit of old generation \(past.generation) was taken")
    }
  }

  /// Notes what a consumer was given, which no other may have in the same generation.
  mutating func own(_ partitions: [UInt8], _ consumer: SimulatedConsumer) throws {
    for partition in partitions {
      let other = owners[consumer.generation]?[partition]
      try expect(
        other == nil || other == consumer.owner,
        "partition \(partition) has two owners in generation \(consumer.generation)")
      owners[consumer.generation, default: [:]][partition] = consumer.owner
    }
  }

  private func check() throws {
    try group.checkInvariants()
    // A join waits for a rebalance, which waits for the slowest member, twice at the most: once
    // more if nobody is there to lead. A sync waits for the leader's, or for its removal.
    let patience: Int64 = 20_000 * 2 + 2_000 + 3_000 + Limits.newMemberJoinMilliseconds
    for wait in waits.values {
      try expect(now - wait.since <= patience, "consumer \(wait.consumer) waits for ever")
    }
  }

  private var isSettled: Bool {
    group.state == .stable && group.members.count == consumers.count && waits.isEmpty
      && consumers.allSatisfy { $0.phase == .member && $0.generation == group.generation }
  }

  private func checkSettled() throws {
    let owned = consumers.flatMap(\.assignment).sorted()
    try expect(
      owned == (0..<UInt8(Self.partitionCount)).map { $0 },
      "in the end the partitions \(owned) have owners")
  }

  func expect(_ isTrue: Bool, _ law: @autoclosure () -> String) throws {
    if !isTrue { throw Violation(description: "at \(now) ms: \(law())") }
  }
}

extension ClassicGroup {
  /// Throws when what the type says of itself does not hold.
  func checkInvariants() throws {
    func expect(_ isTrue: Bool, _ law: String) throws {
      if !isTrue { throw GroupSimulation.Violation(description: "\(law) in \(state)") }
    }
    let joined = members.values.filter { $0.joinWait != nil }.count
    try expect(joined == joinedCount, "joins are miscounted")
    try expect(joined == 0 || state == .preparingRebalance, "a join waits")
    let syncs = members.values.filter { $0.syncWait != nil }.count
    try expect(syncs == 0 || state == .completingRebalance, "a sync waits")
    try expect(members.isEmpty || leaderID.map { members[$0] != nil } == true, "no leader")
    try expect(state != .empty || members.isEmpty, "members")
    try expect(staticMembers.values.allSatisfy { members[$0] != nil }, "a static member is gone")
    try expect((state == .preparingRebalance) == (rebalance != nil), "a rebalance")
    var counts: [String: Int] = [:]
    for member in members.values {
      for name in Set(member.protocols.map(\.name)) { counts[name, default: 0] += 1 }
    }
    try expect(counts == protocolCounts, "protocols are miscounted")
  }
}
