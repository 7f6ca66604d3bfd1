import MoldauCluster
import MoldauFormat
import MoldauLog
import MoldauProtocol
import Synchronization
import Testing

@testable import MoldauBroker

/// What clients are told of a cluster whose image the test makes.
@Suite("What clients see of a cluster")
struct ClusterViewTests {
  private func metadata(
    _ cluster: ClusterBroker, _ names: [String]?
  ) throws -> MetadataResponse {
    var request = MetadataRequest()
    request.allowsAutoTopicCreation = false
    request.topics = names?.map { name in
      var topic = MetadataRequest.Topic()
      topic.name = name
      return topic
    }
    guard let answer = try cluster.ask(request, version: 12).answer() else {
      throw LogError.cancelled
    }
    return answer
  }

  private func change(_ cluster: ClusterBroker, _ body: (inout ClusterImage) -> Void) {
    var image = cluster.replicas.image
    body(&image)
    cluster.replicas.note(image)
  }

  @Test("leaders, replicas, those in sync and those that are down are told as the image has them")
  func partitions() throws {
    let cluster = try ClusterBroker()
    let id = try cluster.createTopic(partitions: 3)
    cluster.announce(ClusterBroker.state(leader: 2, epoch: 8, isr: [2, 3]), 1)
    cluster.announce(ClusterBroker.state(leader: -1, epoch: 9, isr: []), 2)
    cluster.register([1: 11, 2: 12])
    change(cluster) { $0.controllerID = 2 }
    for names in [["t"], nil] {
      let answer = try metadata(cluster, names)
      #expect(answer.brokers.map(\.nodeID) == [1, 2])
      #expect(answer.brokers.map(\.host) == ["broker1", "broker2"])
      #expect(answer.controllerID == 2)
      let topic = try #require(answer.topics.first)
      #expect(topic.id == id)
      #expect(topic.partitions.map(\.leaderID) == [1, 2, -1])
      #expect(topic.partitions.map(\.leaderEpoch) == [3, 8, 9])
      #expect(topic.partitions.map(\.errorCode) == [.none, .none, .leaderNotAvailable])
      #expect(topic.partitions.map(\.inSyncReplicaNodes) == [[1, 2, 3], [2, 3], []])
      #expect(topic.partitions.allSatisfy { $0.replicaNodes == [1, 2, 3] })
      #expect(topic.partitions.allSatisfy { $0.offlineReplicas == [3] })
    }
    change(cluster) { $0.controllerID = 3 }
    #expect(try metadata(cluster, []).controllerID == 1, "this broker asks whoever it is then")
    #expect(try metadata(cluster, ["u"]).topics.map(\.errorCode) == [.unknownTopicOrPartition])
  }

  @Test("a client is told the addresses of the listener at which it came")
  func listeners() {
    var image = ClusterImage()
    for id: Int32 in 1...3 {
      image.brokers[id] = BrokerRegistration(
        nodeID: id, brokerEpoch: 1, directoryID: .zero,
        endpoints: [
          .init(name: "CLIENT", host: "inner\(id)", port: 1),
          .init(name: "CLIENT2", host: "outer\(id)", port: 2),
        ],
        replication: .init(name: "REPLICATION", host: "peer\(id)", port: 3), survivedSince: 1,
        lost: [])
    }
    image.brokers[3]?.endpoints.removeLast()
    let outer = ClientConnection(
      advertisedHost: "outer1", advertisedPort: 2, address: "test", listener: 1)
    let view = ClusterView(image, nodeID: 1, outer)
    #expect(view.brokers.map(\.host) == ["outer1", "outer2"])
    #expect(view.address(of: 3) == nil, "it has no such listener")
    let peer = ClientConnection(
      advertisedHost: "peer1", advertisedPort: 3, address: "test", isPeer: true)
    #expect(ClusterView(image, nodeID: 1, peer).brokers.map(\.port) == [3, 3, 3])
    let lonely = ClusterView(ClusterImage(), nodeID: 1, outer)
    #expect(lonely.brokers.map(\.host) == ["outer1"], "before it has heard of the others")
  }

  @Test("eligible leaders and who led last are told to those who ask for partitions")
  func eligible() throws {
    let cluster = try ClusterBroker()
    try cluster.createTopic(partitions: 2)
    var state = ClusterBroker.state(leader: -1, isr: [])
    state.elr = [2]
    state.lastKnownLeader = 3
    cluster.announce(state, 1)
    var topic = DescribeTopicPartitionsRequest.Topic()
    topic.name = "t"
    var request = DescribeTopicPartitionsRequest()
    request.topics = [topic]
    let answer = try #require(try cluster.ask(request, version: 0).answer())
    let partitions = try #require(answer.topics.first).partitions
    #expect(partitions.map(\.leaderID) == [1, -1])
    #expect(partitions.map(\.eligibleLeaderReplicas) == [[], [2]])
    #expect(partitions.map(\.lastKnownEligibleLeaderReplicas) == [[], [3]])
  }

