import MoldauFormat
import Testing

@testable import MoldauCluster

struct NodeTests {
  private func text(_ value: some NodeValue) -> String {
    String(decoding: value.data, as: UTF8.self)
  }

  private static let directory = TopicID(high: 1, low: 2)

  private static let registration = BrokerRegistration(
    nodeID: 3, brokerEpoch: 7, directoryID: directory,
    endpoints: [
      .init(name: "CLIENT", host: "localhost", port: 9092),
      .init(name: "CLIENT2", host: "::1", port: 9093),
    ],
    replication: .init(name: "REPLICATION", host: "10.0.0.3", port: 9094), survivedSince: 5,
    lost: [.init(partition: TopicPartition(topic: "orders", partition: 1), brokerEpoch: 6)],
    directorySince: 4)

  @Test("a registration is written as Kafka's version 5 with fields of our own, and read back")
  func broker() throws {
    let node = BrokerNode(Self.registration, timestampMilliseconds: 1_700)
    let expected = """
      {"broker_epoch":7,"directory_id":"AAAAAAAAAAEAAAAAAAAAAg",\
      "directory_since":4,\
      "endpoints":["CLIENT://localhost:9092","CLIENT2://[::1]:9093"],"features":{},\
      "host":"localhost","jmx_port":-1,\
      "listener_security_protocol_map":{"CLIENT":"PLAINTEXT","CLIENT2":"PLAINTEXT"},\
      "lost":[{"broker_epoch":6,"partition":1,"topic":"orders"}],"port":9092,\
      "replication_endpoint":"REPLICATION://10.0.0.3:9094","survived_since":5,"timestamp":"1700",\
      "version":5}
      """
    #expect(text(node) == expected)
    #expect(try BrokerNode.registration(of: 3, parsing: node.data) == Self.registration)
  }

  @Test("a topic is written as Kafka's version 3")
  func topic() throws {
    var moving = PartitionImage(replicas: [3, 1, 2], leader: 1, isr: [1, 2])
    moving.adding = [3]
    moving.removing = [2]
    let topic = TopicImage(
      name: "orders", id: TopicID(high: 0, low: 1), configuration: [:],
      partitions: [PartitionImage(replicas: [1, 2], leader: 1, isr: [1]), moving])
    let node = TopicNode(topic)
    let expected = """
      {"adding_replicas":{"1":[3]},"partitions":{"0":[1,2],"1":[3,1,2]},\
      "removing_replicas":{"1":[2]},"topic_id":"AAAAAAAAAAAAAAAAAAAAAQ","version":3}
      """
    #expect(text(node) == expected)
    let read = try TopicNode(parsing: node.data, at: ClusterPath.topic("orders"))
    #expect(read == node)
    #expect(read.id == topic.id)
    #expect(read.replicas(of: 1) == [3, 1, 2])
    #expect(read.adding(1) == [3])
    #expect(read.removing(0) == [])
  }

  @Test("a partition's state is written as Kafka's version 1 with fields of our own")
  func state() throws {
    var partition = PartitionImage(
      replicas: [1, 2, 3], leader: 2, leaderEpoch: 4, partitionEpoch: 9, isr: [2, 1])
    partition.elr = [3]
    partition.brokerEpochs = [1: 5, 2: 6, 3: 7]
    let node = PartitionStateNode(partition, controllerEpoch: 12)
    let expected = """
      {"broker_epochs":{"1":5,"2":6,"3":7},"controller_epoch":12,"elr":[3],"isr":[2,1],\
      "last_known_leader":-1,"leader":2,"leader_epoch":4,"version":1}
      """
    #expect(text(node) == expected)
    let read = try PartitionStateNode(parsing: node.data, at: "/state")
    let image = read.image(replicas: [1, 2, 3], adding: [], removing: [], partitionEpoch: 9)
    #expect(image == partition)
  }

