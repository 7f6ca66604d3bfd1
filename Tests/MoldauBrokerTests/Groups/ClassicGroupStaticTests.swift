import MoldauProtocol
import Testing

@testable import MoldauBroker

/// Static members of a classic group (KIP-345).
struct ClassicGroupStaticTests {
  @Test("a static member that comes back takes its place, and nobody is disturbed")
  func comesBack() throws {
    var bench = try GroupBench.stable(["a", "b"], areStatic: true)
    let generation = bench.group.generation
    let join = try bench.join(new: "b2", instance: "i-b")
    #expect(bench.joined(join)?.errorCode == .some(.none))
    #expect(bench.joined(join)?.memberID == "b2")
    #expect(bench.joined(join)?.generationID == generation)
    #expect(bench.joined(join)?.leader == "a")
    #expect(bench.group.state == .stable)
    let sync = try bench.sync("b2", instance: "i-b")
    #expect(bench.synced(sync)?.assignment == [1])
    #expect(bench.heartbeat("b", instance: "i-b") == .fencedInstanceID)
    #expect(bench.heartbeat("b") == .unknownMemberID)
    #expect(bench.commit("b", instance: "i-b", epoch: generation) == .fencedInstanceID)
    let fenced = try bench.sync("b", instance: "i-b")
    #expect(bench.synced(fenced)?.errorCode == .fencedInstanceID)
    let old = try bench.join("b", instance: "i-b")
    #expect(bench.joined(old)?.errorCode == .fencedInstanceID)
  }

  @Test("the group that remembers a new id is written before the member learns it")
  func isWritten() throws {
    var bench = try GroupBench.stable(["a"], areStatic: true)
    bench.storesAtOnce = false
    let before = bench.recordCount
    let join = try bench.join(new: "a2", instance: "i-a")
    #expect(bench.recordCount == before + 1)
    #expect(bench.joined(join) == nil)
    try bench.store()
    #expect(bench.joined(join)?.memberID == "a2")
    let failing = try bench.join(new: "a3", instance: "i-a")
    try bench.store(.coordinatorNotAvailable)
    #expect(bench.joined(failing)?.errorCode == .coordinatorNotAvailable)
  }

  @Test(
    "a leader that comes back leaves the assignment as it is, if it knows that it may (KIP-814)")
  func leader() throws {
    var bench = try GroupBench.stable(["a", "b"], areStatic: true)
    let knowing = try bench.join(new: "a2", instance: "i-a", canSkip: true)
    #expect(bench.joined(knowing)?.skipsAssignment == true)
    #expect(bench.joined(knowing)?.leader == "a2")
    #expect(bench.joined(knowing)?.members.map(\.memberID) == ["a2", "b"])
    let old = try bench.join(new: "a3", instance: "i-a", canSkip: false)
    #expect(bench.joined(old)?.skipsAssignment == false)
    #expect(bench.joined(old)?.leader == "a2", "so that it does not take itself for the leader")
    #expect(bench.joined(old)?.members.isEmpty == true)
    #expect(bench.group.leaderID == "a3")
  }

  @Test("a static member that comes back with other wishes sets off a rebalance and is updated")
  func changed() throws {
    var bench = try GroupBench.stable(["a", "b"], areStatic: true)
    let join = try bench.join(
      new: "b2", instance: "i-b", topics: ["t", "u"], session: 7_000, rebalance: 9_000)
    #expect(bench.joined(join) == nil)
    #expect(bench.group.state == .preparingRebalance)
    #expect(bench.group.members["b2"]?.sessionTimeoutMilliseconds == 7_000)
    #expect(bench.group.members["b2"]?.rebalanceTimeoutMilliseconds == 9_000)
    try bench.join("a", instance: "i-a")
    #expect(bench.joined(join)?.errorCode == .some(.none))
    #expect(bench.group.isSubscribed(to: "u"))
  }

  @Test("the requests of the one whose place is taken are fenced")
  func waiting() throws {
    var bench = try GroupBench.stable(["a", "b"], areStatic: true)
    let join = try bench.join("b", instance: "i-b", topics: ["u"])
    let taking = try bench.join(new: "b2", instance: "i-b", topics: ["u"])
    #expect(bench.joined(join)?.errorCode == .fencedInstanceID)
    try bench.join("a", instance: "i-a")
    let sync = try bench.sync("b2", instance: "i-b")
    try bench.join(new: "b3", instance: "i-b", topics: ["u"])
    #expect(bench.joined(taking)?.memberID == "b2")
    #expect(bench.synced(sync)?.errorCode == .fencedInstanceID)
    #expect(bench.group.state == .preparingRebalance)
  }

  @Test("a static member that does not join is kept until its session ends")
  func absent() throws {
    var bench = try GroupBench.stable(["a", "b"], areStatic: true, session: 60_000)
    try bench.wait(40_000)
    #expect(bench.heartbeat("b", instance: "i-b") == .none)
    let join = try bench.join("a", instance: "i-a", session: 60_000)
    try bench.wait(30_000)
    #expect(bench.joined(join)?.members.map(\.memberID) == ["a", "b"])
    try bench.sync("a", instance: "i-a", ["a": [0]])
    #expect(bench.group.state == .stable)
    #expect(bench.heartbeat("a") == .none)
    try bench.wait(30_000)
    #expect(bench.group.members.keys.sorted() == ["a"])
  }

  @Test("an administrator removes a static member by its instance; its id must be the right one")
  func removal() throws {
    var bench = try GroupBench.stable(["a", "b"], areStatic: true)
    let codes = try bench.leave([("x", "i-b"), ("", "i-z"), ("", "i-b"), ("", "i-b")])
    #expect(codes == [.fencedInstanceID, .unknownMemberID, .none, .unknownMemberID])
    #expect(bench.group.members.keys.sorted() == ["a"])
    #expect(bench.group.state == .preparingRebalance)
  }
}