  private static let leaders: [(Int32, ErrorCode)] = [(2, .none), (-1, .coordinatorNotAvailable)]

  @Test("a group's coordinator is whoever leads its partition")
  func coordinator() throws {
    let cluster = try ClusterBroker()
    try cluster.createTopic(GroupOffsets.topicName, partitions: 2)
    let number = GroupOffsets.partition(of: "group", partitionCount: 2)
    var request = FindCoordinatorRequest()
    request.keyType = FindCoordinatorRequest.KeyType.group
    request.keys = ["group"]
    for (leader, code) in Self.leaders {
      cluster.announce(ClusterBroker.state(leader: leader), of: GroupOffsets.topicName, number)
      let answer = try cluster.ask(request, version: 4).answer()?.coordinators.first
      #expect(answer?.nodeID == leader)
      #expect(answer?.errorCode == code)
      #expect(answer?.host == (leader == 2 ? "broker2" : ""))
    }
  }

  @Test("settings are told as they are set for a topic, for all brokers, or not at all")
  func settings() throws {
    let cluster = try ClusterBroker()
    try cluster.createTopic()
    change(cluster) { image in
      image.topics["t"]?.configuration = ["retention.ms": "5"]
      image.brokerConfigurations[ClusterImage.allBrokers] = ["min.insync.replicas": "2"]
    }
    var resource = DescribeConfigsRequest.Resource()
    resource.type = ConfigResourceType.topic
    resource.name = "t"
    resource.keys = ["retention.ms", "min.insync.replicas", "unclean.leader.election.enable"]
    var request = DescribeConfigsRequest()
    request.resources = [resource]
    let answer = try cluster.ask(request, version: 4).answer()
    let found = try #require(answer?.results.first).configurations
    let values = Dictionary(uniqueKeysWithValues: found.map { ($0.name, $0.value) })
    #expect(
      values == [
        "retention.ms": "5", "min.insync.replicas": "2", "unclean.leader.election.enable": "false",
      ])
    let sources = Dictionary(uniqueKeysWithValues: found.map { ($0.name, $0.source) })
    #expect(sources["retention.ms"] == DescribeConfigsResponse.Source.topic)
    #expect(sources["min.insync.replicas"] == DescribeConfigsResponse.Source.dynamicDefaultBroker)
    #expect(
      sources["unclean.leader.election.enable"] == DescribeConfigsResponse.Source.default)
  }

  @Test("a broker tells what holds for all brokers, and that it alone can be changed")
  func brokerSettings() throws {
    let cluster = try ClusterBroker()
    var resource = DescribeConfigsRequest.Resource()
    resource.type = ConfigResourceType.broker
    resource.name = "1"
    resource.keys = ["min.insync.replicas", "num.partitions"]
    var request = DescribeConfigsRequest()
    request.includesSynonyms = true
    request.resources = [resource]
    func found() throws -> [DescribeConfigsResponse.Configuration] {
      try #require(try cluster.ask(request, version: 4).answer()?.results.first).configurations
    }
    let before = try found()
    #expect(before.map(\.value) == ["1", "1"])
    #expect(before.map(\.isReadOnly) == [false, true])
    change(cluster) { image in
      image.brokerConfigurations[ClusterImage.allBrokers] = ["min.insync.replicas": "2"]
    }
    let after = try found()
    #expect(after[0].value == "2")
    #expect(after[0].source == DescribeConfigsResponse.Source.dynamicDefaultBroker)
    #expect(after[0].synonyms.map(\.value) == ["2", "1"])
  }

  @Test("whoever takes this broker for the controller, among the brokers, is told that it is not")
  func notController() throws {
    let cluster = try ClusterBroker()
    var topic = CreateTopicsRequest.Topic()
    topic.name = "new"
    topic.partitionCount = 1
    topic.replicationFactor = 1
    var request = CreateTopicsRequest()
    request.topics = [topic]
    let answer = try cluster.ask(request, version: 7, isPeer: true).answer()
    #expect(answer?.topics.map(\.errorCode) == [.notController])
  }

  @Test("who has waited for the cluster to look as wanted leaves nothing behind")
  func imageWaits() throws {
    let cluster = try ClusterBroker()
    let member = try #require(cluster.broker.member)
    let ended = EndCount()
    let end = { @Sendable () -> Void in ended.count.add(1, ordering: .relaxed) }
    cluster.broker.whenImage(member, within: 100, { _ in true }, end)
    #expect(member.imageWaitCount == 0)
    cluster.broker.whenImage(member, within: 100, { _ in false }, end)
    #expect(member.imageWaitCount == 1)
    cluster.clock.advance(200)
    cluster.runDue()
    #expect(member.imageWaitCount == 0)
    #expect(ended.count.load(ordering: .relaxed) == 2)
  }
}

private final class EndCount: Sendable {
  let count = Atomic<Int>(0)
}
