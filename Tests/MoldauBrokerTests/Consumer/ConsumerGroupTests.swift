import MoldauFormat
import MoldauProtocol
import Testing

@testable import MoldauBroker

/// A group, its topics and its log, and a clock that stands still.
private struct Scene {
  var group: ConsumerGroup
  var catalog: FakeCatalog
  var log = GroupLog()
  var now: Int64 = 1_000

  init(
    _ topics: KeyValuePairs<String, Int32>, maxMembers: Int = 100,
    patternSteps: Int = Limits.patternSteps
  ) {
    var settings = ConsumerGroupSettings()
    settings.maxMembers = maxMembers
    settings.patternSteps = patternSteps
    group = ConsumerGroup(id: "g", settings: settings)
    catalog = FakeCatalog(topics)
  }

  /// Sends a heartbeat and writes what it leads to.
  mutating func send(_ heartbeat: MemberHeartbeat) throws(ConsumerGroupError) -> MemberAnswer {
    let answer = try group.heartbeat(heartbeat, catalog, now: now)
    group.checkInvariants()
    log.write(&group)
    return answer
  }

  @discardableResult
  mutating func join(
    _ id: String, _ topics: [String] = ["t"], pattern: String? = nil, instance: String? = nil,
    assignor: String? = nil
  ) throws(ConsumerGroupError) -> MemberAnswer {
    var heartbeat = MemberHeartbeat(memberID: id, memberEpoch: 0)
    heartbeat.topicNames = topics
    heartbeat.topicPattern = pattern
    heartbeat.instanceID = instance
    heartbeat.rebalanceTimeoutMilliseconds = 10_000
    heartbeat.owned = []
    heartbeat.assignor = assignor
    return try send(heartbeat)
  }

  @discardableResult
  mutating func beat(
    _ id: String, _ epoch: Int32, owned: Set<GroupPartition>? = nil, instance: String? = nil
  ) throws(ConsumerGroupError) -> MemberAnswer {
    var heartbeat = MemberHeartbeat(memberID: id, memberEpoch: epoch)
    heartbeat.owned = owned
    heartbeat.instanceID = instance
    return try send(heartbeat)
  }

  func t(_ numbers: Int32...) -> Set<GroupPartition> { catalog.partitions("t", numbers) }

  func expectLoaded(_ location: SourceLocation = #_sourceLocation) throws {
    let loaded = try #require(try log.load(id: "g", group.settings, now: now))
    #expect(loaded.epoch == group.epoch, sourceLocation: location)
    #expect(loaded.targetEpoch == group.targetEpoch, sourceLocation: location)
    #expect(loaded.target == group.target, sourceLocation: location)
    #expect(loaded.owners == group.owners, sourceLocation: location)
    #expect(loaded.topics == group.topics, sourceLocation: location)
    #expect(loaded.staticMembers == group.staticMembers, sourceLocation: location)
    #expect(loaded.state == group.state, sourceLocation: location)
  }
}

private func code(_ body: () throws(ConsumerGroupError) -> MemberAnswer) -> ErrorCode {
  do throws(ConsumerGroupError) {
    _ = try body()
    return .none
  } catch {
    return error.code
  }
}

@Suite("Consumer groups of the newer protocol")
struct ConsumerGroupTests {
  @Test("the first member gets everything at once")
  func firstMember() throws {
    var scene = Scene(["t": 4])
    #expect(scene.group.state == .empty)
    let answer = try scene.join("a")
    #expect(answer == MemberAnswer(memberID: "a", memberEpoch: 1, assignment: scene.t(0, 1, 2, 3)))
    #expect(scene.group.state == .stable)
    #expect(try scene.beat("a", 1).assignment == nil)
    try scene.expectLoaded()
  }

