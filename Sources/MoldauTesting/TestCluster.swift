package import MoldauBroker
import MoldauCluster
package import MoldauCoordination
import MoldauDisk
public import MoldauLog
public import MoldauServer
import Synchronization

/// A cluster of real brokers for a test: in this process, on free ports of the loopback.
///
///     try await withCluster(nodes: 3) { cluster in
///       // any Kafka client: bootstrap.servers = cluster.addresses
///       try await cluster.kill(2)
///     }
///
/// The brokers have a coordination service of their own in memory, and their data in memory or in
/// temporary folders, which outlive a broker's stop and go with the cluster.
public final class TestCluster: Sendable {
  /// What the brokers agree in.
  package let tree: EmbeddedTree
  private let scheduler: Scheduler
  private let queue: SerialQueue
  private let nodes: [TestNode]

  private init(nodes count: Int, _ plan: TestNode.Plan) throws {
    let scheduler = Scheduler(clock: SystemSteadyClock())
    let queue = SerialQueue(name: "moldau-tree")
    let tree = EmbeddedTree(queue: queue, scheduler: scheduler)
    self.scheduler = scheduler
    self.queue = queue
    self.tree = tree
    nodes = try (1...Int32(count)).map { try TestNode(id: $0, tree, plan) }
  }

  /// Starts a cluster; it is ready when it returns.
  ///
  /// - Parameters:
  ///   - count: how many brokers; their numbers are 1 and on.
  ///   - storage: where their data is.
  ///   - durability: what `acks=all` waits for on each replica.
  ///   - configure: changes how each listens and behaves, after this type's own settings.
  public static func start(
    nodes count: Int = 3, _ storage: TestBroker.Storage = .memory,
    durability: Durability = .buffered,
    configure: @escaping @Sendable (inout ServerConfiguration) -> Void = { _ in }
  ) async throws -> TestCluster {
    try await start(nodes: count, storage, durability, configure) { _ in }
  }

  /// As the public `start`, with settings of the cluster's own.
  package static func start(
    nodes count: Int = 3, _ storage: TestBroker.Storage = .memory,
    _ durability: Durability = .buffered,
    _ configure: @escaping @Sendable (inout ServerConfiguration) -> Void = { _ in },
    settings change: @escaping @Sendable (inout ClusterSettings) -> Void
  ) async throws -> TestCluster {
    let plan = TestNode.Plan(
      storage: storage, durability: durability, configure: configure, change: change)
    let cluster = try TestCluster(nodes: count, plan)
    do {
      for node in cluster.nodes { try await node.start() }
      try await cluster.settle()
      return cluster
    } catch {
      try await cluster.stop()
      throw error
    }
  }

  // MARK: Using

  /// `HOST:PORT` of each broker that is up, for a client's `bootstrap.servers`.
  public var addresses: String {
    running.map { "\($0.addresses[0])" }.joined(separator: ",")
  }

  /// The brokers that are up.
  public var running: [BrokerServer] { nodes.compactMap(\.server) }

  /// The broker of this number; nil when it is down.
  public func server(_ id: Int32) -> BrokerServer? { node(id).server }

  package func broker(_ id: Int32) -> Broker? { server(id)?.broker }

  private func node(_ id: Int32) -> TestNode {
    precondition((1...Int32(nodes.count)).contains(id), "the brokers' numbers are 1 and on")
    return nodes[Int(id) - 1]
  }

  /// The numbers of the brokers that are up.
  public var runningIDs: [Int32] { nodes.filter { $0.server != nil }.map(\.id) }

  /// Waits until each broker that is up knows that all of them are, and has what it is to have.
  public func settle() async throws {
    let expected = Set(runningIDs)
    for id in runningIDs {
      try await wait(for: id) { broker in
        broker.isReady && Set(broker.member?.image.brokers.keys.map { $0 } ?? []) == expected
      }
    }
  }

  /// Waits until a broker that is up has come as far as `condition` says.
  package func wait(for id: Int32, _ condition: (Broker) -> Bool) async throws {
    while let broker = broker(id), !condition(broker) {
      try await Task.sleep(for: .milliseconds(2))
    }
  }

  // MARK: Faults

  /// Ends a broker as if its process had been killed: what it has written is there, and the others
  /// learn that its session is over.
  public func kill(_ id: Int32) async throws {
    let session = broker(id)?.member?.sessionID
    try await node(id).kill()
    if let session { tree.expire(session) }
  }

  /// Lets a broker's session with the coordination service expire; the broker opens another.
  public func expireSession(_ id: Int32) {
    if let session = broker(id)?.member?.sessionID { tree.expire(session) }
  }

  /// Stops a broker in order.
  public func stop(_ id: Int32) async throws {
    try await node(id).stop()
  }

  /// Starts a broker that was killed or stopped, with the data that it had.
  public func restart(_ id: Int32) async throws {
    try await node(id).start()
  }

  /// Stops all brokers, and removes their data. Idempotent.
  public func stop() async throws {
    var failure: (any Error)?
    for node in nodes {
      do { try await node.end() } catch { failure = failure ?? error }
    }
    scheduler.stop()
    queue.stop()
    if let failure { throw failure }
  }
}

/// Starts a cluster, calls `body` with it, and stops it, however `body` ends.
@discardableResult
public func withCluster<Value>(
  nodes count: Int = 3, _ storage: TestBroker.Storage = .memory, durability: Durability = .buffered,
  configure: @escaping @Sendable (inout ServerConfiguration) -> Void = { _ in },
  isolation: isolated (any Actor)? = #isolation,
  _ body: (TestCluster) async throws -> Value
) async throws -> Value {
  let cluster = try await TestCluster.start(
    nodes: count, storage, durability: durability, configure: configure)
  let value: Value
  do {
    value = try await body(cluster)
  } catch {
    try await cluster.stop()
    throw error
  }
  try await cluster.stop()
  return value
}
