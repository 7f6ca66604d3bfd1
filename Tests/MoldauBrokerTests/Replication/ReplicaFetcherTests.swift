import MoldauCluster
import MoldauFormat
import MoldauLog
import MoldauProtocol
import Testing

@testable import MoldauBroker

/// What followers ask, and what they do with the answers.
struct ReplicaFetcherTests {
  @Test("the first request names all and is answered at once, the next ones only what is news")
  func requests() throws {
    let bench = try FetcherBench(partitionCount: 2)
    bench.follow([0, 1])
    let first = try #require(bench.waiting.first)
    #expect(bench.waiting.count == 1)
    #expect(first.sessionID == 0 && first.sessionEpoch == 0)
    #expect(first.maxWaitMilliseconds == 0 && first.minBytes == 1)
    #expect(first.replicaState.replicaID == 2 && first.replicaState.replicaEpoch == 22)
    #expect(first.numbers == [0, 1])
    let named = first.topics[0].partitions[0]
    #expect(first.topics[0].id == bench.topic.id)
    #expect(named.currentLeaderEpoch == 5 && named.fetchOffset == 0)
    #expect(named.lastFetchedEpoch == -1 && named.logStartOffset == 0)
    bench.open([0, 1])
    let second = try #require(bench.waiting.first)
    #expect(bench.waiting.count == 1)
    #expect(second.sessionID == 77 && second.sessionEpoch == 1 && second.topics.isEmpty)
    #expect(Int64(second.maxWaitMilliseconds) == FetcherBench.maxWait)
    bench.answer(session: 77)
    #expect(bench.waiting.map(\.sessionEpoch) == [2])
    try bench.close()
  }

  @Test("what was appended is acknowledged when the device has it")
  func durability() throws {
    let bench = try FetcherBench()
    bench.follow()
    bench.open()
    bench.answer(session: 77, .init(0, highWatermark: 3, leaderBatch(at: 0, epoch: 5, count: 3)))
    #expect(bench.end() == 3)
    #expect(bench.waiting.isEmpty)
    bench.runAndCommit()
    let next = try #require(bench.waiting.first?.topics.first?.partitions.first)
    #expect(next.fetchOffset == 3 && next.lastFetchedEpoch == 5)
    try bench.close()
  }

  @Test("a buffered topic is acknowledged at once")
  func buffered() throws {
    let bench = try FetcherBench(durability: .buffered)
    bench.follow()
    bench.open()
    bench.answer(session: 77, .init(0, leaderBatch(at: 0, epoch: 5)))
    #expect(bench.waiting.first?.topics.first?.partitions.first?.fetchOffset == 1)
    try bench.close()
  }

  @Test("an acknowledgement overtakes the long poll of the others, and two requests are the most")
  func overtaking() throws {
    let bench = try FetcherBench(partitionCount: 3)
    bench.follow([0, 1, 2])
    bench.open([0, 1, 2])
    bench.answer(session: 77, .init(0, leaderBatch(at: 0, epoch: 5)))
    #expect(bench.waiting.map(\.numbers) == [[]])
    bench.runAndCommit()
    #expect(bench.waiting.map(\.numbers) == [[], [0]])
    // The answer to the long poll brings records, and the other request is on its way still.
    bench.answer(session: 77, .init(1, leaderBatch(at: 0, epoch: 5)))
    bench.runAndCommit()
    #expect(bench.waiting.map(\.numbers) == [[0], [1]])
    bench.answer(session: 77, .init(2, leaderBatch(at: 0, epoch: 5)))
    bench.runAndCommit()
    #expect(bench.waiting.map(\.numbers) == [[1], [2]])
    #expect((0..<3).map(bench.end) == [1, 1, 1])
    try bench.close()
  }

  @Test("a leader that keeps no sessions is told of everything that is ready, each time")
  func withoutSessions() throws {
    for sessions in [false, true] {
      let bench = try FetcherBench(partitionCount: 2, sessions: sessions)
      bench.follow([0, 1])
      // The leader may refuse to keep one.
      if sessions { bench.answer(.init(0), .init(1)) }
      #expect(bench.waiting.map(\.numbers) == [[0, 1]])
      #expect(bench.waiting.map(\.sessionEpoch) == [-1])
      #expect(bench.waiting.map(\.maxWaitMilliseconds) == [500])
      bench.answer(.init(0, leaderBatch(at: 0, epoch: 5)), .init(1))
      #expect(bench.waiting.map(\.numbers) == [[1]])
      bench.runAndCommit()
      #expect(bench.waiting.map(\.numbers) == [[1], [0]])
      bench.answer(.init(1))
      #expect(bench.waiting.map(\.numbers) == [[0], [1]])
      try bench.close()
    }
  }

