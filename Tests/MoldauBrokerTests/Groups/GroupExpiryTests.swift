import MoldauDisk
import MoldauFormat
import MoldauLog
import MoldauProtocol
import Testing

@testable import MoldauBroker

/// How long offsets are kept (KIP-211).
struct GroupExpiryTests {
  private static let day: Int64 = 86_400_000

  /// What waits for the check, which has a thread of its own in the broker.
  private func pass(_ milliseconds: Int64, _ bench: CoordinatorBench) {
    bench.wait(milliseconds)
    bench.expire()
  }

  @Test("offsets of one that is no member go seven days after their commit, each by itself")
  func simpleConsumer() throws {
    let bench = try CoordinatorBench()
    bench.load()
    _ = try bench.store.topicBlocking("u")
    #expect(bench.commit(1) == .none)
    pass(4 * Self.day, bench)
    #expect(bench.commit(2, topic: "u") == .none)
    pass(3 * Self.day - 1, bench)
    #expect(bench.committed() == 1)
    pass(1, bench)
    #expect(bench.committed() == nil)
    #expect(bench.committed(topic: "u") == 2)
    pass(4 * Self.day, bench)
    #expect(bench.coordinator.list().isEmpty)
    try bench.close()
  }

  @Test("offsets of a group go seven days after its last member, and the group with them")
  func emptyGroup() throws {
    let disk = SimulatedDisk(isCrashable: false)
    var bench = try CoordinatorBench(on: disk)
    bench.load()
    try bench.joinAlone()
    #expect(bench.commit(1, memberID: "a", epoch: 1) == .none)
    for _ in 0..<3 {
      for _ in 0..<9 {
        bench.wait(9_000)
        #expect(bench.heartbeat() == .none)
      }
      bench.wall.advance(4 * Self.day)
      bench.expire()
    }
    #expect(bench.committed() == 1, "it is in use")
    bench.wait(10_000)
    #expect(bench.state() == "Empty", "its member was silent")
    pass(7 * Self.day - 1, bench)
    #expect(bench.committed() == 1)
    try bench.close()

    // The time is in the log.
    let emptied = bench.wall.nowMilliseconds()
    bench = try CoordinatorBench(on: disk)
    bench.load()
    bench.wall.advance(emptied - bench.wall.nowMilliseconds())
    bench.expire()
    #expect(bench.committed() == 1)
    pass(1, bench)
    #expect(bench.committed() == nil)
    #expect(bench.coordinator.list().isEmpty)
    try bench.close()
    bench = try CoordinatorBench(on: disk)
    bench.load()
    #expect(bench.coordinator.list().isEmpty, "nothing of it comes back")
    try bench.close()
  }

  @Test(
    "while a group has members, offsets of topics that nobody reads any more go by their commit")
  func unsubscribed() throws {
    let bench = try CoordinatorBench()
    bench.load()
    _ = try bench.store.topicBlocking("u")
    #expect(bench.commit(2, topic: "u") == .none)
    #expect(bench.commit(1) == .none)
    try bench.joinAlone()
    bench.wall.advance(7 * Self.day)
    bench.expire()
    #expect(bench.committed() == 1)
    #expect(bench.committed(topic: "u") == nil)
    try bench.close()
  }

  @Test("a commit that says itself when it goes, goes then")
  func explicit() throws {
    let bench = try CoordinatorBench()
    bench.load()
    #expect(bench.commit(1, expiresAt: bench.wall.nowMilliseconds() + 1_000) == .none)
    pass(999, bench)
    #expect(bench.committed() == 1)
    pass(1, bench)
    #expect(bench.committed() == nil)
    try bench.close()
  }

  @Test("what a member reads stays, whatever its commit has said")
  func explicitInUse() throws {
    let bench = try CoordinatorBench()
    bench.load()
    _ = try bench.store.topicBlocking("u")
    try bench.joinAlone()
    let soon = bench.wall.nowMilliseconds() + 1_000
    #expect(bench.commit(1, memberID: "a", epoch: 1, expiresAt: soon) == .none)
    #expect(bench.commit(2, topic: "u", memberID: "a", epoch: 1, expiresAt: soon) == .none)
    pass(1_000, bench)
    #expect(bench.committed() == 1)
    #expect(bench.committed(topic: "u") == nil, "no member reads it")
    bench.wait(10_000)
    #expect(bench.state() == "Empty", "its member was silent")
    bench.expire()
    #expect(bench.committed() == nil)
    try bench.close()
  }

  @Test("a group that is empty and has no offsets is forgotten at the next look")
  func empty() throws {
    let bench = try CoordinatorBench()
    bench.load()
    try bench.joinAlone()
    bench.wait(10_000)
    #expect(bench.state() == "Empty")
    bench.expire()
    #expect(bench.state() == nil)
    try bench.close()
  }
}
