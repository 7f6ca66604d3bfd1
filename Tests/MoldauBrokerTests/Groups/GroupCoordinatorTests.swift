import MoldauDisk
import MoldauFormat
import MoldauLog
import MoldauProtocol
import Synchronization
import Testing

@testable import MoldauBroker

/// What the coordinator itself sees to: loading, timers, storage, and many groups.
struct GroupCoordinatorTests {
  private final class Woken: WakeTarget {
    let count = Atomic<Int>(0)

    func wake(_ sequence: UInt64) { count.add(1, ordering: .relaxed) }
  }

  /// Asks for the readiness of groups as a handler does; the outcome and the code of an answer.
  private struct Asked {
    let outcome: Outcome
    let codes: Codes

    final class Codes {
      var code: ErrorCode?
    }

    init(_ bench: CoordinatorBench) {
      let codes = Codes()
      let context = RequestContext(
        header: RequestHeader(
          apiKey: .heartbeat, version: 4, correlationID: 1, clientID: nil),
        client: ClientConnection(advertisedHost: "", advertisedPort: 0, address: ""),
        waker: RequestWaker(target: Woken(), sequence: 0))
      var reply = Reply()
      outcome = PendingLoad.outcome(
        bench.coordinator, ["group"], context, into: &reply,
        refuse: { code, _ in codes.code = code },
        { _ in
          codes.code = ErrorCode.none
          return .answered
        })
      self.codes = codes
    }

    /// Whether it is answered when it is looked at again.
    func resume() -> Bool {
      guard case .pending(let request, _) = outcome else { return true }
      var reply = Reply()
      return request.resume(.woken, into: &reply)
    }
  }

  @Test("a request waits a moment for its group to be loaded, then the client is to come again")
  func loading() throws {
    let bench = try CoordinatorBench()
    let gate = Mutex(())
    let asked = gate.withLock { _ in
      // The topic cannot be made before this ends.
      bench.disk.onCall = { call in
        if call.path.contains("__consumer_offsets") { gate.withLock { _ in } }
        return nil
      }
      let first = Asked(bench)
      let second = Asked(bench)
      #expect(!first.resume())
      bench.wait(Limits.groupLoadWaitMilliseconds)
      #expect(first.resume())
      #expect(first.codes.code == .coordinatorLoadInProgress)
      return second.codes
    }
    bench.disk.onCall = nil
    bench.load()
    #expect(asked.code == nil)
    let third = Asked(bench)
    #expect(third.codes.code == ErrorCode.none)
    try bench.close()
  }

  @Test("groups that cannot be loaded are refused, and tried again")
  func failing() throws {
    let bench = try CoordinatorBench()
    bench.disk.onCall = { call in
      call.path.contains("__consumer_offsets") && call.isChange ? .fail(errno: 5) : nil
    }
    bench.load()
    bench.disk.onCall = nil
    let asked = Asked(bench)
    bench.load()
    #expect(asked.resume())
    #expect(asked.codes.code == ErrorCode.none)
    try bench.close()
  }

  @Test("a partition that could not be read is tried again, not at once; until then it is told")
  func failingPartition() throws {
    let disk = SimulatedDisk(isCrashable: false)
    var bench = try CoordinatorBench(on: disk)
    bench.load()
    for number in 0..<20 { #expect(bench.commit(7, group: "group-\(number)") == .none) }
    #expect(bench.commit(1) == .none)
    let number = try #require(bench.coordinator.partition(of: "group")?.number)
    try bench.close()

    bench = try CoordinatorBench(on: disk)
    #expect(bench.coordinator.hasRead, "nobody has asked")
    disk.onCall = { call in
      let isTopic = call.path.contains("__consumer_offsets-\(number)/")
      return isTopic && call.name == "pread" ? .fail(errno: 5) : nil
    }
    bench.load()
    #expect(bench.coordinator.readiness(of: ["group"]) == .failed)
    let other = try #require(
      (0..<20).map { "group-\($0)" }
        .first { bench.coordinator.partition(of: $0).map(\.number) != number })
    #expect(bench.coordinator.readiness(of: [other]) == .ready)
    #expect(!bench.coordinator.hasRead)
    disk.onCall = nil
    bench.wait(Limits.groupLoadRetryMilliseconds - 1)
    #expect(bench.coordinator.readiness(of: ["group"]) == .failed)
    bench.wait(1)
    bench.load(["group"])
    #expect(bench.coordinator.readiness(of: ["group"]) == .ready)
    #expect(bench.committed() == 1)
    #expect(bench.committed(group: other) == 7)
    #expect(bench.coordinator.hasRead)
    try bench.close()
  }

  @Test("an offset that could not be made durable is refused and not shown")
  func storage() throws {
    let bench = try CoordinatorBench()
    bench.load()
    #expect(bench.commit(1) == .none)
    bench.disk.onCall = { $0.name.contains("sync") ? .fail(errno: 5) : nil }
    #expect(bench.commit(2) == .coordinatorNotAvailable)
    #expect(bench.committed() == 1)
    bench.disk.onCall = nil
    #expect(bench.commit(3) == .coordinatorNotAvailable, "the store takes no more")
    bench.coordinator.stop()
  }

  @Test("members and offsets of many groups are there after a restart, and each has its own time")
  func manyGroups() throws {
    let disk = SimulatedDisk(isCrashable: false)
    var bench = try CoordinatorBench(on: disk)
    bench.load()
    for number in 0..<200 {
      try bench.joinAlone("group-\(number)")
      #expect(
        bench.commit(Int64(number), group: "group-\(number)", memberID: "a", epoch: 1) == .none)
    }
    try bench.close()
    bench = try CoordinatorBench(on: disk)
    bench.load()
    #expect(bench.coordinator.list().count == 200)
    bench.wait(6_000)
    for number in 0..<200 where number % 2 == 0 {
      #expect(bench.heartbeat("group-\(number)") == .none)
    }
    bench.wait(6_000)
    for number in 0..<200 {
      #expect(bench.state(of: "group-\(number)") == (number % 2 == 0 ? "Stable" : "Empty"))
      #expect(bench.committed(group: "group-\(number)") == Int64(number))
    }
    try bench.close()
  }

  @Test("a group without members gives way to one of the other protocol, one with members does not")
  func otherType() throws {
    let bench = try CoordinatorBench()
    bench.load()
    try bench.joinAlone()
    let make: () -> ConsumerGroup = {
      ConsumerGroup(id: "group", settings: ConsumerGroupSettings())
    }
    #expect(throws: GroupCoordinator.Refusal.otherType) {
      try bench.coordinator.change("group", ConsumerGroup.self, orMake: make) { _, _, _, _ in }
    }
    bench.wait(10_000)
    #expect(bench.state() == "Empty")
    try bench.coordinator.change("group", ConsumerGroup.self, orMake: make) { _, _, _, _ in }
    #expect(bench.state() == nil, "the new group has nothing to be remembered for")
    #expect(throws: GroupCoordinator.Refusal.unknownGroup) {
      try bench.coordinator.change("group", ClassicGroup.self, orMake: nil) { _, _, _, _ in }
    }
    try bench.close()
  }

  @Test("what is stored late is told to the group that asked for it, not to the next of its name")
  func incarnations() throws {
    let bench = try CoordinatorBench()
    bench.load()
    try bench.joinAlone()
    bench.wait(10_000)
    let deleted = Awaited<ErrorCode>()
    bench.coordinator.delete("group") { deleted.put($0) }
    #expect(deleted.take() == .none)
    try bench.joinAlone()
    #expect(bench.heartbeat() == .none)
    try bench.close()
  }
}
