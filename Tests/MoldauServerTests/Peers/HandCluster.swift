import Logging
import MoldauCluster
import MoldauCoordination
import MoldauFormat
import MoldauLog
import NIOCore
import NIOPosix

@testable import MoldauBroker
@testable import MoldauServer

/// Brokers of a cluster on the loopback, with real sockets, whose roles the test gives.
final class HandCluster: Sendable {
  final class Node: Sendable {
    let nodeID: Int32
    let store: LogStore
    let broker: Broker
    let fetchers: ReplicaFetchers
    let clients: any Channel
    let peers: any Channel
    let parts: ServerParts
    let queues: [SerialQueue]

    init(
      _ nodeID: Int32, _ store: LogStore, _ broker: Broker, _ fetchers: ReplicaFetchers,
      clients: any Channel, peers: any Channel, _ parts: ServerParts, _ queues: [SerialQueue]
    ) {
      self.nodeID = nodeID
      self.store = store
      self.broker = broker
      self.fetchers = fetchers
      self.clients = clients
      self.peers = peers
      self.parts = parts
      self.queues = queues
    }

    var partitions: [Partition] {
      guard let topic = broker.topics.topic(named: "orders") else { return [] }
      return topic.partitions
    }

    static func port(_ channel: any Channel) -> UInt16 {
      UInt16(channel.localAddress?.port ?? 0)
    }
  }

  let nodes: [Node]
  let group: MultiThreadedEventLoopGroup
  let topicID = TopicID(high: 7, low: 7)
  private let partitionCount: Int

  private init(_ nodes: [Node], _ group: MultiThreadedEventLoopGroup, partitionCount: Int) {
    self.nodes = nodes
    self.group = group
    self.partitionCount = partitionCount
  }

  // MARK: Life

  /// Starts brokers 1 to `count`, each of which has all partitions of the topic `orders`, in which
  /// nobody leads yet.
  static func run(
    _ count: Int32, partitionCount: Int = 1, durability: Durability = .groupCommit(),
    _ settings: ReplicaFetchConfiguration = ReplicaFetchConfiguration(), folder: String? = nil,
    _ body: (HandCluster) async throws -> Void
  ) async throws {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
    var nodes: [Node] = []
    for nodeID in 1...count {
      let configuration = StoreConfiguration(durability: durability)
      let store =
        if let folder {
          try await LogStore.open(at: "\(folder)/\(nodeID)", configuration)
        } else {
          try await LogStore.inMemory(configuration)
        }
      nodes.append(try await node(nodeID, store, settings, group))
    }
    let cluster = HandCluster(nodes, group, partitionCount: partitionCount)
    try cluster.makeTopic()
    cluster.publish()
    try await body(cluster)
    for node in nodes { node.fetchers.stopAll() }
    for node in nodes {
      try await node.clients.close()
      try await node.peers.close()
      node.parts.connections.closeAll()
      for queue in node.queues { queue.stop() }
      node.broker.stop()
      try await node.store.close()
    }
    try await group.shutdownGracefully()
  }

  private static func node(
    _ nodeID: Int32, _ store: LogStore, _ settings: ReplicaFetchConfiguration,
    _ group: MultiThreadedEventLoopGroup
  ) async throws -> Node {
    let address = HostAndPort(host: "127.0.0.1", port: 0)
    var configuration = ServerConfiguration(
      listeners: [.init(address: address)], replication: .init(address: address))
    configuration.broker.nodeID = nodeID
    let network = NIOPeerNetwork(group)
    let execution = BrokerExecution()
    let broker = try Broker(
      store: store, configuration.broker,
      cluster: ClusterEnvironment(coordination: Nobody(), network: network, bootID: nil),
      logger: configuration.logger, execution: execution)
    let parts = ServerParts(
      services: ServerServices(broker: broker, configuration: configuration),
      connections: ConnectionRegistry(capacity: 100),
      loops: group.makeIterator().map { LoopResources($0) })
    let listener = ServerConfiguration.Listener(address: address)
    let clients = try await Acceptor(parts, listener, at: .clients(0)).listen(at: address, group)
    let peers = try await Acceptor(parts, listener, at: .peers).listen(at: address, group)
    let queues = [SerialQueue(name: "test-follow"), SerialQueue(name: "test-cut")]
    let fetchers = ReplicaFetchers(
      nodeID: nodeID, network: network, scheduler: execution.scheduler, queue: queues[0],
      diskQueue: queues[1], settings, logger: configuration.logger)
    fetchers.registered(brokerEpoch: Int64(nodeID) * 10)
    return Node(
      nodeID, store, broker, fetchers, clients: clients, peers: peers, parts, queues)
  }

  // MARK: The cluster's state

  private func makeTopic() throws {
    // Records of any time stay.
    let configuration = TopicConfiguration(partitionCount: partitionCount, retention: [])
    for node in nodes {
      _ = try node.store.createTopic(
        "orders", id: topicID, hosting: Array(0..<partitionCount), of: partitionCount,
        configuration)
    }
  }

  func registration(_ node: Node) -> BrokerRegistration {
    let brokerEpoch = Int64(node.nodeID) * 10
    return BrokerRegistration(
      nodeID: node.nodeID, brokerEpoch: brokerEpoch, directoryID: .zero, endpoints: [],
      replication: .init(
        name: "REPLICATION", host: "127.0.0.1", port: Int32(Node.port(node.peers))),
      survivedSince: brokerEpoch)
  }

  private func publish() {
    var image = ClusterImage()
    for node in nodes { image.brokers[node.nodeID] = registration(node) }
    for node in nodes { node.broker.replicas?.note(image) }
  }

  /// Lets a broker lead all partitions, and the others of `followers` follow it.
  func lead(by leader: Int32, epoch: Int32, followers: [Int32]? = nil) {
    let all = nodes.map(\.nodeID)
    let image = PartitionImage(
      replicas: all, leader: leader, leaderEpoch: epoch, partitionEpoch: epoch,
      isr: [leader] + (followers ?? all.filter { $0 != leader }))
    guard let source = nodes.first(where: { $0.nodeID == leader }) else { return }
    for partition in source.partitions { partition.lead(image, minInSyncReplicas: 1) }
    for node in nodes where node.nodeID != leader {
      guard followers?.contains(node.nodeID) ?? true,
        let topic = node.store.existingTopic("orders")
      else { continue }
      for partition in node.partitions { partition.follow(image) }
      node.fetchers.follow(
        node.partitions.map {
          FollowedPartition($0, of: topic, leader: registration(source), leaderEpoch: epoch)
        })
    }
  }
}

extension Partition {
  /// Suspends until the high watermark has reached an offset.
  func awaitVisible(_ offset: Offset) async {
    guard highWatermark < offset else { return }
    await withCheckedContinuation { continuation in
      _ = whenVisible(passes: Offset(rawValue: offset.rawValue - 1)) { continuation.resume() }
    }
  }
}

/// No coordination at all.
private final class Nobody: CoordinationService, CoordinationSession {
  func connect(
    timeoutMilliseconds: Int32, onEvent: @escaping @Sendable (SessionEvent) -> Void
  ) -> any CoordinationSession { self }

  func perform(
    _ request: CoordinationRequest,
    _ completion: @escaping @Sendable (Result<CoordinationAnswer, CoordinationError>) -> Void
  ) {}

  func close() {}
}
