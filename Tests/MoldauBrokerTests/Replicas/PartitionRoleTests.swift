import MoldauCluster
import MoldauFormat
import MoldauLog
import MoldauProtocol
import Testing

@testable import MoldauBroker

@Suite("Roles of a partition")
struct PartitionRoleTests {
  @Test("rule 4: older states are ignored; a new epoch is noted where the log ends")
  func epochs() throws {
    let cluster = try ClusterBroker()
    try cluster.createTopic()
    _ = try cluster.produce()
    let partition = try cluster.partition()
    partition.follow(ClusterBroker.state(leader: 2, epoch: 2, partitionEpoch: 9))
    #expect(partition.role == .leader(epoch: 3))
    partition.follow(ClusterBroker.state(leader: 2, epoch: 3, partitionEpoch: 4))
    #expect(partition.role == .leader(epoch: 3))
    partition.lead(ClusterBroker.state(epoch: 8, partitionEpoch: 6), minInSyncReplicas: 1)
    #expect(partition.role == .leader(epoch: 8))
    #expect(partition.log.endOffset(ofEpoch: 7)?.epoch == 3)
    #expect(partition.log.endOffset(ofEpoch: 7)?.end == Offset(rawValue: 1))
    #expect(partition.log.latestLeaderEpoch == 8, "even if nothing is written in it")
  }