  @Test("a partition changes hands only once its owner has said that it gave it back")
  func handover() throws {
    var scene = Scene(["t": 4])
    try scene.join("a")
    let joined = try scene.join("b")
    #expect(joined.memberEpoch == 2)
    #expect(joined.assignment == [])
    #expect(scene.group.state == .reconciling)

    let told = try scene.beat("a", 1)
    #expect(told.memberEpoch == 1)
    #expect(told.assignment?.count == 2)
    let kept = try #require(told.assignment)
    #expect(try scene.beat("b", 2).assignment == nil)
    #expect(try scene.beat("a", 1, owned: scene.t(0, 1, 2, 3)).memberEpoch == 1)
    try scene.expectLoaded()

    #expect(try scene.beat("a", 1, owned: kept).memberEpoch == 2)
    let given = try scene.beat("b", 2)
    #expect(given.assignment == scene.t(0, 1, 2, 3).subtracting(kept))
    #expect(scene.group.state == .stable)
    try scene.expectLoaded()
  }

  @Test("a full heartbeat is answered with the assignment, an ordinary one only with changes")
  func fullHeartbeats() throws {
    var scene = Scene(["t": 2])
    try scene.join("a")
    var full = MemberHeartbeat(memberID: "a", memberEpoch: 1)
    full.owned = []
    full.topicNames = ["t"]
    full.rebalanceTimeoutMilliseconds = 10_000
    #expect(try scene.send(full).assignment == scene.t(0, 1))
    #expect(try scene.beat("a", 1, owned: scene.t(0, 1)).assignment == nil)
  }

  @Test("a lost answer to a join, or to a new epoch, costs nothing")
  func lostAnswers() throws {
    var scene = Scene(["t": 2])
    try scene.join("a")
    #expect(try scene.join("a").memberEpoch == 1)
    try scene.join("b")
    try scene.beat("a", 1)
    let mine = try #require(scene.group.members["a"]?.assigned)
    #expect(try scene.beat("a", 1, owned: mine).memberEpoch == 2)
    #expect(try scene.beat("a", 1, owned: mine).memberEpoch == 2)
    #expect(code { () throws(ConsumerGroupError) in try scene.beat("a", 1) } == .fencedMemberEpoch)
  }

  @Test("epochs that are not the member's, and members that are none, are refused")
  func fencing() throws {
    var scene = Scene(["t": 2])
    #expect(code { () throws(ConsumerGroupError) in try scene.beat("a", 1) } == .unknownMemberID)
    try scene.join("a")
    #expect(code { () throws(ConsumerGroupError) in try scene.beat("a", 2) } == .fencedMemberEpoch)
    #expect(code { () throws(ConsumerGroupError) in try scene.beat("b", 1) } == .unknownMemberID)
    #expect(code { () throws(ConsumerGroupError) in try scene.beat("b", -1) } == .unknownMemberID)
  }

  @Test("a member that was fenced gives up what it had and joins anew, in a new epoch")
  func rejoining() throws {
    var scene = Scene(["t": 2])
    try scene.join("a")
    try scene.join("b")
    try scene.beat("a", 1)
    try scene.beat("a", 1, owned: scene.group.members["a"]?.assigned)
    #expect(scene.group.members["a"]?.epoch == 2)
    let again = try scene.join("a")
    #expect(again.memberEpoch == 3)
    try scene.expectLoaded()
  }

  @Test("whoever leaves gives all of it back at once")
  func leaving() throws {
    var scene = Scene(["t": 2])
    try scene.join("a")
    try scene.join("b")
    #expect(try scene.beat("a", -1).memberEpoch == -1)
    #expect(scene.group.state == .assigning)
    #expect(try scene.beat("b", 2).assignment == scene.t(0, 1))
    try scene.beat("b", -1)
    #expect(scene.group.isEmpty)
    #expect(scene.group.state == .empty)
    try scene.expectLoaded()
    scene.log.append(scene.group.deletionRecords)
    #expect(try scene.log.load(id: "g", scene.group.settings, now: 0) == nil)
    #expect(scene.log.records.isEmpty)
  }

