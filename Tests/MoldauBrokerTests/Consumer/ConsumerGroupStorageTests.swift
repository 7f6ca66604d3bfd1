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
    #expect(group.tombstones.count == 3)
  }

  @Test("a group that never was leaves nothing behind")
  func forgettable() {
    let group = ConsumerGroup(id: "g", settings: ConsumerGroupSettings())
    #expect(group.isForgettable)
  }
}
