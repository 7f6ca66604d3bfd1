import MoldauProtocol
import Testing

@testable import MoldauBroker

/// How members come into a classic group.
struct ClassicGroupJoinTests {
  @Test("a member that has no id is given one first, and joins with it (KIP-394)")
  func twoSteps() throws {
    var bench = GroupBench()
    let first = try bench.join(new: "a", requiresKnownID: true)
    #expect(bench.joined(first)?.errorCode == .memberIDRequired)
    #expect(bench.joined(first)?.memberID == "a")
    #expect(bench.group.state == .empty)
    let second = try bench.join("a")
    #expect(bench.joined(second)?.errorCode == .some(.none))
    #expect(bench.joined(second)?.generationID == 1)
    #expect(bench.joined(second)?.leader == "a")
  }

  @Test("an id that was never used is forgotten, and a rebalance does not wait for it any longer")
  func pendingExpires() throws {
    var bench = try GroupBench.stable(["a"])
    try bench.join(new: "b", session: 6_000, requiresKnownID: true)
    #expect(bench.group.state == .stable)
    let join = try bench.join("a")
    #expect(bench.joined(join) == nil, "it may be about to come")
    try bench.wait(5_999)
    #expect(bench.joined(join) == nil)
    try bench.wait(1)
    #expect(bench.joined(join)?.generationID == 2)
    let late = try bench.join("b")
    #expect(bench.joined(late)?.errorCode == .unknownMemberID)
  }

  @Test("what the members say of themselves is bounded, all together")
  func memory() throws {
    let metadata = [UInt8](repeating: 0, count: 1 << 20)
    let names = (0..<250).map { "p\($0)" }
    var bench = GroupBench()
    let first = try bench.join(new: "a", protocols: names, metadata: metadata)
    #expect(bench.joined(first)?.errorCode == .some(.none))
    let tooMuch = Array(names.prefix(7))
    let refused = try bench.join(new: "b", protocols: tooMuch, metadata: metadata)
    #expect(bench.joined(refused)?.errorCode == .groupMaxSizeReached)
    #expect(bench.group.memberCount == 1)
    let again = try bench.join("a", protocols: names, metadata: metadata)
    #expect(bench.joined(again)?.errorCode == .some(.none), "it counts once")
    #expect(try bench.leave([("a", nil)]) == [.none])
    #expect(bench.group.byteCount == 0)
    let later = try bench.join(new: "b", protocols: tooMuch, metadata: metadata)
    #expect(bench.joined(later)?.errorCode == .some(.none))
  }

  @Test("an id that was never used may leave")
  func pendingLeaves() throws {
    var bench = GroupBench()
    try bench.join(new: "a", requiresKnownID: true)
    #expect(try bench.leave([("a", nil)]) == [.none])
    #expect(bench.group.isForgettable)
  }

  @Test(
    "the first rebalance waits for members, longer as they come, and no longer than their timeout")
  func initialDelay() throws {
    var bench = GroupBench(GroupConfiguration(initialRebalanceDelay: .seconds(3)))
    let first = try bench.join(new: "a", rebalance: 8_000)
    try bench.wait(2_999)
    let second = try bench.join(new: "b", rebalance: 8_000)
    try bench.wait(1)
    #expect(bench.joined(first) == nil)
    try bench.wait(2_900)
    try bench.join(new: "c", rebalance: 8_000)
    try bench.wait(100)
    try bench.join(new: "d", rebalance: 8_000)
    try bench.wait(1_999)
    #expect(bench.joined(first) == nil)
    try bench.wait(1)
    #expect(bench.joined(first)?.generationID == 1)
    #expect(bench.joined(first)?.members.map(\.memberID) == ["a", "b", "c", "d"])
    #expect(bench.joined(second)?.members.isEmpty == true)
    #expect(bench.joined(second)?.leader == "a")
  }

  @Test("members vote for a protocol that all know")
  func vote() throws {
    var bench = GroupBench(GroupConfiguration(initialRebalanceDelay: .seconds(3)))
    let first = try bench.join(new: "a", protocols: ["only", "x", "y"])
    try bench.join(new: "b", protocols: ["y", "x"])
    try bench.join(new: "c", protocols: ["y", "x"])
    try bench.wait(30_000)
    #expect(bench.joined(first)?.protocolName == "y")
  }