  @Test("who is not heard of for a session is out, and so is who gives nothing back")
  func deadlines() throws {
    var scene = Scene(["t": 2])
    try scene.join("a")
    scene.now += 40_000
    try scene.join("b")
    try scene.beat("a", 1)
    #expect(scene.group.members["a"]?.state == .unrevokedPartitions)
    scene.now += 9_999
    #expect(scene.group.expire(now: scene.now) == [])
    try scene.beat("a", 1, owned: scene.t(0, 1))
    scene.now += 1
    #expect(scene.group.expire(now: scene.now) == ["a"])
    #expect(try scene.beat("b", 2).assignment == scene.t(0, 1))
    scene.now += 44_999
    #expect(scene.group.expire(now: scene.now) == [])
    scene.now += 1
    #expect(scene.group.expire(now: scene.now) == ["b"])
    scene.group.checkInvariants()
  }

  @Test("a static member that steps away keeps its partitions, and who takes its place has them")
  func staticMembers() throws {
    var scene = Scene(["t": 4])
    try scene.join("a", instance: "one")
    try scene.join("b", instance: "two")
    try scene.beat("a", 1, instance: "one")
    let kept = scene.group.members["a"]?.assigned
    try scene.beat("a", 1, owned: kept)
    try scene.beat("b", 2)
    let epoch = scene.group.epoch
    #expect(
      code { () throws(ConsumerGroupError) in try scene.join("c", instance: "one") }
        == .unreleasedInstanceID)
    #expect(try scene.beat("a", -2, instance: "one").memberEpoch == -2)
    try scene.expectLoaded()
    #expect(try scene.beat("b", 2).assignment == nil)
    let back = try scene.join("c", instance: "one")
    #expect(back.assignment == kept)
    #expect(scene.group.epoch == epoch)
    #expect(scene.group.state == .stable)
    #expect(
      code { () throws(ConsumerGroupError) in try scene.beat("a", 2, instance: "one") }
        == .fencedInstanceID)
    try scene.expectLoaded()
    try scene.beat("c", -1, instance: "one")
    #expect(scene.group.staticMembers == ["two": "b"])
  }

  @Test("a static member that does not come back in time is out")
  func absentStaticMember() throws {
    var scene = Scene(["t": 2])
    try scene.join("a", instance: "one")
    try scene.beat("a", -2, instance: "one")
    scene.now += 45_000
    #expect(scene.group.expire(now: scene.now) == ["a"])
    #expect(scene.group.isEmpty)
  }

  @Test("topics that come, grow and go start new epochs; other topics do not")
  func topicChanges() throws {
    var scene = Scene(["t": 1])
    try scene.join("a", ["t", "u"])
    scene.catalog.create("other", 3)
    #expect(try scene.beat("a", 1) == MemberAnswer(memberID: "a", memberEpoch: 1))
    scene.catalog.create("u", 1)
    let both = try scene.beat("a", 1)
    #expect(both.memberEpoch == 2)
    #expect(both.assignment?.count == 2)
    scene.catalog.create("t", 3)
    #expect(try scene.beat("a", 2).assignment?.count == 4)
    scene.catalog.delete("u")
    let fewer = try scene.beat("a", 3)
    #expect(fewer.assignment == scene.t(0, 1, 2))
    #expect(fewer.memberEpoch == 3)
    #expect(try scene.beat("a", 3, owned: scene.t(0, 1, 2)).memberEpoch == 4)
    try scene.expectLoaded()
  }

  @Test("a pattern finds topics now and later; a bad one is refused and changes nothing")
  func patterns() throws {
    var scene = Scene(["t-1": 1, "t-2": 1, "x": 1])
    #expect(
      code { () throws(ConsumerGroupError) in try scene.join("a", [], pattern: "t-(") }
        == .invalidRegularExpression)
    #expect(scene.group.isEmpty)
    #expect(try scene.join("a", [], pattern: "t-.*").assignment?.count == 2)
    scene.catalog.create("t-3", 2)
    #expect(try scene.beat("a", 1).assignment?.count == 4)
    #expect(scene.group.isSubscribed(to: "t-3"))
    #expect(!scene.group.isSubscribed(to: "x"))
    try scene.expectLoaded()

    var loaded = try #require(
      try scene.log.load(id: "g", scene.group.settings, now: scene.now))
    let answer = try loaded.heartbeat(
      MemberHeartbeat(memberID: "a", memberEpoch: 2), scene.catalog, now: scene.now)
    #expect(answer == MemberAnswer(memberID: "a", memberEpoch: 2))
    #expect(loaded.dueRecords.isEmpty)

    var without = MemberHeartbeat(memberID: "a", memberEpoch: 2)
    without.topicPattern = ""
    without.topicNames = ["x"]
    let other = try scene.send(without)
    #expect(other.assignment == [])
    #expect(try scene.beat("a", 2, owned: []).assignment?.count == 1)
  }

  @Test("a pattern that takes long is matched in turns, each heartbeat a bounded part")
  func patternTurns() throws {
    var scene = Scene([:], patternSteps: 1_000)
    for number in 100..<200 { scene.catalog.create("t-\(number)", 1) }
    try scene.join("a", [], pattern: "(t|-|[0-9]){1,100}")
    var beats = 0
    while scene.group.patternPass != nil, beats < 1_000 {
      #expect(!scene.group.isSubscribed(to: "t-100"))
      try scene.beat("a", 1)
      beats += 1
      // What the topics are is found out anew when they change under way.
      if beats == 2 { scene.catalog.create("t-new", 1) }
      if beats == 4 { scene.catalog.create("t-200", 1) }
    }
    #expect((10..<1_000).contains(beats))
    #expect(scene.group.isSubscribed(to: "t-200"))
    #expect(!scene.group.isSubscribed(to: "t-new"))
    #expect(scene.group.owners.count == 101)
  }

  @Test("offsets are for members in their epoch, and for anyone while there is none")
  func offsets() throws {
    var scene = Scene(["t": 1])
    try scene.group.checkMember("", epoch: -1, isCommit: true)
    try scene.join("a")
    func refusal(_ id: String, _ epoch: Int32, isCommit: Bool) -> ErrorCode {
      do throws(ConsumerGroupError) {
        try scene.group.checkMember(id, epoch: epoch, isCommit: isCommit)
        return .none
      } catch {
        return error.code
      }
    }
    #expect(refusal("a", 1, isCommit: true) == .none)
    #expect(refusal("a", 0, isCommit: true) == .staleMemberEpoch)
    #expect(refusal("a", 2, isCommit: false) == .staleMemberEpoch)
    #expect(refusal("b", 1, isCommit: true) == .unknownMemberID)
    #expect(refusal("", -1, isCommit: true) == .unknownMemberID)
    #expect(refusal("", -1, isCommit: false) == .none)
  }

  @Test("a full group takes no more members")
  func fullGroup() throws {
    var scene = Scene(["t": 1], maxMembers: 1)
    try scene.join("a")
    #expect(
      code { () throws(ConsumerGroupError) in try scene.join("b") } == .groupMaxSizeReached)
    #expect(try scene.join("a").memberEpoch == 1)
  }

  @Test("what could not be written stays due")
  func unwritten() throws {
    var scene = Scene(["t": 1])
    var heartbeat = MemberHeartbeat(memberID: "a", memberEpoch: 0)
    heartbeat.topicNames = ["t"]
    heartbeat.owned = []
    _ = try scene.group.heartbeat(heartbeat, scene.catalog, now: scene.now)
    let due = scene.group.dueRecords
    #expect(due.count == 6)
    #expect(due.last?.key == .group("g"))
    _ = try scene.group.heartbeat(
      MemberHeartbeat(memberID: "a", memberEpoch: 1), scene.catalog, now: scene.now)
    #expect(scene.group.dueRecords == due)
    scene.log.write(&scene.group)
    #expect(scene.group.dueRecords.isEmpty)
    try scene.expectLoaded()
  }

  @Test("the assignor that most ask for is taken")
  func assignors() throws {
    var scene = Scene(["t": 1])
    #expect(scene.group.assignor == .uniform)
    try scene.join("a", assignor: "range")
    #expect(scene.group.assignor == .range)
    try scene.join("b", assignor: "uniform")
    #expect(scene.group.assignor == .uniform)
  }
}