  @Test("a follower takes what its leader sent, and its high watermark is not above its end")
  func follower() throws {
    let leader = try ClusterBroker()
    let topic = try leader.createTopic()
    for _ in 0..<3 { _ = try leader.produce() }
    let cluster = try ClusterBroker()
    try cluster.createTopic()
    let partition = try cluster.partition()
    partition.follow(ClusterBroker.state(leader: 2, epoch: 4, partitionEpoch: 6))
    #expect(
      partition.fetchPosition
        == FetchPosition(offset: .zero, lastFetchedEpoch: 3, logStart: .zero))
    let slice = try #require(
      try leader.partition().log.read(from: .zero, limit: Offset(rawValue: 9), maxBytes: 1 << 20))
    let bytes = try slice.copyBytes()
    // SAFETY: bytes have no padding between them.
    _ = try unsafe partition.log.appendFromLeader(bytes.span.bytes, epoch: 4)
    partition.noteFetched(highWatermark: Offset(rawValue: 9), leaderEpoch: 4)
    #expect(partition.highWatermark == Offset(rawValue: 3))
    partition.noteFetched(highWatermark: Offset(rawValue: 1), leaderEpoch: 4)
    #expect(partition.highWatermark == Offset(rawValue: 3), "it does not fall")
    #expect(topic != .zero)
    // It leads with what it knew.
    partition.lead(ClusterBroker.state(epoch: 5, partitionEpoch: 7), minInSyncReplicas: 1)
    #expect(partition.highWatermark == Offset(rawValue: 3))
    #expect(partition.fetchPosition == nil)
  }

  @Test("a follower's high watermark falls with a log that is cut, and only then")
  func truncation() throws {
    let cluster = try ClusterBroker()
    try cluster.createTopic(isr: [1])
    for _ in 0..<3 { _ = try cluster.produce() }
    let partition = try cluster.partition()
    #expect(partition.highWatermark == Offset(rawValue: 3))
    partition.follow(ClusterBroker.state(leader: 2, epoch: 4, partitionEpoch: 6))
    #expect(partition.highWatermark == Offset(rawValue: 3))
    try partition.log.truncate(to: Offset(rawValue: 1), epoch: 4)
    partition.noteTruncated()
    #expect(partition.highWatermark == Offset(rawValue: 1))
  }

  @Test("a new leader does not say where the log ends before it knows what is committed")
  func latestOffset() throws {
    let cluster = try ClusterBroker()
    let topic = try cluster.createTopic()
    _ = try cluster.produce()
    try cluster.partition().lead(
      ClusterBroker.state(epoch: 4, partitionEpoch: 6), minInSyncReplicas: 1)
    func latest(version: Int16) throws -> ListOffsetsResponse.Partition? {
      var request = ListOffsetsRequest()
      var asked = ListOffsetsRequest.Topic()
      asked.name = "t"
      var partition = ListOffsetsRequest.Partition()
      partition.timestampMilliseconds = ListOffsetsRequest.Position.latest
      asked.partitions = [partition]
      request.topics = [asked]
      return try cluster.ask(request, version: version).answer()?.topics.first?.partitions.first
    }
    #expect(try latest(version: 7)?.errorCode == .offsetNotAvailable)
    #expect(try latest(version: 4)?.errorCode == .leaderNotAvailable)
    for node: Int32 in [2, 3] {
      _ = try FollowerFetch(node).send(topic, [.of(from: 1, epoch: 4)], to: cluster)
    }
    #expect(try latest(version: 7)?.offset == 1)
    _ = try cluster.produce()
    #expect(try latest(version: 7)?.offset == 1, "the high watermark, not the end")
  }

  private func delete(
    before offset: Int64, on cluster: ClusterBroker, within milliseconds: Int32 = 1_000
  ) throws -> Call<DeleteRecordsRequest> {
    var request = DeleteRecordsRequest()
    request.timeoutMilliseconds = milliseconds
    var asked = DeleteRecordsRequest.Topic()
    asked.name = "t"
    var partition = DeleteRecordsRequest.Partition()
    partition.offset = offset
    asked.partitions = [partition]
    request.topics = [asked]
    let call = try cluster.ask(request, version: 2)
    cluster.runBlockingWork()
    return call
  }

  @Test("what is not committed cannot be deleted; followers are told where the log begins then")
  func deleteRecords() throws {
    let cluster = try ClusterBroker()
    let topic = try cluster.createTopic(isr: [1, 2])
    for _ in 0..<3 { _ = try cluster.produce() }
    var fetch = FollowerFetch(2)
    fetch.sessionEpoch = 0
    fetch.waits = true
    let waiting = try fetch.send(topic, [.of(from: 2, knows: 2)], to: cluster)
    fetch.sessionID = try #require(try waiting.answer()).sessionID
    fetch.sessionEpoch = 1
    let idle = try fetch.send(topic, [.of(from: 3, knows: 3)], to: cluster)
    #expect(try idle.answer() == nil)
    _ = try cluster.produce()
    let early = try delete(before: 4, on: cluster).answer()
    #expect(early?.topics[0].partitions[0].errorCode == .offsetOutOfRange)
    #expect(try idle.answer()?.all.first?.byteCount ?? 0 > 0)
    fetch.sessionEpoch = 2
    let next = try fetch.send(topic, [.of(from: 4, knows: 4)], to: cluster)
    #expect(try next.answer() == nil)
    let deletion = try delete(before: 2, on: cluster)
    #expect(try next.answer()?.all.first?.logStartOffset == 2)
    #expect(try deletion.answer() == nil, "the follower may still show what was deleted")
    fetch.sessionEpoch = 3
    _ = try fetch.send(topic, [.of(from: 4, knows: 4, start: 2)], to: cluster)
    #expect(try deletion.answer()?.topics[0].partitions[0].lowWatermark == 2)
    try cluster.partition().follow(
      ClusterBroker.state(leader: 2, epoch: 4, partitionEpoch: 6))
    let late = try delete(before: 3, on: cluster).answer()
    #expect(late?.topics[0].partitions[0].errorCode == .notLeaderOrFollower)
  }

  @Test("a deletion waits for live in-sync replicas, while the client waits and this one leads")
  func deletionWaits() throws {
    let cluster = try ClusterBroker()
    let topic = try cluster.createTopic()
    for _ in 0..<3 { _ = try cluster.produce() }
    for node: Int32 in [2, 3] {
      _ = try FollowerFetch(node).send(topic, [.of(from: 3)], to: cluster)
    }
    func code(_ call: Call<DeleteRecordsRequest>) throws -> ErrorCode? {
      try call.answer()?.topics[0].partitions[0].errorCode
    }
    let inTime = try delete(before: 1, on: cluster)
    let tooLate = try delete(before: 2, on: cluster, within: 500)
    for node: Int32 in [2, 3] {
      #expect(try code(inTime) == nil)
      _ = try FollowerFetch(node).send(topic, [.of(from: 3, start: 1)], to: cluster)
    }
    #expect(try code(inTime) == ErrorCode.none)
    #expect(try code(tooLate) == nil)
    cluster.clock.advance(500)
    cluster.runDue()
    #expect(try code(tooLate) == .requestTimedOut)

    // Broker 3 is gone: what it has is no leader's.
    _ = try FollowerFetch(2).send(topic, [.of(from: 3, start: 2)], to: cluster)
    let withoutThird = try delete(before: 2, on: cluster)
    #expect(try code(withoutThird) == nil)
    cluster.register([1: 11, 2: 12])
    #expect(try code(withoutThird) == ErrorCode.none)

    let deposed = try delete(before: 3, on: cluster)
    #expect(try code(deposed) == nil)
    try cluster.partition().follow(
      ClusterBroker.state(leader: 2, epoch: 4, partitionEpoch: 6))
    #expect(try code(deposed) == .notLeaderOrFollower)
  }
}
