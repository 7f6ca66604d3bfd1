import MoldauCluster
import MoldauFormat
import MoldauLog
import MoldauProtocol
import Testing

@testable import MoldauBroker

/// Groups over a partition that other brokers copy: what counts is the high watermark.
@Suite("Groups over replicas")
struct ReplicatedGroupTests {
  private static let name = GroupOffsets.topicName

  private func begin(
    _ cluster: ClusterBroker, minISR: Int = 1
  ) throws -> TopicID {
    try cluster.createTopic("t")
    let topic = try cluster.createTopic(Self.name, minISR: minISR)
    cluster.broker.groups.begin(try cluster.partition(Self.name), leaderEpoch: 3, of: 1)
    cluster.runQueues()
    return topic
  }

  private func commit(
    _ offset: Int64, _ cluster: ClusterBroker
  ) throws -> Call<OffsetCommitRequest> {
    var partition = OffsetCommitRequest.Partition()
    partition.committedOffset = offset
    var topic = OffsetCommitRequest.Topic()
    topic.name = "t"
    topic.partitions = [partition]
    var request = OffsetCommitRequest()
    request.groupID = "group"
    request.generationID = -1
    request.topics = [topic]
    return try cluster.ask(request, version: 8)
  }

  private func committed(_ cluster: ClusterBroker) throws -> (offset: Int64?, code: ErrorCode?) {
    var group = OffsetFetchRequest.Group()
    group.groupID = "group"
    group.topics = nil
    var request = OffsetFetchRequest()
    request.groups = [group]
    let call = try cluster.ask(request, version: 9)
    let found = try call.answer()?.groups.first
    return (found?.topics.first?.partitions.first?.committedOffset, found?.errorCode)
  }

  private func fetch(
    _ nodes: [Int32], upTo offset: Int64, _ topic: TopicID, _ cluster: ClusterBroker
  ) throws {
    for node in nodes {
      _ = try FollowerFetch(node).send(topic, [.of(from: offset)], to: cluster)
    }
  }

  @Test("a commit is answered and shown when all in-sync replicas have it")
  func commits() throws {
    let cluster = try ClusterBroker()
    let topic = try begin(cluster)
    let call = try commit(7, cluster)
    #expect(try call.answer() == nil)
    #expect(try committed(cluster).offset == nil)
    try fetch([2], upTo: 1, topic, cluster)
    #expect(try call.answer() == nil)
    try fetch([3], upTo: 1, topic, cluster)
    #expect(try call.answer()?.topics[0].partitions[0].errorCode == ErrorCode.none)
    #expect(try committed(cluster).offset == 7)
  }

  @Test("a broker that leads no longer acknowledges nothing that waits, and shows nothing")
  func deposed() throws {
    let cluster = try ClusterBroker()
    let topic = try begin(cluster)
    let call = try commit(7, cluster)
    let partition = try cluster.partition(Self.name)
    partition.follow(ClusterBroker.state(leader: 2, epoch: 4, partitionEpoch: 6))
    #expect(try call.answer()?.topics[0].partitions[0].errorCode == .notCoordinator)
    // Before the coordinator has heard of it, the log refuses what it would write.
    #expect(
      try commit(8, cluster).answer()?.topics[0].partitions[0].errorCode == .notCoordinator)
    cluster.broker.groups.end(partition: 0)
    #expect(try committed(cluster).code == .notCoordinator)
    try fetch([2, 3], upTo: 1, topic, cluster)
    #expect(try call.answer()?.topics[0].partitions[0].errorCode == .notCoordinator)
  }

  @Test("while too few are in sync commits are refused, and come to count once enough are")
  func tooFewReplicas() throws {
    let cluster = try ClusterBroker()
    let topic = try begin(cluster, minISR: 2)
    let call = try commit(7, cluster)
    let partition = try cluster.partition(Self.name)
    partition.lead(
      ClusterBroker.state(partitionEpoch: 6, isr: [1]), minInSyncReplicas: 2)
    #expect(try call.answer()?.topics[0].partitions[0].errorCode == .coordinatorNotAvailable)
    let end = partition.log.endOffset
    #expect(
      try commit(8, cluster).answer()?.topics[0].partitions[0].errorCode
        == .coordinatorNotAvailable)
    #expect(partition.log.endOffset == end)
    #expect(try committed(cluster).offset == nil)
    partition.lead(
      ClusterBroker.state(partitionEpoch: 7, isr: [1, 2]), minInSyncReplicas: 2)
    try fetch([2], upTo: 1, topic, cluster)
    #expect(try committed(cluster).offset == 7)
  }

  @Test("a new leader reads all that it has and shows it when the others have it, too")
  func newLeader() throws {
    let cluster = try ClusterBroker()
    let topic = try begin(cluster)
    _ = try commit(7, cluster)
    cluster.broker.groups.end(partition: 0)
    let partition = try cluster.partition(Self.name)
    partition.follow(ClusterBroker.state(leader: 2, epoch: 4, partitionEpoch: 6))
    partition.lead(ClusterBroker.state(epoch: 5, partitionEpoch: 7), minInSyncReplicas: 1)
    cluster.broker.groups.begin(partition, leaderEpoch: 5, of: 1)
    cluster.runQueues()
    #expect(cluster.broker.groups.readiness(of: ["group"]) == .loading)
    for node: Int32 in [2, 3] {
      _ = try FollowerFetch(node).send(topic, [.of(from: 1, epoch: 5)], to: cluster)
    }
    cluster.runQueues()
    #expect(try committed(cluster).offset == 7)
  }
}
