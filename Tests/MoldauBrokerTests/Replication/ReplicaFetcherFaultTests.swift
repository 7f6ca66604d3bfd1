import MoldauCluster
import MoldauDisk
import MoldauFormat
import MoldauLog
import MoldauProtocol
import Testing

@testable import MoldauBroker

/// Connections that break, disks that fail, and roles that change while something is on its way.
struct ReplicaFetcherFaultTests {
  // MARK: The connection

  @Test("a lost connection is made anew, after longer and longer pauses, and names everything")
  func loss() throws {
    let bench = try FetcherBench()
    bench.follow()
    bench.open()
    for (count, pause) in [25, 50, 100, 200, 400, 800, 1_000, 1_000].enumerated() {
      let before = bench.network.all.count
      bench.connection.fail()
      bench.run()
      #expect(bench.connection.isClosed)
      bench.advance(Int64(pause) - 1)
      #expect(bench.network.all.count == before)
      bench.advance(1)
      #expect(bench.network.all.count == before + 1)
      #expect(bench.waiting.map(\.sessionEpoch) == [0], "after \(count + 1) failures")
      #expect(bench.waiting.map(\.numbers) == [[0]])
    }
    // Once it has answered, the next failure is a first one.
    bench.open()
    bench.connection.fail()
    bench.advance(25)
    #expect(bench.waiting.map(\.sessionEpoch) == [0])
    #expect(bench.log.count(.info) == 3)
    try bench.close()
  }

  @Test("a leader that does not answer in time loses its connection")
  func silence() throws {
    let bench = try FetcherBench()
    bench.follow()
    bench.open()
    let connection = bench.connection
    bench.advance(4_499)
    #expect(!connection.isClosed)
    bench.advance(1)
    #expect(connection.isClosed)
    bench.advance(25)
    #expect(bench.network.all.count == 2)
    // One that answers keeps it.
    bench.open()
    for _ in 0..<20 {
      bench.advance(500)
      bench.answer(session: 77)
    }
    #expect(bench.network.all.count == 2)
    try bench.close()
  }

  @Test("an answer that makes no sense ends the connection")
  func nonsense() throws {
    let bench = try FetcherBench()
    bench.follow()
    bench.connection.answer(bytes: [1, 2, 3])
    #expect(bench.connection.isClosed)
    bench.advance(25)
    #expect(bench.waiting.map(\.sessionEpoch) == [0])
    try bench.close()
  }

  @Test("a leader that refuses the follower as a whole is asked again after a pause")
  func refusal() throws {
    let bench = try FetcherBench()
    bench.follow()
    bench.answer(error: .clusterAuthorizationFailed)
    #expect(bench.connection.isClosed)
    bench.advance(25)
    #expect(bench.waiting.map(\.sessionEpoch) == [0])
    try bench.close()
  }

  @Test("a session that the leader has lost is begun anew, once all its requests are answered")
  func lostSession() throws {
    let bench = try FetcherBench(partitionCount: 2, durability: .buffered)
    bench.follow([0, 1])
    bench.open([0, 1])
    bench.answer(session: 77, .init(0, leaderBatch(at: 0, epoch: 5)))
    #expect(bench.waiting.map(\.numbers) == [[0]])
    bench.answer(error: .fetchSessionIDNotFound)
    #expect(bench.waiting.map(\.sessionEpoch) == [0])
    #expect(Set(bench.waiting[0].numbers) == [0, 1])
    #expect(!bench.connection.isClosed)
    try bench.close()
  }

  // MARK: Roles that change

  @Test("an answer to what was asked in an earlier epoch is dropped")
  func staleEpoch() throws {
    let bench = try FetcherBench(durability: .buffered)
    bench.follow()
    bench.open()
    bench.follow(epoch: 6)
    #expect(bench.waiting.map(\.numbers) == [[], [0]])
    bench.answer(session: 77, .init(0, leaderBatch(at: 0, epoch: 5)))
    #expect(bench.end() == 0)
    bench.answer(session: 77, .init(0, leaderBatch(at: 0, epoch: 6)))
    #expect(bench.end() == 1)
    try bench.close()
  }

  @Test("what was fetched is not appended once the replica leads, though nobody has said stop")
  func fenced() throws {
    let bench = try FetcherBench(durability: .buffered)
    bench.follow()
    bench.open()
    bench.partitions[0].lead(
      PartitionImage(replicas: [2, 1], leader: 2, leaderEpoch: 6, partitionEpoch: 6, isr: [2]),
      minInSyncReplicas: 1)
    bench.answer(session: 77, .init(0, leaderBatch(at: 0, epoch: 5)))
    #expect(bench.end() == 0)
    // It is not asked for again.
    bench.advance(60_000)
    #expect(bench.waiting.isEmpty)
    #expect(bench.log.count(.error) == 0)
    try bench.close()
  }

  @Test("a replica that is no longer followed is forgotten, the last one closes the connection")
  func stopping() throws {
    let bench = try FetcherBench(partitionCount: 2, durability: .buffered)
    bench.follow([0, 1])
    bench.open([0, 1])
    bench.stop([0])
    bench.answer(session: 77, .init(0, leaderBatch(at: 0, epoch: 5)))
    #expect(bench.end() == 0)
    #expect(bench.waiting.first?.forgottenTopics.first?.partitions == [0])
    let connection = bench.connection
    bench.stop([1])
    #expect(connection.isClosed)
    bench.advance(60_000)
    #expect(bench.network.all.count == 1)
    try bench.close()
  }

