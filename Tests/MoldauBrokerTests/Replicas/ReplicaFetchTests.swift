import MoldauCluster
import MoldauFormat
import MoldauLog
import MoldauProtocol
import Testing

@testable import MoldauBroker

@Suite("Fetches of followers")
struct ReplicaFetchTests {
  @Test("a follower reads to the log's end, a consumer to the high watermark")
  func ends() throws {
    let cluster = try ClusterBroker()
    let topic = try cluster.createTopic()
    _ = try cluster.produce()
    let copied = try #require(
      try FollowerFetch(2).send(topic, [.of(from: 0)], to: cluster).answer()?.all.first)
    #expect(copied.byteCount > 0)
    #expect(copied.highWatermark == 0)
    let read = try #require(try cluster.fetch(from: 0).answer()?.all.first)
    #expect(read.errorCode == .none)
    #expect(read.byteCount == 0)
    #expect(read.highWatermark == 0)
    let beyond = try #require(try cluster.fetch(from: 1).answer()?.all.first)
    #expect(beyond.errorCode == .none, "between the high watermark and the end is no error")
    #expect(try cluster.fetch(from: 2).answer()?.all.first?.errorCode == .offsetOutOfRange)
  }

  @Test("a consumer that waits is answered when the high watermark passes its offset")
  func consumerWaits() throws {
    let cluster = try ClusterBroker()
    let topic = try cluster.createTopic()
    let consumer = try cluster.fetch(from: 0, waits: true)
    _ = try cluster.produce()
    #expect(try consumer.answer() == nil)
    for node: Int32 in [2, 3] {
      #expect(try consumer.answer() == nil)
      _ = try FollowerFetch(node).send(topic, [.of(from: 1)], to: cluster)
    }
    let read = try #require(try consumer.answer()?.all.first)
    #expect(read.byteCount > 0)
    #expect(read.highWatermark == 1)
  }

  @Test("a consumer that waits is told of another leader at once")
  func consumerDeposed() throws {
    let cluster = try ClusterBroker()
    try cluster.createTopic()
    let consumer = try cluster.fetch(from: 0, waits: true)
    let state = ClusterBroker.state(leader: 2, epoch: 4, partitionEpoch: 6)
    cluster.announce(state)
    try cluster.partition().follow(state)
    let told = try #require(try consumer.answer()?.all.first)
    #expect(told.errorCode == .notLeaderOrFollower)
    #expect(told.currentLeader.leaderID == 2)
    #expect(
      try cluster.fetch(from: 0, epoch: 3).answer()?.all.first?.errorCode == .fencedLeaderEpoch)
    #expect(
      try cluster.fetch(from: 0, epoch: 5).answer()?.all.first?.errorCode == .unknownLeaderEpoch)
  }

  @Test("only registered brokers, in the incarnation that is known, at the replication listener")
  func authorization() throws {
    let cluster = try ClusterBroker()
    let topic = try cluster.createTopic()
    var atClients = FollowerFetch(2)
    atClients.isPeer = false
    for fetch in [atClients, FollowerFetch(2, brokerEpoch: 99), FollowerFetch(7)] {
      let answer = try fetch.send(topic, [.of(from: 0)], to: cluster).answer()
      #expect(answer?.errorCode == .clusterAuthorizationFailed)
    }
    #expect(
      try FollowerFetch(2).send(topic, [.of(from: 0)], to: cluster).answer()?.errorCode
        == ErrorCode.none)
  }

  @Test("rule 10: epochs are fenced; replicas that the partition does not have are refused")
  func fencing() throws {
    let cluster = try ClusterBroker()
    let topic = try cluster.createTopic()
    func code(_ node: Int32, epoch: Int32) throws -> ErrorCode? {
      try FollowerFetch(node).send(topic, [.of(from: 0, epoch: epoch)], to: cluster).answer()?
        .all.first?.errorCode
    }
    #expect(try code(2, epoch: 2) == .fencedLeaderEpoch)
    #expect(try code(2, epoch: 4) == .unknownLeaderEpoch)
    cluster.register([1: 11, 2: 12, 3: 13, 4: 14])
    #expect(try code(4, epoch: 3) == .unknownLeaderEpoch)
    #expect(try code(4, epoch: -1) == .notLeaderOrFollower)
    #expect(
      try FollowerFetch(2).send(.zero, [.of(from: 0)], to: cluster).answer()?.all.first?.errorCode
        == .unknownTopicID)
  }

  @Test("rule 11: a log that went another way is told where, and counts for nothing")
  func divergence() throws {
    let cluster = try ClusterBroker()
    let topic = try cluster.createTopic()
    for _ in 0..<3 { _ = try cluster.produce() }
    try cluster.partition().lead(
      ClusterBroker.state(epoch: 7, partitionEpoch: 6), minInSyncReplicas: 1)
    _ = try cluster.produce()
    // It has five records of epoch 5, which this leader has not.
    let answer = try #require(
      try FollowerFetch(2).send(topic, [.of(from: 5, epoch: 7, lastEpoch: 5)], to: cluster)
        .answer()?.all.first)
    #expect(answer.errorCode == .none)
    #expect(answer.divergingEpoch.epoch == 3)
    #expect(answer.divergingEpoch.endOffset == 3)
    #expect(answer.byteCount == 0)
    #expect(try cluster.partition().replica?.leaderState?.followers[2]?.end == nil)
    // The same epoch, but longer than the leader's.
    let longer = try FollowerFetch(2).send(
      topic, [.of(from: 4, epoch: 7, lastEpoch: 3)], to: cluster)
    #expect(try longer.answer()?.all.first?.divergingEpoch.endOffset == 3)
    let agreeing = try FollowerFetch(2).send(
      topic, [.of(from: 3, epoch: 7, lastEpoch: 3)], to: cluster)
    #expect(try #require(try agreeing.answer()?.all.first).byteCount > 0)
    #expect(
      try cluster.partition().replica?.leaderState?.followers[2]?.end == Offset(rawValue: 3))
  }

  @Test("an epoch before all of the leader's: a log without records goes on, another begins anew")
  func earlierEpoch() throws {
    let cluster = try ClusterBroker()
    let topic = try cluster.createTopic()
    _ = try cluster.produce()
    // It has led in epoch 2, and was sent nothing.
    var empty = FetchRequest.Partition.of(from: 0)
    empty.lastFetchedEpoch = 2
    let goesOn = try FollowerFetch(2).send(topic, [empty], to: cluster)
    let answer = try #require(try goesOn.answer()?.all.first)
    #expect(answer.errorCode == .none)
    #expect(answer.byteCount > 0)
    let other = try FollowerFetch(2).send(topic, [.of(from: 1, lastEpoch: 2)], to: cluster)
    #expect(try other.answer()?.all.first?.errorCode == .offsetOutOfRange)
  }

  @Test("an offset that the leader does not have any more is told with the log's start")
  func outOfRange() throws {
    let cluster = try ClusterBroker()
    let topic = try cluster.createTopic(isr: [1])
    for _ in 0..<3 { _ = try cluster.produce() }
    let partition = try cluster.partition()
    try partition.log.deleteRecords(before: Offset(rawValue: 2), TopicConfiguration(), now: 0)
    let answer = try #require(
      try FollowerFetch(2).send(topic, [.of(from: 0)], to: cluster).answer()?.all.first)
    #expect(answer.errorCode == .offsetOutOfRange)
    #expect(answer.logStartOffset == 2)
    #expect(partition.replica?.leaderState?.followers[2]?.end == nil)
  }

  @Test("in a session only what is new is told, and what was told of rests until it is named again")
  func sessions() throws {
    let cluster = try ClusterBroker()
    let topic = try cluster.createTopic(partitions: 100)
    var fetch = FollowerFetch(2)
    fetch.sessionEpoch = 0
    let all = (0..<100).map { FetchRequest.Partition.of(Int32($0), from: 0, knows: 0) }
    let begun = try #require(try fetch.send(topic, all, to: cluster).answer())
    #expect(begun.all.count == 100)
    fetch.sessionID = begun.sessionID
    fetch.sessionEpoch = 1
    fetch.waits = true
    let waiting = try fetch.send(topic, [], to: cluster)
    #expect(try waiting.answer() == nil)
    _ = try cluster.produce("t", 42)
    let news = try #require(try waiting.answer())
    #expect(news.all.map(\.index) == [42])
    #expect(news.all[0].byteCount > 0)

    fetch.sessionEpoch = 2
    _ = try cluster.produce("t", 42)
    let resting = try fetch.send(topic, [], to: cluster)
    #expect(try resting.answer() == nil, "the follower has the first record to append yet")
    #expect(try resting.answerInTheEnd().all.isEmpty)

    fetch.sessionEpoch = 3
    let named = try fetch.send(topic, [.of(42, from: 1, knows: 0)], to: cluster)
    #expect(try named.answer()?.all.map(\.index) == [42])
    fetch.sessionEpoch = 3
    #expect(
      try fetch.send(topic, [], to: cluster).answer()?.errorCode == .invalidFetchSessionEpoch)
  }

  @Test("a higher high watermark wakes nobody: it is told with the next records, or in the end")
  func highWatermark() throws {
    let cluster = try ClusterBroker()
    let topic = try cluster.createTopic()
    var fetch = FollowerFetch(2)
    fetch.sessionEpoch = 0
    fetch.waits = true
    let first = try fetch.send(topic, [.of(from: 0, knows: 0)], to: cluster)
    _ = try cluster.produce()
    fetch.sessionID = try #require(try first.answer()).sessionID
    fetch.sessionEpoch = 1
    let second = try fetch.send(topic, [.of(from: 1, knows: 0)], to: cluster)
    #expect(try second.answer() == nil)
    _ = try FollowerFetch(3).send(topic, [.of(from: 1)], to: cluster)
    #expect(try second.answer() == nil)
    _ = try cluster.produce()
    let records = try #require(try second.answer()?.all.first)
    #expect(records.byteCount > 0)
    #expect(records.highWatermark == 1)
    _ = try FollowerFetch(3).send(topic, [.of(from: 2)], to: cluster)
    fetch.sessionEpoch = 2
    let third = try fetch.send(topic, [.of(from: 2, knows: 1)], to: cluster)
    #expect(try third.answer() == nil)
    let told = try #require(try third.answerInTheEnd().all.first)
    #expect(told.highWatermark == 2)
    #expect(told.byteCount == 0)
    // It does not rest, and what comes next is told of.
    fetch.sessionEpoch = 3
    let fourth = try fetch.send(topic, [], to: cluster)
    #expect(try fourth.answer() == nil)
    _ = try cluster.produce()
    #expect(try #require(try fourth.answer()?.all.first).byteCount > 0)
  }

  @Test("a follower that waits is told when the role changes, and its session goes on")
  func roleChange() throws {
    let cluster = try ClusterBroker()
    let topic = try cluster.createTopic()
    var fetch = FollowerFetch(2)
    fetch.sessionEpoch = 0
    fetch.waits = true
    let first = try fetch.send(topic, [.of(from: 0, knows: 0)], to: cluster)
    try cluster.partition().lead(
      ClusterBroker.state(epoch: 4, partitionEpoch: 6), minInSyncReplicas: 1)
    let told = try #require(try first.answer())
    #expect(told.all.map(\.errorCode) == [.fencedLeaderEpoch])
    fetch.sessionID = told.sessionID
    fetch.sessionEpoch = 1
    let second = try fetch.send(topic, [.of(from: 0, epoch: 4, knows: 0)], to: cluster)
    #expect(try second.answer() == nil)
    _ = try cluster.produce()
    #expect(try #require(try second.answer()?.all.first).byteCount > 0)
  }

  @Test("partitions that leave the session are silent; a full answer leaves the rest for later")
  func forgottenAndFull() throws {
    let cluster = try ClusterBroker()
    let topic = try cluster.createTopic(partitions: 3)
    for index: Int32 in 0..<3 { _ = try cluster.produce("t", index) }
    var fetch = FollowerFetch(2)
    fetch.sessionEpoch = 0
    var small = fetch.request(topic, (0..<3).map { .of(Int32($0), from: 0, knows: 0) })
    small.maxBytes = 1
    let first = try #require(try cluster.ask(small, version: 18, isPeer: true).answer())
    #expect(first.all.filter { $0.byteCount > 0 }.map(\.index) == [0])
    var next = FollowerFetch(2).request(topic, [])
    next.sessionID = first.sessionID
    next.sessionEpoch = 1
    var forgotten = FetchRequest.ForgottenTopic()
    forgotten.id = topic
    forgotten.partitions = [1]
    next.forgottenTopics = [forgotten]
    let second = try #require(try cluster.ask(next, version: 18, isPeer: true).answer())
    #expect(second.all.map(\.index) == [2])
  }
}
