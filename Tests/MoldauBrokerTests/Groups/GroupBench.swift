import MoldauProtocol
import Testing

@testable import MoldauBroker

/// A classic group whose clock, waits and disk a test has in its hands.
struct GroupBench {
  var group: ClassicGroup
  var now: Int64 = 0
  var answers: [GroupWaitID: GroupAnswer] = [:]
  /// Records that are written and not said to be stored.
  var unstored: [Int32] = []
  /// Whether records are stored as soon as they are written.
  var storesAtOnce = true
  private(set) var recordCount = 0
  private var lastWait: GroupWaitID = 0

  init(_ configuration: GroupConfiguration = GroupConfiguration(initialRebalanceDelay: .zero)) {
    group = ClassicGroup(id: "group", configuration)
  }

  var time: GroupTime { GroupTime(steady: now, wall: now) }

  // MARK: Events

  static func protocols(_ names: [String], topics: [String]) -> [JoinGroupRequest.GroupProtocol] {
    var subscription = ConsumerProtocolSubscription()
    subscription.topics = topics
    return names.map { name in
      var supported = JoinGroupRequest.GroupProtocol()
      supported.name = name
      supported.metadata = subscription.encoded(version: 1)
      return supported
    }
  }

  /// Joins with an id, or with none as before version 4.
  @discardableResult
  mutating func join(
    _ memberID: String = "", new newID: String = "new", instance: String? = nil,
    protocols: [String] = ["range"], topics: [String] = ["t"], session: Int64 = 10_000,
    rebalance: Int64 = 30_000, type: String = "consumer", requiresKnownID: Bool = false,
    canSkip: Bool = true, metadata: [UInt8]? = nil
  ) throws -> GroupWaitID {
    lastWait += 1
    let wait = lastWait
    var supported = Self.protocols(protocols, topics: topics)
    if let metadata {
      for index in supported.indices { supported[index].metadata = metadata }
    }
    let join = ClassicJoin(
      memberID: memberID, instanceID: instance, clientID: "client", clientHost: "/host",
      rebalanceTimeoutMilliseconds: rebalance, sessionTimeoutMilliseconds: session,
      protocolType: type, protocols: supported,
      requiresKnownID: requiresKnownID, canSkipAssignment: canSkip, newMemberID: newID)
    try change { group, time, effects in group.join(join, wait, time, &effects) }
    return wait
  }

  @discardableResult
  mutating func sync(
    _ memberID: String, instance: String? = nil, generation: Int32? = nil, type: String? = nil,
    name: String? = nil, _ assignments: [String: [UInt8]] = [:]
  ) throws -> GroupWaitID {
    lastWait += 1
    let wait = lastWait
    let sync = ClassicSync(
      memberID: memberID, instanceID: instance, generation: generation ?? group.generation,
      protocolType: type, protocolName: name,
      assignments: assignments.map { memberID, bytes in
        var given = SyncGroupRequest.Assignment()
        given.memberID = memberID
        given.assignment = bytes
        return given
      })
    try change { group, time, effects in group.sync(sync, wait, time, &effects) }
    return wait
  }

  mutating func heartbeat(
    _ memberID: String, instance: String? = nil, generation: Int32? = nil
  ) -> ErrorCode {
    group.heartbeat(
      memberID: memberID, instanceID: instance, generation: generation ?? group.generation, time)
  }

  mutating func leave(_ leaving: [(String, String?)]) throws -> [ErrorCode] {
    var codes: [ErrorCode] = []
    try change { group, time, effects in codes = group.leave(leaving, time, &effects) }
    return codes
  }

  mutating func commit(
    _ memberID: String = "", instance: String? = nil, epoch: Int32 = -1
  ) -> ErrorCode {
    group.checkCommit(
      by: GroupCommitter(memberID: memberID, instanceID: instance, epoch: epoch), time)
  }

  /// Lets time pass, and the group know each moment that it asked for.
  mutating func wait(_ milliseconds: Int64) throws {
    let end = now + milliseconds
    while let deadline = group.nextDeadline, deadline <= end {
      now = max(now, deadline)
      try change { group, time, effects in group.timePassed(time, &effects) }
    }
    now = end
  }

  mutating func store(_ failure: ErrorCode? = nil) throws {
    let token = unstored.removeFirst()
    try change { group, time, effects in
      group.recordsStored(token, failure: failure, time, &effects)
    }
  }

  private mutating func change(
    _ body: (inout ClassicGroup, GroupTime, inout GroupEffects) -> Void
  ) throws {
    var effects = GroupEffects()
    body(&group, time, &effects)
    for (wait, answer) in effects.answers {
      #expect(answers[wait] == nil, "a wait is answered once")
      answers[wait] = answer
    }
    recordCount += effects.records.count
    if let token = effects.storageToken { unstored.append(token) }
    try group.checkInvariants()
    if storesAtOnce, !unstored.isEmpty { try store() }
  }

  // MARK: Looks

  /// The answer to a join; nil while it waits.
  func joined(_ wait: GroupWaitID) -> JoinGroupResponse? {
    if case .join(let response)? = answers[wait] { return response }
    return nil
  }

  func synced(_ wait: GroupWaitID) -> SyncGroupResponse? {
    if case .sync(let response)? = answers[wait] { return response }
    return nil
  }

  /// A group of these members in state Stable; the first leads. Static ones bear their id with
  /// "i-" in front as instance.
  static func stable(
    _ members: [String], areStatic: Bool = false, session: Int64 = 10_000
  ) throws -> GroupBench {
    var bench = GroupBench()
    for (index, id) in members.enumerated() {
      let instance = areStatic ? "i-\(id)" : nil
      try bench.join(new: id, instance: instance, session: session)
      for known in members[..<index] {
        try bench.join(known, instance: areStatic ? "i-\(known)" : nil, session: session)
      }
    }
    let assignments = Dictionary(
      uniqueKeysWithValues: members.enumerated().map { ($1, [UInt8($0)]) })
    for id in members { try bench.sync(id, id == bench.group.leaderID ? assignments : [:]) }
    try #require(bench.group.state == .stable)
    return bench
  }
}