  @Test("a replica goes over to another leader while an answer is on its way")
  func anotherLeader() throws {
    let bench = try FetcherBench(durability: .buffered)
    bench.follow(leader: 1)
    bench.open()
    let old = bench.connection
    bench.follow(leader: 3, epoch: 6)
    #expect(old.isClosed)
    #expect(bench.connection.endpoint.host == "leader-3")
    #expect(bench.waiting.map(\.numbers) == [[0]])
    bench.open()
    bench.answer(session: 77, .init(0, leaderBatch(at: 0, epoch: 6)))
    #expect(bench.end() == 1)
    try bench.close()
  }

  @Test("a leader that has registered anew is connected to anew, at once")
  func anotherIncarnation() throws {
    let bench = try FetcherBench(partitionCount: 2)
    bench.follow([0, 1])
    bench.open([0, 1])
    bench.connection.fail()
    bench.run()
    let old = bench.connection
    bench.follow([0], brokerEpoch: 2, epoch: 6)
    #expect(bench.connection !== old)
    #expect(Set(bench.waiting.flatMap(\.numbers)) == [0, 1])
    try bench.close()
  }

  @Test("a replica whose commit ends after it was given another epoch is asked for once")
  func commitAcrossEpochs() throws {
    let bench = try FetcherBench()
    bench.follow()
    bench.open()
    bench.answer(session: 77, .init(0, leaderBatch(at: 0, epoch: 5)))
    bench.follow(epoch: 6)
    // It would acknowledge to the new leader what the device does not have.
    #expect(bench.waiting.isEmpty)
    bench.runAndCommit()
    #expect(bench.waiting.map(\.numbers) == [[0]])
    #expect(bench.waiting.first?.topics.first?.partitions.first?.currentLeaderEpoch == 6)
    #expect(bench.waiting.first?.topics.first?.partitions.first?.fetchOffset == 1)
    try bench.close()
  }

  @Test("what a leader had written is durable before it acknowledges it as a follower")
  func durableBeforeFirst() throws {
    let bench = try FetcherBench()
    bench.partitions[0].lead(
      PartitionImage(replicas: [2, 1], leader: 2, leaderEpoch: 4, partitionEpoch: 4, isr: [2]),
      minInSyncReplicas: 1)
    let batch = leaderBatch(at: 0, epoch: 4)
    _ = try unsafe bench.partitions[0].log.append(batch.span.bytes, leaderEpoch: 4)
    bench.follow()
    #expect(bench.network.all.allSatisfy { $0.waiting.isEmpty })
    bench.runAndCommit()
    #expect(bench.waiting.first?.topics.first?.partitions.first?.fetchOffset == 1)
    try bench.close()
  }

  // MARK: The disk

  @Test("a full disk stops the replica that meets it, says so, and is tried again")
  func fullDisk() throws {
    let bench = try FetcherBench(durability: .buffered)
    bench.follow()
    bench.open()
    let failing = leaderBatch(at: 0, epoch: 5)
    bench.disk.onCall = { $0.name.hasPrefix("pwrite") ? .fail(errno: 28) : nil }
    bench.answer(session: 77, .init(0, failing))
    #expect(bench.end() == 0)
    #expect(bench.log.count(.error) == 1)
    bench.disk.onCall = nil
    bench.advance(9_999)
    #expect(bench.waiting.isEmpty)
    bench.advance(1)
    bench.answer(session: 77, .init(0, failing))
    #expect(bench.end() == 1)
    try bench.close()
  }

  // MARK: Rules that are taken out

  @Test("without truncateByEpoch a follower is cut to its high watermark, and says no epoch")
  func withoutTruncateByEpoch() throws {
    let bench = try FetcherBench(
      durability: .buffered, rules: .all.subtracting(.truncateByEpoch))
    bench.follow()
    bench.open()
    bench.answer(
      session: 77,
      .init(
        0, highWatermark: 2, leaderBatch(at: 0, epoch: 5, count: 2) + leaderBatch(at: 2, epoch: 5)))
    #expect(bench.waiting.first?.topics.first?.partitions.first?.lastFetchedEpoch == -1)
    bench.follow(epoch: 6)
    #expect(bench.end() == 2)
    try bench.close()
  }

  @Test("without epochWithEndOffset the leader's end alone says where to cut")
  func withoutEpochWithEndOffset() throws {
    let bench = try FetcherBench(
      durability: .buffered, rules: .all.subtracting(.epochWithEndOffset))
    bench.follow()
    bench.open()
    bench.answer(
      session: 77,
      .init(
        0,
        leaderBatch(at: 0, epoch: 1, count: 4) + leaderBatch(at: 4, epoch: 2, count: 2)
          + leaderBatch(at: 6, epoch: 3, count: 2)))
    bench.answer(session: 77, .init(0, diverging: (1, 6)))
    #expect(bench.end() == 6)
    try bench.close()
  }

  @Test("without fenceLeaderEpoch requests say no epoch")
  func withoutFence() throws {
    let bench = try FetcherBench(rules: .all.subtracting(.fenceLeaderEpoch))
    bench.follow()
    #expect(bench.waiting.first?.topics.first?.partitions.first?.currentLeaderEpoch == -1)
    try bench.close()
  }
}