  @Test("a member that shares no protocol with the others, or has another type, is refused")
  func inconsistent() throws {
    var bench = GroupBench()
    for (protocols, type) in [([], "consumer"), (["range"], "")] {
      let refused = try bench.join(protocols: protocols, type: type)
      #expect(bench.joined(refused)?.errorCode == .inconsistentGroupProtocol)
    }
    #expect(bench.group.isForgettable)
    bench = try GroupBench.stable(["a"])
    for (protocols, type) in [(["other"], "consumer"), (["range"], "connect")] {
      let refused = try bench.join(new: "b", protocols: protocols, type: type)
      #expect(bench.joined(refused)?.errorCode == .inconsistentGroupProtocol)
    }
    #expect(bench.group.state == .stable)
  }

  @Test("a group takes no more members than it may have")
  func maxSize() throws {
    var bench = GroupBench(GroupConfiguration(maxSize: 1, initialRebalanceDelay: .zero))
    try bench.join(new: "a")
    let second = try bench.join(new: "b")
    #expect(bench.joined(second)?.errorCode == .groupMaxSizeReached)
    try bench.sync("a", ["a": [1]])
    let again = try bench.join("a")
    #expect(bench.joined(again)?.errorCode == .some(.none))
  }

  @Test("a follower that joins again unchanged disturbs nobody; changed, or as leader, it does")
  func rejoin() throws {
    var bench = try GroupBench.stable(["a", "b"])
    let generation = bench.group.generation
    let same = try bench.join("b")
    #expect(bench.joined(same)?.generationID == generation)
    #expect(bench.joined(same)?.members.isEmpty == true)
    #expect(bench.group.state == .stable)
    let changed = try bench.join("b", topics: ["t", "u"])
    #expect(bench.joined(changed) == nil)
    #expect(bench.heartbeat("a") == .rebalanceInProgress)
    try bench.join("a")
    #expect(bench.joined(changed)?.generationID == generation + 1)
    bench = try GroupBench.stable(["a", "b"])
    try bench.join("a")
    #expect(bench.group.state == .preparingRebalance)
  }

  @Test("a member whose answer was lost gets it again, and the leader the members too")
  func lostAnswer() throws {
    var bench = GroupBench()
    try bench.join(new: "a")
    let again = try bench.join("a")
    #expect(bench.joined(again)?.generationID == 1)
    #expect(bench.joined(again)?.members.map(\.memberID) == ["a"])
    #expect(bench.group.state == .completingRebalance)
  }

  @Test("a join that a newer one of the same member replaces does not wait for ever")
  func replacedJoin() throws {
    var bench = try GroupBench.stable(["a", "b"])
    let first = try bench.join("b", topics: ["u"])
    let second = try bench.join("b", topics: ["u"])
    #expect(bench.joined(first)?.errorCode == .rebalanceInProgress)
    try bench.join("a")
    #expect(bench.joined(second)?.errorCode == .some(.none))
  }

  @Test("members that do not join again in time are out, and another one leads")
  func absent() throws {
    var bench = try GroupBench.stable(["a", "b"], session: 300_000)
    let join = try bench.join("b", topics: ["u"])
    try bench.wait(29_999)
    #expect(bench.joined(join) == nil)
    try bench.wait(1)
    #expect(bench.joined(join)?.leader == "b")
    #expect(bench.joined(join)?.members.map(\.memberID) == ["b"])
    let late = try bench.join("a")
    #expect(bench.joined(late)?.errorCode == .unknownMemberID)
  }

  @Test("a new member that never comes back for its answer is let go after five minutes")
  func newMemberExpires() throws {
    var bench = GroupBench(GroupConfiguration(initialRebalanceDelay: .seconds(600)))
    let join = try bench.join(new: "a", rebalance: 900_000)
    try bench.wait(Limits.newMemberJoinMilliseconds - 1)
    #expect(bench.joined(join) == nil)
    try bench.wait(1)
    #expect(bench.joined(join)?.errorCode == .unknownMemberID)
    #expect(bench.group.members.isEmpty)
  }
}
