import MoldauFormat
import MoldauLog
import MoldauProtocol
import Testing

@testable import MoldauBroker

/// Assignments, signs of life and commits of a classic group.
struct ClassicGroupLifeTests {
  @Test("members' syncs wait for the leader's, and for the disk")
  func sync() throws {
    var bench = try GroupBench.stable(["a", "b"])
    try bench.join("b", topics: ["u"])
    try bench.join("a")
    bench.storesAtOnce = false
    let follower = try bench.sync("b")
    #expect(bench.synced(follower) == nil)
    let leader = try bench.sync("a", type: "consumer", name: "range", ["a": [7], "b": [8, 9]])
    #expect(bench.synced(leader) == nil)
    #expect(bench.group.state == .completingRebalance)
    try bench.store()
    #expect(bench.synced(follower)?.assignment == [8, 9])
    #expect(bench.synced(leader)?.assignment == [7])
    #expect(bench.synced(leader)?.protocolName == "range")
    #expect(bench.group.state == .stable)
    let again = try bench.sync("b")
    #expect(bench.synced(again)?.assignment == [8, 9])
  }

  @Test("an assignment that cannot be stored is not given to anyone, and the group tries again")
  func unstored() throws {
    var bench = try GroupBench.stable(["a", "b"])
    try bench.join("b", topics: ["u"])
    try bench.join("a")
    bench.storesAtOnce = false
    let syncs = [try bench.sync("b"), try bench.sync("a", ["a": [1]])]
    try bench.store(.coordinatorNotAvailable)
    for sync in syncs { #expect(bench.synced(sync)?.errorCode == .coordinatorNotAvailable) }
    #expect(bench.group.state == .preparingRebalance)
    #expect(bench.heartbeat("a") == .rebalanceInProgress)
  }

  @Test("an assignment of an earlier generation that is stored late changes nothing")
  func storedLate() throws {
    var bench = try GroupBench.stable(["a", "b"])
    try bench.join("b", topics: ["u"])
    try bench.join("a")
    bench.storesAtOnce = false
    let sync = try bench.sync("a", ["a": [1]])
    _ = try bench.leave([("b", nil)])
    #expect(bench.synced(sync)?.errorCode == .rebalanceInProgress)
    try bench.store()
    #expect(bench.group.state == .preparingRebalance)
  }

  @Test("what a sync can be refused for")
  func syncRefusals() throws {
    var bench = try GroupBench.stable(["a"])
    let cases: [(wait: GroupWaitID, code: ErrorCode)] = [
      (try bench.sync("x"), .unknownMemberID),
      (try bench.sync("a", instance: "i"), .unknownMemberID),
      (try bench.sync("a", generation: 0), .illegalGeneration),
      (try bench.sync("a", type: "connect"), .inconsistentGroupProtocol),
      (try bench.sync("a", name: "other"), .inconsistentGroupProtocol),
    ]
    for (wait, code) in cases { #expect(bench.synced(wait)?.errorCode == code) }
    try bench.join(new: "b")
    let early = try bench.sync("a")
    #expect(bench.synced(early)?.errorCode == .rebalanceInProgress)
  }

  @Test("a leader that gives no assignment is let go, and the others go on without it")
  func silentLeader() throws {
    var bench = try GroupBench.stable(["a", "b"])
    try bench.join("b", topics: ["u"], session: 300_000)
    try bench.join("a", session: 300_000)
    let sync = try bench.sync("b")
    try bench.wait(29_999)
    #expect(bench.synced(sync) == nil)
    try bench.wait(1)
    #expect(bench.synced(sync)?.errorCode == .rebalanceInProgress)
    let join = try bench.join("b", topics: ["u"])
    #expect(bench.joined(join)?.leader == "b")
  }

  @Test("a member that is silent for its session is dead, one that waits for us is not silent")
  func sessions() throws {
    var bench = try GroupBench.stable(["a", "b"], session: 10_000)
    try bench.wait(9_000)
    #expect(bench.heartbeat("a") == .none)
    try bench.wait(1_000)
    #expect(bench.heartbeat("b") == .unknownMemberID)
    let join = try bench.join("a", session: 10_000, rebalance: 300_000)
    #expect(bench.joined(join)?.errorCode == .some(.none))

    bench = try GroupBench.stable(["a", "b"], session: 300_000)
    let waiting = try bench.join("b", topics: ["u"], session: 10_000, rebalance: 100_000)
    try bench.wait(99_000)
    #expect(bench.joined(waiting) == nil)
    #expect(bench.group.members["b"] != nil)
  }

  @Test("what a heartbeat can be refused for, and that it says when to join again")
  func heartbeats() throws {
    var bench = try GroupBench.stable(["a"])
    #expect(bench.heartbeat("a") == .none)
    #expect(bench.heartbeat("x") == .unknownMemberID)
    #expect(bench.heartbeat("a", generation: 7) == .illegalGeneration)
    try bench.join(new: "b")
    #expect(bench.heartbeat("a") == .rebalanceInProgress)
    try bench.join("a")
    #expect(bench.group.state == .completingRebalance)
    #expect(bench.heartbeat("a") == .none)
  }

  @Test("whoever leaves while a rebalance waits is not waited for any longer")
  func leaveWhilePreparing() throws {
    var bench = try GroupBench.stable(["a", "b", "c"])
    let join = try bench.join("b", topics: ["u"])
    #expect(try bench.leave([("a", nil), ("x", nil)]) == [.none, .unknownMemberID])
    #expect(bench.joined(join) == nil)
    #expect(try bench.leave([("c", nil)]) == [.none])
    #expect(bench.joined(join)?.members.map(\.memberID) == ["b"])
  }

  @Test("the last one that leaves leaves an empty group, which is written and has a time")
  func leaveLast() throws {
    var bench = try GroupBench.stable(["a"])
    bench.now = 77
    let before = bench.recordCount
    #expect(try bench.leave([("a", nil)]) == [.none])
    #expect(bench.group.state == .empty)
    #expect(bench.recordCount == before + 1)
    #expect(bench.group.offsetExpiry == .since(wallMilliseconds: 77))
    #expect(bench.heartbeat("a") == .unknownMemberID)
    let again = try bench.join(new: "b")
    #expect(bench.joined(again)?.generationID == 3)
  }

  @Test("who may commit")
  func commits() throws {
    var bench = GroupBench()
    #expect(bench.commit() == .none)
    #expect(bench.commit("a", epoch: 1) == .unknownMemberID)
    try bench.join(new: "a")
    #expect(bench.commit("a", epoch: 1) == .rebalanceInProgress)
    try bench.sync("a", ["a": []])
    #expect(bench.commit("a", epoch: 1) == .none)
    #expect(bench.commit("a", epoch: 0) == .illegalGeneration)
    #expect(bench.commit("a", epoch: 2) == .illegalGeneration)
    #expect(bench.commit("x", epoch: 1) == .unknownMemberID)
    #expect(bench.commit() == .unknownMemberID)
    #expect(bench.commit("a") == .illegalGeneration)
    try bench.join(new: "b")
    #expect(bench.commit("a", epoch: 1) == .none, "what was read before the rebalance")
  }

  @Test("a group comes back from its record as it was, with sessions that begin anew")
  func restored() throws {
    var bench = try GroupBench.stable(["a", "b"], areStatic: true, session: 10_000)
    guard case .record(_, let bytes?) = bench.group.record() else {
      Issue.record("no record")
      return
    }
    // SAFETY: bytes have no padding between them.
    let value = try unsafe GroupMetadataValue(parsing: bytes.span.bytes)
    let now = GroupTime(steady: 5, wall: 1_000_000)
    bench.group = ClassicGroup(id: "group", value, GroupConfiguration(), now)
    bench.now = 5
    #expect(bench.group.state == .stable)
    #expect(bench.group.leaderID == "a")
    #expect(bench.group.isSubscribed(to: "t") && !bench.group.isSubscribed(to: "u"))
    let sync = try bench.sync("b", instance: "i-b")
    #expect(bench.synced(sync)?.assignment == [1])
    try bench.wait(9_999)
    #expect(bench.heartbeat("a", instance: "i-a") == .none)
    try bench.wait(1)
    #expect(bench.heartbeat("b", instance: "i-b") == .unknownMemberID)
  }
}
