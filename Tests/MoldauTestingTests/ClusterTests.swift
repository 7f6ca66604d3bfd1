import MoldauBroker
import MoldauClient
import MoldauCluster
import MoldauFormat
import MoldauLog
import Testing

@testable import MoldauTesting

@Suite struct ClusterTests {
  @Test("three brokers of one process become a cluster and replicate a topic")
  func begins() async throws {
    try await withCluster(nodes: 3) { cluster in
      let topic = try await cluster.createTopic("orders", partitions: 1, replicas: 3)
      let leader = topic.partitions[0].leader
      let port = try #require(cluster.server(leader)).addresses[0].port
      try await onOwnThread { try send("first", to: "orders", through: port) }
      for id in cluster.runningIDs {
        try await cluster.wait(for: id) { broker in
          broker.partition("orders", 0)?.highWatermark.rawValue == 1
        }
      }
    }
  }
}
