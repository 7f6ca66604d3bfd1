import MoldauClient
import MoldauFormat
import MoldauLog
import MoldauProtocol
import Testing

@testable import MoldauTesting

/// What clients see of a cluster and how they change it, whichever broker they ask.
struct ClusterClientTests {
  private func client<Value: Sendable>(
    _ cluster: TestCluster, of id: Int32,
    _ work: @escaping @Sendable (KafkaConnection) throws -> Value
  ) async throws -> Value {
    let port = try #require(cluster.server(id)).addresses[0].port
    return try await onOwnThread { try work(try KafkaConnection(to: endpoint(port))) }
  }

  /// Asks again until the answer is as wanted: brokers learn of changes one after the other.
  private func wait<Value: Sendable>(
    _ cluster: TestCluster, of id: Int32, _ isWanted: (Value) -> Bool,
    _ work: @escaping @Sendable (KafkaConnection) throws -> Value
  ) async throws {
    while !isWanted(try await client(cluster, of: id, work)) {
      try await Task.sleep(for: .milliseconds(2))
    }
  }

  @Test("each broker tells of all brokers, leaders and replicas, and of those that are down")
  func metadata() async throws {
    try await withCluster(nodes: 3) { cluster in
      _ = try await cluster.createTopic("t", partitions: 6, replicas: 3)
      for id in cluster.runningIDs {
        let answer = try await client(cluster, of: id) { try $0.metadata(topics: ["t"]) }
        #expect(answer.brokers.map(\.nodeID) == [1, 2, 3])
        let ports = cluster.running.map { Int32($0.addresses[0].port) }
        #expect(answer.brokers.map(\.port) == ports)
        let partitions = try #require(answer.topics.first).partitions
        #expect(partitions.count == 6)
        #expect(Set(partitions.map(\.leaderID)) == [1, 2, 3])
        for partition in partitions {
          #expect(partition.errorCode == .none)
          #expect(Set(partition.replicaNodes) == [1, 2, 3])
          #expect(Set(partition.inSyncReplicaNodes) == [1, 2, 3])
          #expect(partition.offlineReplicas.isEmpty)
        }
      }
      try await cluster.kill(2)
      for id in cluster.runningIDs {
        try await wait(
          cluster, of: id,
          { (answer: MetadataResponse) in
            let partitions = answer.topics.first?.partitions ?? []
            return answer.brokers.map(\.nodeID) == [1, 3]
              && partitions.allSatisfy { $0.leaderID != 2 && $0.offlineReplicas == [2] }
          }, { try $0.metadata(topics: ["t"]) })
      }
    }
  }

  @Test("topics are made, changed, grown and deleted through a broker that is not the controller")
  func changes() async throws {
    try await withCluster(nodes: 3) { cluster in
      let other = try await cluster.otherThanController()
      try await client(cluster, of: other) { client in
        var plan = KafkaConnection.TopicPlan(name: "made")
        plan.partitionCount = 2
        plan.replicationFactor = 3
        plan.configuration = [("min.insync.replicas", "2")]
        let count = try client.create(topic: plan)
        #expect(count == 2)
        #expect(throws: ClientError.self) { try client.create(topic: plan) }
        plan.name = "wide"
        plan.replicationFactor = 4
        #expect(throws: ClientError.self) { try client.create(topic: plan) }
      }
      for id in cluster.runningIDs {
        try await wait(cluster, of: id, { (count: Int) in count == 2 }) {
          try $0.metadata(topics: ["made"]).topics.first?.partitions.count ?? 0
        }
        let replicas = try await client(cluster, of: id) { client in
          try client.configuration(ofTopic: "made").first { $0.name == "min.insync.replicas" }
        }
        #expect(replicas?.value == "2")
        #expect(replicas?.source == DescribeConfigsResponse.Source.topic)
      }
      try await client(cluster, of: other) { client in
        try client.alterConfiguration(
          ofTopic: "made", set: [("retention.ms", "1000")], unset: ["min.insync.replicas"])
        #expect(throws: ClientError.self) {
          try client.alterConfiguration(ofTopic: "made", set: [("retention.ms", "x")], unset: [])
        }
        try client.addPartitions(to: "made", count: 4)
      }
      for id in cluster.runningIDs {
        try await wait(cluster, of: id, { (seen: [String?]) in seen == ["1000", "1"] }) { client in
          let all = try client.configuration(ofTopic: "made")
          return ["retention.ms", "min.insync.replicas"].map { name in
            all.first { $0.name == name }?.value
          }
        }
        try await wait(cluster, of: id, { (count: Int) in count == 4 }) {
          try $0.metadata(topics: ["made"]).topics.first?.partitions.count ?? 0
        }
      }
      try await client(cluster, of: other) { try $0.delete(topic: "made") }
      for id in cluster.runningIDs {
        try await wait(cluster, of: id, { $0 == .unknownTopicOrPartition }) {
          try $0.metadata(topics: ["made"]).topics.first?.errorCode
        }
      }
    }
  }

  @Test("a topic comes into being when a client asks any broker for it")
  func autoCreation() async throws {
    try await withCluster(nodes: 3) { cluster in
      let other = try await cluster.otherThanController()
      let partitions = try await client(cluster, of: other) { try $0.partitions(of: "asked") }
      #expect(partitions.count == 1)
      try await cluster.produce("value", to: TopicPartition(topic: "asked", partition: 0))
    }
  }

  @Test("no two producers get the same id, whichever brokers they ask")
  func producerIDs() async throws {
    try await withCluster(nodes: 3) { cluster in
      var seen: Set<Int64> = []
      for id in cluster.runningIDs {
        let ids = try await client(cluster, of: id) { client in
          try (0..<20).map { _ in try client.newProducer().id }
        }
        for id in ids { #expect(seen.insert(id).inserted) }
      }
    }
  }
}
