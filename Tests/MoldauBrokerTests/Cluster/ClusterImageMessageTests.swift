import MoldauCluster
import MoldauFormat
import MoldauProtocol
import Testing

@testable import MoldauBroker

@Suite struct ClusterImageMessageTests {
  private func broker(_ id: Int32) -> BrokerRegistration {
    var broker = BrokerRegistration(
      nodeID: id, brokerEpoch: 7, directoryID: TopicID(high: 3, low: UInt64(id)),
      endpoints: [.init(name: "CLIENT", host: "one", port: 9092)],
      replication: .init(name: "REPLICATION", host: "::1", port: 9093), survivedSince: 5,
      lost: [.init(partition: TopicPartition(topic: "orders", partition: 3), brokerEpoch: 6)])
    broker.isShuttingDown = id == 2
    return broker
  }

  private func partition(_ leader: Int32) -> PartitionImage {
    var partition = PartitionImage(
      replicas: [1, 2, 3], leader: leader, leaderEpoch: 4, partitionEpoch: 9, isr: [leader])
    partition.elr = [3]
    partition.adding = [2]
    partition.removing = [1]
    partition.lastKnownLeader = 3
    return partition
  }

  private var image: ClusterImage {
    var image = ClusterImage()
    image.clusterID = "moldau"
    image.controllerID = 2
    image.controllerEpoch = 8
    image.version = 11
    image.brokers = [1: broker(1), 2: broker(2)]
    let orders = TopicImage(
      name: "orders", id: TopicID(high: 1, low: 1), configuration: ["retention.ms": "1"],
      partitions: [partition(1), partition(2)])
    image.topics = ["orders": orders]
    image.topicNames = [orders.id: "orders"]
    image.brokerConfigurations = ["": ["a": "b"], "1": ["c": "d"]]
    return image
  }

  private var delta: ClusterDelta {
    var delta = ClusterDelta()
    delta.clusterID = "moldau"
    delta.controllerID = 2
    delta.controllerEpoch = 8
    delta.fromVersion = 11
    delta.version = 12
    delta.brokers = [3: broker(3)]
    delta.goneBrokers = [2]
    delta.topics["orders"] = .init(id: TopicID(high: 1, low: 1), partitions: [1: partition(3)])
    delta.topics["clicks"] = .init(
      id: TopicID(high: 1, low: 2), configuration: ["a": "b"], partitions: [0: partition(1)])
    delta.deletedTopics = [TopicID(high: 9, low: 9)]
    delta.brokerConfigurations = ["1": [:]]
    return delta
  }

  /// The update after it went over the wire.
  private func sent(
    _ update: ImageUpdate, to image: ClusterImage = ClusterImage()
  ) throws -> ImageUpdate? {
    var writer = ProtocolWriter()
    FetchClusterImageResponse(update).encode(into: &writer, version: 0)
    var reader = ProtocolReader(writer.bytes)
    return try FetchClusterImageResponse(decoding: &reader, version: 0).update(of: image)
  }

  @Test("an image and what has changed in it come over the wire as they were")
  func survivesTheWire() throws {
    #expect(try sent(.full(image)) == .full(image))
    #expect(try sent(.delta(delta), to: image) == .delta(delta))
    #expect(try sent(.notController) == .notController)
  }

  @Test("changes of another version, or with a gap between partitions, are not taken")
  func refused() throws {
    #expect(try sent(.delta(delta)) == nil)
    var gap = delta
    gap.topics["orders"]?.partitions = [4: partition(1)]
    #expect(try sent(.delta(gap), to: image) == nil)
    gap.topics["orders"] = .init(id: TopicID(high: 7, low: 7), partitions: [1: partition(1)])
    #expect(try sent(.delta(gap), to: image) == nil)
  }

  @Test("changes of in-sync replicas are answered one by one")
  func isrChanges() throws {
    let orders = TopicPartition(topic: "orders", partition: 1)
    let change = IsrChange(
      partition: orders, topicID: TopicID(high: 1, low: 1), leaderEpoch: 4, partitionEpoch: 9,
      isr: [.init(nodeID: 1, brokerEpoch: 7), .init(nodeID: 2, brokerEpoch: -1)])
    let request = AlterPartitionRequest([change], from: 1, brokerEpoch: 7)
    #expect(request.changes(image) == [change])
    var state = partition(2)
    state.isr = [2, 1]
    state.partitionEpoch = 10
    let response = AlterPartitionResponse([change], [.success(state)])
    #expect(response.result(of: change, image) == .success(state))
    for (code, failure) in [
      (ErrorCode.fencedLeaderEpoch, IsrChangeFailure.fenced), (.invalidUpdateVersion, .fenced),
      (.ineligibleReplica, .ineligible), (.unknownTopicID, .unknownOutcome),
      (.notController, .unknownOutcome),
    ] {
      let refused = AlterPartitionResponse([change], [.failure(ClusterRefusal(code))])
      #expect(refused.result(of: change, image) == .failure(failure))
    }
    #expect(
      AlterPartitionResponse([], []).result(of: change, image) == .failure(.unknownOutcome))
  }
}
