import MoldauCluster
import MoldauFormat
import MoldauLog
import MoldauProtocol
import Testing

@testable import MoldauBroker

@Suite("Produce in a cluster")
struct ClusterProduceTests {
  @Test("acks=all is answered when all in-sync replicas have the records, acks=1 at once")
  func acknowledgements() throws {
    let cluster = try ClusterBroker()
    let topic = try cluster.createTopic()
    #expect(try cluster.produce().code() == ErrorCode.none)
    let all = try cluster.produce(acks: -1)
    #expect(try all.code() == nil)
    _ = try FollowerFetch(2).send(topic, [.of(from: 2)], to: cluster)
    #expect(try all.code() == nil)
    _ = try FollowerFetch(3).send(topic, [.of(from: 1)], to: cluster)
    #expect(try all.code() == nil)
    #expect(try cluster.partition().highWatermark == Offset(rawValue: 1))
    _ = try FollowerFetch(3).send(topic, [.of(from: 2)], to: cluster)
    #expect(try all.code() == ErrorCode.none)
  }

  @Test("a leader alone acknowledges what it has written; what is synced, when the device has it")
  func alone() throws {
    let buffered = try ClusterBroker()
    try buffered.createTopic(isr: [1])
    for _ in 0..<3 { #expect(try buffered.produce(acks: -1).code() == ErrorCode.none) }
    let synced = try ClusterBroker(durability: .groupCommit())
    try synced.createTopic(isr: [1])
    for count in 1...3 {
      let call = try synced.produce(acks: -1)
      #expect(try call.code() == nil)
      synced.store.runCommits()
      #expect(try call.code() == ErrorCode.none)
      #expect(try synced.partition().highWatermark == Offset(rawValue: Int64(count)))
    }
  }

  @Test("on a synced topic the high watermark waits for the leader's own device, too")
  func synced() throws {
    let cluster = try ClusterBroker(durability: .groupCommit())
    let topic = try cluster.createTopic()
    let all = try cluster.produce(acks: -1)
    #expect(cluster.store.isCommitAwaited, "the leader's commit begins while the others copy")
    for node: Int32 in [2, 3] {
      _ = try FollowerFetch(node).send(topic, [.of(from: 1)], to: cluster)
    }
    #expect(try cluster.partition().highWatermark == .zero)
    cluster.store.runCommits()
    #expect(try cluster.partition().highWatermark == Offset(rawValue: 1))
    #expect(try all.code() == ErrorCode.none)
  }

  @Test("with acks=1, too, the high watermark of a synced topic comes to the log's end")
  func syncedLater() throws {
    let cluster = try ClusterBroker(durability: .groupCommit())
    let topic = try cluster.createTopic()
    #expect(try cluster.produce().code() == ErrorCode.none)
    for node: Int32 in [2, 3] {
      _ = try FollowerFetch(node).send(topic, [.of(from: 1)], to: cluster)
    }
    while cluster.store.runCommits() {}
    #expect(try cluster.partition().highWatermark == Offset(rawValue: 1))
  }

  @Test("too few in-sync replicas: nothing is appended")
  func notEnough() throws {
    let cluster = try ClusterBroker()
    try cluster.createTopic(isr: [1], minISR: 2)
    #expect(try cluster.produce(acks: -1).code() == .notEnoughReplicas)
    #expect(try cluster.partition().log.endOffset == .zero)
    #expect(try cluster.produce(acks: 1).code() == ErrorCode.none)
    #expect(try cluster.partition().highWatermark == .zero)
  }

  @Test("in-sync replicas that go meanwhile: what waits is told so at once")
  func notEnoughAfter() throws {
    let cluster = try ClusterBroker()
    try cluster.createTopic(isr: [1, 2], minISR: 2)
    let all = try cluster.produce(acks: -1)
    try cluster.partition().lead(
      ClusterBroker.state(partitionEpoch: 6, isr: [1]), minInSyncReplicas: 2)
    #expect(try all.code() == .notEnoughReplicasAfterAppend)
  }

  @Test("another leader: what waits is told so at once, with the new leader's address")
  func deposed() throws {
    let cluster = try ClusterBroker()
    try cluster.createTopic()
    let waiting = try cluster.produce(acks: -1)
    let state = ClusterBroker.state(leader: 2, epoch: 4, partitionEpoch: 6)
    cluster.announce(state)
    try cluster.partition().follow(state)
    for call in [waiting, try cluster.produce(), try cluster.produce(acks: -1)] {
      let answer = try #require(try call.answer())
      let partition = answer.topics[0].partitions[0]
      #expect(partition.errorCode == .notLeaderOrFollower)
      #expect(partition.currentLeader.leaderID == 2)
      #expect(partition.currentLeader.leaderEpoch == 4)
      #expect(answer.nodeEndpoints.map(\.host) == ["broker2"])
    }
    #expect(try cluster.partition().log.endOffset == Offset(rawValue: 1))
  }

  @Test("a later epoch of the same leader: what was appended before is still waited for")
  func reelected() throws {
    let cluster = try ClusterBroker()
    let topic = try cluster.createTopic()
    let waiting = try cluster.produce(acks: -1)
    try cluster.partition().lead(
      ClusterBroker.state(epoch: 4, partitionEpoch: 6), minInSyncReplicas: 1)
    #expect(try waiting.code() == nil)
    for node: Int32 in [2, 3] {
      _ = try FollowerFetch(node).send(topic, [.of(from: 1, epoch: 4)], to: cluster)
    }
    #expect(try waiting.code() == ErrorCode.none)
  }

  @Test("time is up: the client is told that it is not known")
  func timeout() throws {
    let cluster = try ClusterBroker()
    try cluster.createTopic()
    let answer = try cluster.produce(acks: -1).answerInTheEnd()
    #expect(answer.topics[0].partitions[0].errorCode == .requestTimedOut)
  }

  @Test("a partition that is elsewhere, one that is nowhere")
  func elsewhere() throws {
    let cluster = try ClusterBroker()
    try cluster.createTopic()
    var image = cluster.replicas.image
    image.topics["u"] = TopicImage(
      name: "u", id: .zero, configuration: [:],
      partitions: [ClusterBroker.state(leader: 3, isr: [3])])
    cluster.replicas.note(image)
    let answer = try #require(try cluster.produce("u").answer())
    #expect(answer.topics[0].partitions[0].errorCode == .notLeaderOrFollower)
    #expect(answer.topics[0].partitions[0].currentLeader.leaderID == 3)
    #expect(try cluster.produce("v").code() == .unknownTopicOrPartition)
    #expect(try cluster.produce("t", 7).code() == .unknownTopicOrPartition)
  }

  @Test("nobody appends before the cluster has said who leads, or when it no longer does")
  func withoutRole() throws {
    let cluster = try ClusterBroker()
    try cluster.createTopic()
    try cluster.partition().resign()
    #expect(try cluster.partition().role == .none)
    #expect(try cluster.produce().code() == .notLeaderOrFollower)
    var image = cluster.replicas.image
    image.topics = [:]
    cluster.replicas.note(image)
    #expect(try cluster.produce().code() == .unknownTopicOrPartition)
  }
}
