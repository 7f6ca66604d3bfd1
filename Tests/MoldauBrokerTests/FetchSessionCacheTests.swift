import MoldauLog
import MoldauProtocol
import Synchronization
import Testing

@testable import MoldauBroker

struct FetchSessionCacheTests {
  private final class ManualClock: WallClock {
    let now = Mutex<Int64>(1_000_000)

    func nowMilliseconds() -> Int64 { now.withLock { $0 } }

    func advance(_ milliseconds: Int64) { now.withLock { $0 += milliseconds } }
  }

  private static func begin(_ cache: FetchSessionCache) throws -> Int32 {
    var request = FetchRequest()
    request.sessionEpoch = 0
    var topic = FetchRequest.Topic()
    topic.name = "t"
    topic.partitions = [FetchRequest.Partition()]
    request.topics = [topic]
    return try cache.scope(of: request, version: 12).session?.id ?? 0
  }

  private static func goOn(_ cache: FetchSessionCache, _ id: Int32, epoch: Int32) throws {
    var request = FetchRequest()
    request.sessionID = id
    request.sessionEpoch = epoch
    _ = try cache.scope(of: request, version: 12)
  }

  @Test("a full cache gives no session until one was idle for long, and the idlest goes first")
  func eviction() throws {
    let clock = ManualClock()
    let cache = FetchSessionCache(clock: clock, capacity: 2)
    let first = try Self.begin(cache)
    let second = try Self.begin(cache)
    #expect(first != 0 && second != 0)
    #expect(try Self.begin(cache) == 0)

    clock.advance(Limits.fetchSessionIdleMilliseconds)
    try Self.goOn(cache, first, epoch: 1)
    #expect(try Self.begin(cache) != 0)
    #expect(throws: FetchRefusal(code: .fetchSessionIDNotFound)) {
      try Self.goOn(cache, second, epoch: 1)
    }
    try Self.goOn(cache, first, epoch: 2)
  }

  @Test("a session keeps to the way in which it names topics")
  func topicIDs() throws {
    let cache = FetchSessionCache(clock: ManualClock())
    let id = try Self.begin(cache)
    var request = FetchRequest()
    request.sessionID = id
    request.sessionEpoch = 1
    #expect(throws: FetchRefusal(code: .fetchSessionTopicIDError)) {
      _ = try cache.scope(of: request, version: 13)
    }
  }

  @Test("versions before sessions have none")
  func oldVersions() throws {
    let cache = FetchSessionCache(clock: ManualClock())
    var request = FetchRequest()
    request.sessionEpoch = 0
    #expect(try cache.scope(of: request, version: 6).session == nil)
  }
}
