import MoldauCluster
import MoldauDisk
import MoldauFormat
import MoldauLog
import MoldauProtocol
import Testing

@testable import MoldauBroker

/// Replicas that are behind their leader's high watermark: below it a fetch acknowledges nothing, and
/// waits for nothing.
struct ReplicaFetcherBehindTests {
  @Test(
    "strictly below the high watermark a follower fetches on before its device has what came",
    arguments: [2, 3, 4])
  func boundary(highWatermark: Int64) throws {
    let bench = try FetcherBench()
    bench.follow()
    bench.open()
    bench.answer(
      session: 77, .init(0, highWatermark: highWatermark, leaderBatch(at: 0, epoch: 5, count: 3)))
    #expect(bench.end() == 3)
    #expect(bench.offsets == (highWatermark > 3 ? [3] : []))
    bench.runAndCommit()
    #expect(bench.offsets == [3])
    #expect(bench.named.first?.lastFetchedEpoch == 5)
    try bench.close()
  }

  @Test("what it has fetched up to the high watermark is on its device before it says so")
  func catchingUp() throws {
    let bench = try FetcherBench()
    bench.follow()
    bench.open()
    for offset in 0..<3 as Range<Int64> {
      bench.answer(session: 77, .init(0, highWatermark: 3, leaderBatch(at: offset, epoch: 5)))
    }
    #expect(bench.end() == 3)
    #expect(bench.partitions[0].log.durableOffset == .zero)
    #expect(bench.waiting.isEmpty)
    bench.runAndCommit()
    #expect(bench.partitions[0].log.durableOffset.rawValue == 3)
    #expect(bench.offsets == [3])
    try bench.close()
  }

  @Test("it knows nothing of a high watermark that was told in another epoch")
  func otherEpoch() throws {
    let bench = try FetcherBench()
    bench.follow()
    bench.open()
    bench.answer(session: 77, .init(0, highWatermark: 100, leaderBatch(at: 0, epoch: 5)))
    #expect(bench.offsets == [1])
    bench.follow(epoch: 6)
    #expect(bench.named.map(\.currentLeaderEpoch) == [5])
    bench.runAndCommit()
    #expect(bench.named.map(\.currentLeaderEpoch) == [5, 6])
    #expect(bench.offsets == [1, 1])
    // The new leader knows less of what is committed than the old one did.
    bench.answer(session: 77, .init(0, highWatermark: 100, leaderBatch(at: 1, epoch: 5)))
    #expect(bench.end() == 1)
    bench.answer(session: 77, .init(0, highWatermark: 1, leaderBatch(at: 1, epoch: 6)))
    #expect(bench.end() == 2)
    #expect(bench.waiting.isEmpty)
    bench.runAndCommit()
    #expect(bench.offsets == [2])
    try bench.close()
  }

  @Test("a leader that is reached anew in the same epoch has told its high watermark")
  func otherConnection() throws {
    let bench = try FetcherBench()
    bench.follow()
    bench.open()
    bench.answer(session: 77, .init(0, highWatermark: 100, leaderBatch(at: 0, epoch: 5)))
    bench.connection.fail()
    bench.advance(25)
    #expect(bench.offsets == [1])
    #expect(bench.partitions[0].log.durableOffset == .zero)
    try bench.close()
  }

  @Test("its own high watermark is below what its device has not")
  func ownHighWatermark() throws {
    let bench = try FetcherBench()
    bench.follow()
    bench.open()
    bench.answer(session: 77, .init(0, highWatermark: 100, leaderBatch(at: 0, epoch: 5, count: 3)))
    #expect(bench.partitions[0].highWatermark == .zero)
    bench.answer(session: 77, .init(0, highWatermark: 5, leaderBatch(at: 3, epoch: 5, count: 2)))
    bench.answer(session: 77, .init(0, highWatermark: 100, leaderBatch(at: 5, epoch: 5, count: 95)))
    #expect(bench.partitions[0].highWatermark == .zero)
    bench.runAndCommit()
    #expect(bench.partitions[0].highWatermark.rawValue == 100)
    try bench.close()
  }

  @Test("the next request is on its way before what came is appended, for all in one")
  func ahead() throws {
    let bench = try FetcherBench(partitionCount: 2)
    bench.follow([0, 1])
    bench.open([0, 1])
    // No append succeeds, and the requests are there all the same.
    bench.disk.onCall = { $0.name.hasPrefix("pwrite") ? .fail(errno: 28) : nil }
    bench.answer(
      session: 77,
      .init(0, highWatermark: 9, leaderBatch(at: 0, epoch: 5, count: 2)),
      .init(1, highWatermark: 9, leaderBatch(at: 0, epoch: 5, count: 3)))
    #expect(bench.waiting.map(\.numbers) == [[0, 1]])
    #expect(bench.offsets == [2, 3])
    #expect((0..<2).map(bench.end) == [0, 0])
    // The answer is to what the logs do not have.
    bench.disk.onCall = nil
    bench.answer(session: 77, .init(0, highWatermark: 9, leaderBatch(at: 2, epoch: 5)))
    #expect((0..<2).map(bench.end) == [0, 0])
    bench.advance(10_000)
    #expect(bench.offsets == [0, 0])
    try bench.close()
  }

  @Test("a damaged batch behind a whole one is fetched again from there")
  func damaged() throws {
    let bench = try FetcherBench()
    bench.follow()
    bench.open()
    var damaged = leaderBatch(at: 1, epoch: 5)
    damaged[damaged.count - 1] ^= 1
    bench.answer(
      session: 77, .init(0, highWatermark: 9, leaderBatch(at: 0, epoch: 5) + damaged))
    #expect(bench.end() == 1)
    #expect(bench.offsets == [2])
    bench.answer(session: 77, .init(0, highWatermark: 9, leaderBatch(at: 2, epoch: 5)))
    #expect(bench.end() == 1)
    bench.advance(25)
    #expect(bench.offsets == [1])
    try bench.close()
  }