  @Test("what Kafka has written is read: fields of our own are missing, others are passed over")
  func kafka() throws {
    let state = """
      {"controller_epoch":1,"leader":1,"version":1,"leader_epoch":0,"isr":[1,2],"new_field":[{}]}
      """
    let read = try PartitionStateNode(parsing: Array(state.utf8), at: "/state")
    #expect(read.elr == [])
    #expect(read.lastKnownLeader == -1)
    #expect(read.brokerEpochs == [:])
    let controller = #"{"version":1,"brokerid":4,"timestamp":"1700"}"#
    let identity = try ControllerNode(parsing: Array(controller.utf8), at: "/controller").identity
    #expect(identity == ControllerIdentity(nodeID: 4, epoch: -1))
    let topic = #"{"version":3,"partitions":{"0":[1]},"topic_id":"AAAAAAAAAAAAAAAAAAAAAQ"}"#
    #expect(try TopicNode(parsing: Array(topic.utf8), at: "/t").replicas(of: 0) == [1])
  }

  static let damaged: [(data: String, reason: String)] = [
    ("", ""), ("{", ""), ("[]", ""),
    (#"{"version":1,"leader":1,"leader_epoch":0,"isr":[1]}"#, "controller_epoch"),
    (
      #"{"version":1,"controller_epoch":1,"leader":1,"leader_epoch":"x","isr":[1]}"#, "leader_epoch"
    ),
    (#"{"version":1,"controller_epoch":1,"leader":1,"leader_epoch":0,"isr":[1,1]}"#, "isr"),
    (#"{"version":1,"controller_epoch":1,"leader":3,"leader_epoch":0,"isr":[1]}"#, "leader"),
  ]

  @Test(
    "data that are no state of a partition are an error that names the node", arguments: damaged)
  func damage(data: String, reason: String) throws {
    let error = #expect(throws: NodeError.self) {
      try PartitionStateNode(parsing: Array(data.utf8), at: "/brokers/topics/t/state")
    }
    let text = try #require(error).description
    #expect(text.hasPrefix("node /brokers/topics/t/state: "))
    #expect(reason.isEmpty || text.contains(reason))
  }

  static let damagedTopics = [
    #"{"version":3,"partitions":{"0":[1]},"topic_id":"short"}"#,
    #"{"version":3,"partitions":{"1":[1]},"topic_id":"AAAAAAAAAAAAAAAAAAAAAQ"}"#,
    #"{"version":3,"partitions":{"0":[]},"topic_id":"AAAAAAAAAAAAAAAAAAAAAQ"}"#,
    #"{"version":3,"partitions":{"0":[1,1]},"topic_id":"AAAAAAAAAAAAAAAAAAAAAQ"}"#,
    #"{"version":2,"partitions":{"0":[1]}}"#,
  ]

  @Test(
    "a topic without an id, or with a gap in its partitions, is an error", arguments: damagedTopics)
  func damagedTopic(data: String) {
    #expect(throws: NodeError.self) { try TopicNode(parsing: Array(data.utf8), at: "/t") }
  }

  static let endpoints: [(text: String, isOne: Bool)] = [
    ("CLIENT://host:1", true), ("CLIENT://[::1]:65535", true), ("CLIENT://host:0", false),
    ("CLIENT://host:65536", false), ("CLIENT://:9092", false), ("host:9092", false),
    ("CLIENT://host", false), ("", false),
  ]

  @Test("an endpoint is NAME://HOST:PORT", arguments: endpoints)
  func endpoint(text: String, isOne: Bool) {
    let read = BrokerRegistration.Endpoint(text: text)
    #expect((read != nil) == isOne)
    if let read { #expect(read.text == text) }
  }

  @Test("the smaller nodes say what Kafka's say")
  func small() throws {
    #expect(
      text(ConfigurationNode(["b": "2", "a": "1"])) == #"{"config":{"a":"1","b":"2"},"version":1}"#)
    #expect(text(ClusterIDNode("abc")) == #"{"id":"abc","version":"1"}"#)
    let block = ProducerIDBlockNode(broker: 1, first: 1000, last: 1999)
    #expect(text(block) == #"{"block_end":"1999","block_start":"1000","broker":1,"version":1}"#)
    let controller = ControllerNode(
      brokerID: 1, controllerEpoch: 3, instance: "i", timestampMilliseconds: 5)
    let expected =
      #"{"brokerid":1,"controller_epoch":3,"instance":"i","timestamp":"5","version":1}"#
    #expect(text(controller) == expected)
    #expect(try ControllerEpochNode.parse(ControllerEpochNode.data(17)) == 17)
    #expect(throws: NodeError.self) { try ControllerEpochNode.parse(Array("-1".utf8)) }
  }
}
