import MoldauDisk
import MoldauFormat
import MoldauLog
import MoldauProtocol
import Testing

@testable import MoldauBroker

@Suite("Consumer groups and their log")
struct ConsumerGroupStorageTests {
  private static let now = GroupTime(steady: 1_000, wall: 1_000_000)

  private static func joined(_ effects: inout GroupEffects) throws -> ConsumerGroup {
    var group = ConsumerGroup(id: "g", settings: ConsumerGroupSettings())
    var heartbeat = MemberHeartbeat(memberID: "a", memberEpoch: 0)
    heartbeat.topicNames = ["t"]
    heartbeat.owned = []
    _ = try group.heartbeat(heartbeat, FakeCatalog(["t": 2]), now: now.steady)
    group.emitRecords(&effects)
    return group
  }

  @Test("what was written is not written again")
  func written() throws {
    var effects = GroupEffects()
    var group = try Self.joined(&effects)
    #expect(effects.records.count == 6)
    let token = try #require(effects.storageToken)
    group.recordsStored(token, failure: nil, Self.now, &effects)
    var others = GroupEffects()
    group.emitRecords(&others)
    #expect(others.records.isEmpty)
    #expect(others.storageToken == nil)
    #expect(!group.isForgettable)
  }

  @Test("what could not be made durable is written again, with what came since")
  func failed() throws {
    var effects = GroupEffects()
    var group = try Self.joined(&effects)
    let token = try #require(effects.storageToken)
    #expect(group.expire(now: 100_000) == ["a"])
    group.recordsStored(token, failure: .coordinatorNotAvailable, Self.now, &effects)
    var others = GroupEffects()
    group.emitRecords(&others)
    #expect(others.records.count == 6)
    let tombstones = others.records.filter {
      if case .record(_, nil) = $0 { return true }
      return false
    }
    #expect(tombstones.count == 3)
  }

  @Test("while records are on their way, an answer waits behind a record of its own")
  func behind() throws {
    var effects = GroupEffects()
    var group = try Self.joined(&effects)
    var others = GroupEffects()
    group.emitRecords(&others)
    #expect(others.records.count == 1)
    #expect(others.storageToken != effects.storageToken)
  }

  @Test("a session's end is written, and the deadline is gone")
  func expiry() throws {
    var effects = GroupEffects()
    var group = try Self.joined(&effects)
    let deadline = try #require(group.nextDeadline)
    #expect(deadline == Self.now.steady + 45_000)
    var others = GroupEffects()
    group.timePassed(GroupTime(steady: deadline - 1, wall: 0), &others)
    #expect(others.records.isEmpty)
    group.timePassed(GroupTime(steady: deadline, wall: 0), &others)
    #expect(others.records.count == 4)
    #expect(group.nextDeadline == nil)
    #expect(!group.hasMembers)
    // Those of the member are not known to be durable, and are written once more.
    #expect(group.tombstones.count == 6)
    let token = try #require(others.storageToken)
    let first = try #require(effects.storageToken)
    group.recordsStored(first, failure: nil, Self.now, &others)
    group.recordsStored(token, failure: nil, Self.now, &others)
    #expect(group.tombstones.count == 3)
  }

  @Test("a group that never was leaves nothing behind")
  func forgettable() {
    let group = ConsumerGroup(id: "g", settings: ConsumerGroupSettings())
    #expect(group.isForgettable)
  }

  @Test(
    "whatever a log says, a group comes of it that holds its laws and goes on",
    arguments: 0..<200 as Range<UInt64>)
  func contradictions(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let catalog = FakeCatalog(["t": 3])
    var log = GroupLog()
    for _ in 0..<20 {
      log.append([
        ConsumerGroupRecord(key: key(&generator), value: nil),
        record(catalog, &generator),
      ])
    }
    let settings = ConsumerGroupSettings()
    guard var group = try log.load(id: "g", settings, now: 0) else { return }
    group.checkInvariants()
    for id in ["a", "b", "c"] {
      var heartbeat = MemberHeartbeat(memberID: id, memberEpoch: 0)
      heartbeat.topicNames = ["t"]
      heartbeat.owned = []
      heartbeat.rebalanceTimeoutMilliseconds = 10
      do throws(ConsumerGroupError) {
        _ = try group.heartbeat(heartbeat, catalog, now: 0)
      } catch {
        #expect(error.code == .unreleasedInstanceID, "seed \(seed)")
      }
      group.checkInvariants()
      log.write(&group)
    }
    _ = group.expire(now: 100_000)
    group.checkInvariants()
    #expect(group.isEmpty)
  }

  private func key(_ generator: inout SeededGenerator) -> ConsumerGroupKey {
    let id = ["a", "b", "c"][Int.random(in: 0..<3, using: &generator)]
    return switch Int.random(in: 0..<6, using: &generator) {
    case 0: .topics(group: "g")
    case 1: .member(group: "g", id: id)
    case 2: .target(group: "g")
    case 3: .memberTarget(group: "g", id: id)
    case 4: .memberCurrent(group: "g", id: id)
    default: .group("g")
    }
  }

  private func record(
    _ catalog: FakeCatalog, _ generator: inout SeededGenerator
  ) -> ConsumerGroupRecord {
    let key = key(&generator)
    func number(_ range: ClosedRange<Int32>) -> Int32 { .random(in: range, using: &generator) }
    func partitions() -> [ConsumerGroupPartitions] {
      catalog.partitions("t", (0..<number(0...3)).map { _ in number(-1...4) }).byTopic
    }
    let value: [UInt8]
    switch key {
    case .group, .target: value = ConsumerGroupEpochValue(epoch: number(-3...9)).encode()
    case .topics:
      value =
        ConsumerGroupTopicsValue(topics: [
          .init(id: .zero, name: "t", partitionCount: number(-3...9))
        ]).encode()
    case .member:
      value =
        ConsumerGroupMemberValue(
          instanceID: number(0...1) == 0 ? "i" : nil, rackID: nil, clientID: "", clientHost: "",
          topicNames: ["t", "t"], topicPattern: number(0...1) == 0 ? "(" : "t",
          rebalanceTimeoutMilliseconds: number(-9...9), assignor: "none"
        ).encode()
    case .memberTarget: value = ConsumerGroupTargetValue(topics: partitions()).encode()
    case .memberCurrent:
      value =
        ConsumerGroupCurrentValue(
          epoch: number(-3...9), previousEpoch: number(-3...9), state: Int8(number(-1...3)),
          assigned: partitions(), pendingRevocation: partitions()
        ).encode()
    }
    return ConsumerGroupRecord(key: key, value: value)
  }
}