  @Test("the high watermark and the log's start are the leader's, as far as the log goes")
  func news() throws {
    let bench = try FetcherBench(durability: .buffered)
    bench.follow()
    bench.open()
    bench.answer(
      session: 77, .init(0, highWatermark: 2, leaderBatch(at: 0, epoch: 5, count: 10)))
    #expect(bench.partitions[0].highWatermark.rawValue == 2)
    bench.answer(session: 77, .init(0, highWatermark: 8, start: 4))
    #expect(bench.partitions[0].highWatermark.rawValue == 8)
    #expect(bench.partitions[0].log.startOffset.rawValue == 4)
    // It was named again, as the leader waits to hear where it begins; not for a high watermark.
    #expect(bench.waiting.map(\.numbers) == [[0]])
    #expect(bench.waiting.first?.topics.first?.partitions.first?.logStartOffset == 4)
    bench.answer(session: 77, .init(0, highWatermark: 10, start: 4))
    #expect(bench.waiting.map(\.numbers) == [[]])
    try bench.close()
  }

  @Test("a log that goes another way is cut to where both may agree, until they do")
  func diverging() throws {
    let bench = try FetcherBench(durability: .buffered)
    bench.follow()
    bench.open()
    bench.answer(
      session: 77,
      .init(
        0,
        leaderBatch(at: 0, epoch: 1, count: 4) + leaderBatch(at: 4, epoch: 2, count: 4)
          + leaderBatch(at: 8, epoch: 3, count: 2)))
    #expect(bench.end() == 10)
    // The leader's largest epoch up to 3 is 1, which ends at 6: here it ends at 4.
    bench.answer(session: 77, .init(0, diverging: (1, 6)))
    #expect(bench.end() == 4)
    let next = try #require(bench.waiting.first?.topics.first?.partitions.first)
    #expect(next.fetchOffset == 4 && next.lastFetchedEpoch == 1)
    bench.answer(session: 77, .init(0, leaderBatch(at: 4, epoch: 5)))
    #expect(bench.end() == 5)
    #expect(bench.log.contains("its log is cut from 10 to 4"))
    try bench.close()
  }

  @Test("a log that ends before the leader's begins is begun anew there")
  func reset() throws {
    let bench = try FetcherBench(durability: .buffered)
    bench.follow()
    bench.open()
    bench.answer(session: 77, .init(0, leaderBatch(at: 0, epoch: 5, count: 3)))
    bench.answer(session: 77, .init(0, error: .offsetOutOfRange, highWatermark: -1, start: 40))
    #expect(bench.end() == 40)
    #expect(bench.partitions[0].log.startOffset.rawValue == 40)
    #expect(bench.waiting.first?.topics.first?.partitions.first?.fetchOffset == 40)
    #expect(bench.log.contains("begins anew at 40"))
    try bench.close()
  }

  @Test(
    "errors of the leader are waited out, longer each time, and a newer image ends the wait",
    arguments: [
      ErrorCode.fencedLeaderEpoch, .unknownLeaderEpoch, .notLeaderOrFollower, .unknownTopicID,
      .unknownTopicOrPartition, .kafkaStorageError, .unknownServerError, .corruptMessage,
    ])
  func errors(code: ErrorCode) throws {
    let bench = try FetcherBench()
    bench.follow()
    bench.open()
    bench.answer(session: 77, .init(0, error: code, highWatermark: -1, start: -1))
    #expect(bench.waiting.isEmpty)
    for pause in [25, 50, 100, 200, 400, 800, 1_000, 1_000] as [Int64] {
      bench.advance(pause - 1)
      #expect(bench.waiting.isEmpty)
      bench.advance(1)
      #expect(bench.waiting.map(\.numbers) == [[0]])
      bench.answer(session: 77, .init(0, error: code, highWatermark: -1, start: -1))
    }
    bench.follow(epoch: 6)
    #expect(bench.waiting.first?.topics.first?.partitions.first?.currentLeaderEpoch == 6)
    #expect(bench.log.count(.warning) <= 1)
    try bench.close()
  }

  @Test("a batch that is damaged is fetched again")
  func damagedBatch() throws {
    let bench = try FetcherBench(durability: .buffered)
    bench.follow()
    bench.open()
    var damaged = leaderBatch(at: 1, epoch: 5)
    damaged[damaged.count - 1] ^= 1
    bench.answer(session: 77, .init(0, leaderBatch(at: 0, epoch: 5) + damaged))
    #expect(bench.end() == 1)
    #expect(bench.log.count(.warning) == 1)
    bench.advance(25)
    #expect(bench.waiting.first?.topics.first?.partitions.first?.fetchOffset == 1)
    try bench.close()
  }
}
