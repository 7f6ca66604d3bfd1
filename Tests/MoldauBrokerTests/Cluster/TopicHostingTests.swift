import MoldauCluster
import MoldauDisk
import MoldauFormat
import MoldauLog
import Synchronization
import Testing

@testable import MoldauBroker

@Suite("What the disk has of the cluster's topics")
struct TopicHostingTests {
  private let id = TopicID(high: 7, low: 7)
  private let hosted = HostedNames()

  private final class HostedNames: Sendable {
    let all = Mutex<[String]>([])
  }

  private func begin() throws -> (ClusterBroker, TopicHosting) {
    let cluster = try ClusterBroker()
    let hosting = try #require(cluster.broker.member?.hosting)
    hosting.start { [hosted] name in hosted.all.withLock { $0.append(name) } }
    return (cluster, hosting)
  }

  private var names: [String] { hosted.all.withLock { $0 } }

  /// Has the cluster put a topic of so many partitions here.
  private func announce(_ partitionCount: Int, to cluster: ClusterBroker) {
    var image = cluster.replicas.image
    image.topics["orders"] = TopicImage(
      name: "orders", id: id, configuration: [:],
      partitions: Array(repeating: ClusterBroker.state(), count: partitionCount))
    image.topicNames[id] = "orders"
    cluster.replicas.note(image)
  }

  @Test("a topic for which the disk has no room is told of once, tried again, and made when it has")
  func diskIsFull() throws {
    let (cluster, hosting) = try begin()
    cluster.disk.onCall = { $0.path.contains("orders") ? .fail(errno: 28) : nil }
    announce(1, to: cluster)
    hosting.reconcile("orders")
    cluster.runQueues()
    #expect(names == [])
    #expect(!hosting.isIdle, "the broker is not ready as long as something is missing")
    #expect(cluster.log.contains("orders cannot be made as the cluster has it"))
    for _ in 0..<3 {
      cluster.clock.advance(Limits.hostingRetryMilliseconds)
      cluster.runDue()
      cluster.runQueues()
    }
    #expect(names == [])
    #expect(cluster.log.count(.error) == 1)

    cluster.disk.onCall = nil
    cluster.clock.advance(Limits.hostingRetryMilliseconds - 1)
    cluster.runDue()
    cluster.runQueues()
    #expect(names == [])
    cluster.clock.advance(1)
    cluster.runDue()
    cluster.runQueues()
    #expect(names == ["orders"])
    #expect(hosting.isIdle)
    #expect(cluster.store.existingTopic("orders")?.id == id)
  }

  @Test("partitions for which there is no room leave those that are there as they are")
  func grows() throws {
    let (cluster, hosting) = try begin()
    announce(1, to: cluster)
    hosting.reconcile("orders")
    cluster.runQueues()
    let batch = ClusterBroker.batch()
    let topic = try #require(cluster.store.existingTopic("orders"))
    // SAFETY: bytes have no padding between them.
    try cluster.partition("orders").lead(ClusterBroker.state(), minInSyncReplicas: 1)
    _ = try unsafe topic.partitions[0].append(batch.span.bytes, leaderEpoch: 3)

    cluster.disk.onCall = { $0.path.contains("orders-1") ? .fail(errno: 28) : nil }
    announce(2, to: cluster)
    hosting.reconcile("orders")
    cluster.runQueues()
    #expect(!hosting.isIdle)
    #expect(topic.partitions.map(\.endOffset.rawValue) == [1])
    cluster.disk.onCall = nil
    cluster.clock.advance(Limits.hostingRetryMilliseconds)
    cluster.runDue()
    cluster.runQueues()
    #expect(hosting.isIdle)
    #expect(cluster.store.existingTopic("orders")?.partitions.map(\.endOffset.rawValue) == [1, 0])
  }

  private func forget(_ cluster: ClusterBroker, _ hosting: TopicHosting) {
    var image = cluster.replicas.image
    image.topics = [:]
    image.topicNames = [:]
    cluster.replicas.note(image)
    hosting.reconcile("orders")
    cluster.runQueues()
  }

  private func append(_ cluster: ClusterBroker) throws {
    let batch = ClusterBroker.batch()
    try cluster.partition("orders").lead(ClusterBroker.state(), minInSyncReplicas: 1)
    // SAFETY: bytes have no padding between them.
    _ = try unsafe cluster.partition("orders").log.append(batch.span.bytes, leaderEpoch: 3)
  }

  private func folders(_ cluster: ClusterBroker) throws -> [String] {
    cluster.store.runMaintenance()
    return try cluster.disk.list("/data").filter { $0.kind == .directory }.map(\.name)
  }

  @Test("a topic that is deleted goes with its files")
  func deleted() throws {
    let (cluster, hosting) = try begin()
    announce(1, to: cluster)
    hosting.reconcile("orders")
    cluster.runQueues()
    try append(cluster)
    forget(cluster, hosting)
    #expect(cluster.store.existingTopic("orders") == nil)
    #expect(try folders(cluster) == [])
  }

  @Test("one that the cluster has not known since the start is set aside, if it has records")
  func forgotten() throws {
    for hasRecords in [true, false] {
      let (cluster, hosting) = try begin()
      try cluster.createTopic("orders")
      if hasRecords { try append(cluster) }
      forget(cluster, hosting)
      #expect(cluster.store.existingTopic("orders") == nil)
      let left = try folders(cluster)
      #expect(left.count == (hasRecords ? 1 : 0))
      #expect(left.allSatisfy { $0.hasPrefix("orders-0.") && $0.hasSuffix("-stray") })
      #expect(hosting.isIdle)
    }
  }
}
