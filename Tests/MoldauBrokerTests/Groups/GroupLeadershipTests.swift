import MoldauDisk
import MoldauFormat
import MoldauLog
import MoldauProtocol
import Synchronization
import Testing

@testable import MoldauBroker

/// Groups in a cluster: they come and go with the leadership of their partition.
struct GroupLeadershipTests {
  /// A coordinator of a cluster over one broker's copy of the internal topic, run by hand.
  private struct Bench {
    let base: CoordinatorBench
    let log: PartitionLog
    let number: Int

    static let partitionCount = 4

    init(topics: Set<String> = ["t"]) throws {
      base = try CoordinatorBench(topicExists: { topics.contains($0) })
      let topic = try base.store.createTopic(
        GroupOffsets.topicName,
        GroupOffsets.configuration(partitionCount: Self.partitionCount))
      number = GroupOffsets.partition(of: "group", partitionCount: Self.partitionCount)
      log = try #require(topic.log(ofPartition: number))
    }

    var coordinator: GroupCoordinator { base.coordinator }

    /// Leads in an epoch, without having read yet.
    func begin(epoch: Int32, _ storage: FakeGroupStorage) throws {
      log.lead(inEpoch: epoch)
      coordinator.begin(
        partition: number, of: Self.partitionCount, leaderEpoch: epoch, storage)
    }

    /// Leads in an epoch in which all that the log has is committed.
    func lead(epoch: Int32) throws -> FakeGroupStorage {
      let storage = FakeGroupStorage(highWatermark: log.endOffset.rawValue)
      try begin(epoch: epoch, storage)
      base.queue.runAll()
      #expect(coordinator.readiness(of: ["group"]) == .ready)
      return storage
    }

    /// Commits, and says later what has become of it.
    func commit(_ offset: Int64, epoch: Int32 = -1, memberID: String = "") -> Told<ErrorCode> {
      let told = Told<ErrorCode>()
      let value = GroupOffsetValue(
        offset: Offset(rawValue: offset), commitTimestampMilliseconds: 0)
      let code = coordinator.commit(
        "group", by: GroupCommitter(memberID: memberID, instanceID: nil, epoch: epoch),
        [(TopicPartition(topic: "t", partition: 0), value)]
      ) { told.put($0?.code ?? .none) }
      if code != .none { told.put(code) }
      return told
    }

    /// A member joins and is not answered before the others have joined or time is up.
    func join(_ memberID: String, session: Int64 = 10_000) throws -> Told<GroupAnswer> {
      let told = Told<GroupAnswer>()
      let join = ClassicJoin(
        memberID: "", instanceID: nil, clientID: "client", clientHost: "/host",
        rebalanceTimeoutMilliseconds: 30_000, sessionTimeoutMilliseconds: session,
        protocolType: "consumer", protocols: GroupBench.protocols(["range"], topics: ["t"]),
        requiresKnownID: false, canSkipAssignment: false, newMemberID: memberID)
      try coordinator.change(
        "group", ClassicGroup.self,
        orMake: { ClassicGroup(id: "group", GroupConfiguration(initialRebalanceDelay: .zero)) },
        wait: { told.put($0) },
        { group, wait, now, effects in group.join(join, wait, now, &effects) })
      return told
    }

    func sync(_ memberID: String, generation: Int32) throws -> Told<GroupAnswer> {
      let told = Told<GroupAnswer>()
      var given = SyncGroupRequest.Assignment()
      given.memberID = memberID
      given.assignment = [1]
      let sync = ClassicSync(
        memberID: memberID, instanceID: nil, generation: generation, protocolType: nil,
        protocolName: nil, assignments: [given])
      try coordinator.change(
        "group", ClassicGroup.self, orMake: nil, wait: { told.put($0) },
        { group, wait, now, effects in group.sync(sync, wait, now, &effects) })
      return told
    }

    func heartbeat(_ memberID: String, generation: Int32) -> ErrorCode {
      do throws(GroupCoordinator.Refusal) {
        return try coordinator.change("group", ClassicGroup.self, orMake: nil) { group, _, now, _ in
          group.heartbeat(
            memberID: memberID, instanceID: nil, generation: generation, now)
        }
      } catch {
        return ErrorCode(memberOf: error)
      }
    }
  }

  /// What somebody was told, once.
  private final class Told<Value: Sendable>: Sendable {
    private let values = Mutex<[Value]>([])

    func put(_ value: Value) { values.withLock { $0.append(value) } }