  @Test("a buffered topic is asked for ahead too")
  func buffered() throws {
    let bench = try FetcherBench(durability: .buffered)
    bench.follow()
    bench.open()
    bench.disk.onCall = { $0.name.hasPrefix("pwrite") ? .fail(errno: 28) : nil }
    bench.answer(session: 77, .init(0, highWatermark: 9, leaderBatch(at: 0, epoch: 5)))
    #expect(bench.offsets == [1])
    bench.disk.onCall = nil
    try bench.close()
  }

  @Test("answers are smaller where a replica is behind")
  func sizes() throws {
    let bench = try FetcherBench()
    bench.follow()
    bench.open()
    #expect(bench.waiting.map(\.maxBytes) == [8 << 20])
    bench.answer(session: 77, .init(0, highWatermark: 2, leaderBatch(at: 0, epoch: 5)))
    #expect(bench.waiting.map(\.maxBytes) == [1 << 20])
    #expect(bench.named.map(\.maxBytes) == [1 << 20])
    bench.answer(session: 77, .init(0, highWatermark: 2, leaderBatch(at: 1, epoch: 5)))
    bench.runAndCommit()
    #expect(bench.waiting.map(\.maxBytes) == [8 << 20])
    #expect(bench.named.map(\.maxBytes) == [4 << 20])
    try bench.close()
  }

  @Test("syncs begin before the last one is waited for, and so much may wait for them at the most")
  func bound() throws {
    let batch = leaderBatch(at: 0, epoch: 5).count
    var bounds = ReplicaFetchConfiguration()
    bounds.syncBytes = 2 * batch
    bounds.unsyncedBytes = 5 * batch
    let bench = try FetcherBench(bounds)
    bench.follow()
    bench.open()
    var asked: [Int64] = []
    for offset in 0..<20 as Range<Int64> {
      guard !bench.waiting.isEmpty else { break }
      bench.answer(session: 77, .init(0, highWatermark: 99, leaderBatch(at: offset, epoch: 5)))
      asked += bench.offsets
    }
    #expect(asked == [1, 2, 3, 4, 5])
    #expect(bench.end() == 6)
    bench.runAndCommit()
    #expect(bench.offsets == [6])
    // With fewer bytes than begin a sync there is none.
    bench.answer(session: 77, .init(0, highWatermark: 99, leaderBatch(at: 6, epoch: 5)))
    #expect(!bench.store.runCommits())
    bench.answer(session: 77, .init(0, highWatermark: 99, leaderBatch(at: 7, epoch: 5)))
    #expect(bench.store.runCommits())
    try bench.close()
  }

  @Test("a sync that fails stops the replica, which says so")
  func failedSync() throws {
    let batch = leaderBatch(at: 0, epoch: 5).count
    var bounds = ReplicaFetchConfiguration()
    bounds.syncBytes = batch
    let bench = try FetcherBench(bounds)
    bench.follow()
    bench.open()
    bench.answer(session: 77, .init(0, highWatermark: 99, leaderBatch(at: 0, epoch: 5)))
    #expect(bench.offsets == [1])
    bench.disk.onCall = { $0.name == "fdatasync" ? .fail(errno: 5) : nil }
    bench.runAndCommit()
    #expect(bench.log.count(.error) == 1)
    // What it has asked for already comes too late.
    bench.answer(session: 77, .init(0, highWatermark: 99, leaderBatch(at: 1, epoch: 5)))
    #expect(bench.end() == 1)
    #expect(bench.named.isEmpty)
    bench.disk.onCall = nil
    bench.fetchers.stopAll()
  }

  @Test("a sync that could not begin is begun again after a pause, and the replica goes on")
  func lateSync() throws {
    let batch = leaderBatch(at: 0, epoch: 5).count
    var bounds = ReplicaFetchConfiguration()
    bounds.syncBytes = 2 * batch
    bounds.unsyncedBytes = 2 * batch
    let bench = try FetcherBench(bounds)
    bench.follow()
    bench.open()
    bench.disk.onCall = {
      $0.name == "open" && $0.path.contains("moldau-journal") ? .fail(errno: 24) : nil
    }
    for offset in 0..<3 as Range<Int64> {
      bench.answer(session: 77, .init(0, highWatermark: 99, leaderBatch(at: offset, epoch: 5)))
    }
    #expect(bench.offsets.isEmpty)
    bench.runAndCommit()
    #expect(bench.log.count(.error) == 1)
    #expect(bench.offsets.isEmpty)
    bench.disk.onCall = nil
    bench.advance(bounds.failedBackoffMilliseconds)
    #expect(bench.offsets == [3])
    for offset in 3..<9 as Range<Int64> {
      bench.answer(session: 77, .init(0, highWatermark: 99, leaderBatch(at: offset, epoch: 5)))
      bench.runAndCommit()
      #expect(bench.offsets == [offset + 1])
    }
    #expect(bench.partitions[0].log.durableOffset.rawValue >= 8)
    try bench.close()
  }
}

extension FetcherBench {
  fileprivate var named: [FetchRequest.Partition] {
    waiting.flatMap(\.topics).flatMap(\.partitions)
  }

  /// What the requests that wait for an answer say.
  fileprivate var offsets: [Int64] { named.map(\.fetchOffset) }
}