    var all: [Value] { values.withLock { $0 } }
  }

  private static func generation(_ told: Told<GroupAnswer>) -> Int32? {
    guard case .join(let response)? = told.all.first, response.errorCode == .none else {
      return nil
    }
    return response.generationID
  }

  @Test("groups are looked after where their partition is led, and nowhere else")
  func elsewhere() throws {
    let bench = try Bench()
    #expect(bench.coordinator.readiness(of: ["group"]) == .ready, "nothing to wait for")
    #expect(bench.commit(1).all == [.notCoordinator])
    #expect(bench.heartbeat("a", generation: 1) == .notCoordinator)
    let storage = FakeGroupStorage()
    try bench.begin(epoch: 1, storage)
    #expect(bench.coordinator.readiness(of: ["group"]) == .loading)
    bench.base.queue.runAll()
    #expect(bench.coordinator.readiness(of: ["group"]) == .ready)
    #expect(bench.heartbeat("a", generation: 1) == .unknownMemberID)
    let other = try #require(
      (0..<100).map { "other-\($0)" }.first {
        GroupOffsets.partition(of: $0, partitionCount: Bench.partitionCount) != bench.number
      })
    #expect(bench.coordinator.partition(of: other) == nil)
    bench.coordinator.end(partition: bench.number)
    #expect(bench.heartbeat("a", generation: 1) == .notCoordinator)
  }

  @Test("a commit is acknowledged and shown when it is committed, not when it is written")
  func commits() throws {
    let bench = try Bench()
    let storage = try bench.lead(epoch: 1)
    let told = bench.commit(7)
    #expect(told.all.isEmpty)
    #expect(bench.base.committed() == nil)
    storage.commitAll()
    #expect(told.all == [.none])
    #expect(bench.base.committed() == 7)
  }

  @Test("a new leader shows nothing before all that it has is committed, then all of it")
  func loading() throws {
    let bench = try Bench()
    let first = try bench.lead(epoch: 1)
    let acknowledged = bench.commit(7)
    first.commitAll()
    #expect(acknowledged.all == [.none])
    _ = bench.commit(8)
    bench.coordinator.end(partition: bench.number)
    // What this replica knows to be committed is less than what the leader had acknowledged.
    let second = FakeGroupStorage()
    try bench.begin(epoch: 2, second)
    bench.base.queue.runAll()
    #expect(bench.coordinator.readiness(of: ["group"]) == .loading)
    #expect(bench.coordinator.hasRead, "only the other replicas are waited for")
    #expect(bench.coordinator.list().isEmpty)
    second.shrink()
    bench.base.queue.runAll()
    #expect(bench.coordinator.readiness(of: ["group"]) == .loading)
    second.commitAll()
    bench.base.queue.runAll()
    #expect(bench.coordinator.readiness(of: ["group"]) == .ready)
    #expect(bench.base.committed() == 8)
  }

  @Test("who waits for a group that another broker looks after now is told so, once, at once")
  func ending() throws {
    let bench = try Bench()
    let storage = try bench.lead(epoch: 1)
    let commit = bench.commit(3)
    let first = try bench.join("a")
    let generation = try #require(Self.generation(first))
    let sync = try bench.sync("a", generation: generation)
    #expect(sync.all.isEmpty)
    let second = try bench.join("b")
    #expect(second.all.isEmpty)
    bench.coordinator.end(partition: bench.number)
    guard case .refused(.notCoordinator)? = second.all.first else {
      Issue.record("a join waits for a group that is gone")
      return
    }
    #expect(commit.all == [.notCoordinator])
    #expect(sync.all.count == 1)
    storage.lose()
    storage.commitAll()
    #expect(commit.all.count == 1)
    #expect(second.all.count == 1)
    #expect(sync.all.count == 1)
    // Only the look for offsets to let go is left.
    bench.base.wait(60_000)
    #expect(storage.waitCount == 0)
    #expect(bench.coordinator.list().isEmpty)
  }

  @Test("what a deposed coordinator writes is refused by its log")
  func fencing() throws {
    let bench = try Bench()
    _ = try bench.lead(epoch: 1)
    let end = bench.log.endOffset
    bench.log.lead(inEpoch: 2)
    #expect(bench.commit(1).all == [.notCoordinator])
    #expect(throws: Never.self) { _ = try bench.join("a") }
    #expect(bench.log.endOffset == end)
  }

  @Test("a commit that too few replicas have is refused, and shown once enough have it")
  func tooFewReplicas() throws {
    let bench = try Bench()
    let storage = try bench.lead(epoch: 1)
    let told = bench.commit(1)
    storage.shrink()
    #expect(told.all == [.coordinatorNotAvailable])
    #expect(bench.base.committed() == nil)
    let end = bench.log.endOffset
    #expect(bench.commit(2).all == [.coordinatorNotAvailable])
    #expect(bench.log.endOffset == end, "nothing is written that would not be kept")
    storage.grow()
    storage.commitAll()
    #expect(bench.base.committed() == 1)
    #expect(told.all.count == 1)
  }

  @Test("a commit is given up when the replicas take too long, and shown once they have it")
  func patience() throws {
    let bench = try Bench()
    let storage = try bench.lead(epoch: 1)
    let first = bench.commit(1)
    bench.base.wait(1_000)
    let second = bench.commit(2)
    bench.base.wait(Limits.groupStorageWaitMilliseconds - 1_001)
    #expect(first.all.isEmpty)
    bench.base.wait(1)
    #expect(first.all == [.coordinatorNotAvailable])
    #expect(second.all.isEmpty)
    bench.base.wait(1_000)
    #expect(second.all == [.coordinatorNotAvailable])
    storage.commitAll()
    #expect(bench.base.committed() == 2)
    let third = bench.commit(3)
    storage.commitAll()
    bench.base.wait(60_000)
    #expect(third.all == [.none])
  }

  @Test("members and generation go over to the next coordinator; older generations are refused")
  func failover() throws {
    let bench = try Bench()
    let first = try bench.lead(epoch: 1)
    let joined = try bench.join("a")
    let generation = try #require(Self.generation(joined))
    let synced = try bench.sync("a", generation: generation)
    first.commitAll()
    guard case .sync(let response)? = synced.all.first, response.assignment == [1] else {
      Issue.record("the member is given nothing")
      return
    }
    let commit = bench.commit(5, epoch: generation, memberID: "a")
    first.commitAll()
    #expect(commit.all == [.none])
    bench.coordinator.end(partition: bench.number)
    let second = try bench.lead(epoch: 2)
    #expect(bench.heartbeat("a", generation: generation) == .none)
    #expect(bench.base.committed() == 5)
    #expect(bench.commit(4, epoch: generation - 1, memberID: "a").all == [.illegalGeneration])
    let next = bench.commit(6, epoch: generation, memberID: "a")
    second.commitAll()
    #expect(next.all == [.none])
  }

  @Test("leading on in a newer epoch reads anew; in the same epoch nothing happens")
  func newEpoch() throws {
    let bench = try Bench()
    let storage = try bench.lead(epoch: 1)
    let told = bench.commit(1)
    bench.coordinator.begin(
      partition: bench.number, of: Bench.partitionCount, leaderEpoch: 1, FakeGroupStorage())
    #expect(told.all.isEmpty)
    storage.commitAll()
    #expect(told.all == [.none])
    let waiting = bench.commit(2)
    _ = try bench.lead(epoch: 2)
    #expect(waiting.all == [.notCoordinator])
    #expect(bench.base.committed() == 2)
  }

  @Test("offsets go by age where they are coordinated; offsets of topics that are gone go at once")
  func letGo() throws {
    let bench = try Bench()
    let storage = try bench.lead(epoch: 1)
    _ = bench.commit(1)
    let value = GroupOffsetValue(offset: Offset(rawValue: 9), commitTimestampMilliseconds: 0)
    _ = bench.coordinator.commit(
      "group", by: GroupCommitter(memberID: "", instanceID: nil, epoch: -1),
      [(TopicPartition(topic: "gone", partition: 0), value)]
    ) { _ in }
    storage.commitAll()
    #expect(bench.base.committed(topic: "gone") == 9)
    bench.coordinator.end(partition: bench.number)
    let end = bench.log.endOffset
    bench.base.wait(30 * 86_400_000)
    bench.base.queue.runAll()
    #expect(bench.log.endOffset == end, "not ours to let go")
    let second = try bench.lead(epoch: 2)
    second.commitAll()
    #expect(bench.base.committed(topic: "gone") == nil)
    #expect(bench.base.committed() == 1)
    bench.coordinator.forget(topics: ["t"])
    bench.base.queue.runAll()
    second.commitAll()
    #expect(bench.base.committed() == nil)
  }
}
