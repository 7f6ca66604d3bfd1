import Logging
import MoldauCoordination
import MoldauFormat
import MoldauLog
import Synchronization
import Testing

@testable import MoldauCluster

/// Brokers that register in a tree of their own, on the test's thread.
final class RegistrationWorld: Sendable {
  /// What a broker's directory has, and what it was told to note.
  final class Directory: LocalReplicas {
    let conditions = Mutex<[TopicPartition: ReplicaCondition]>([:])
    let file = Mutex<MemberFile?>(nil)
    let failure = Mutex<String?>(nil)
    let whenAsked = Mutex<@Sendable () -> Void>({})

    func condition(of partition: TopicPartition, topicID: TopicID) -> ReplicaCondition {
      whenAsked.withLock { $0 }()
      return conditions.withLock { $0[partition] ?? .whole }
    }

    func note(
      _ file: MemberFile, clusterID: String, _ completion: @escaping @Sendable (String?) -> Void
    ) {
      let failure = failure.withLock { $0 }
      if failure == nil { self.file.withLock { $0 = file } }
      completion(failure)
    }
  }

  /// A session, and its number once it is connected.
  final class Session: Sendable {
    let id = Mutex<Int64>(0)
    let session = Mutex<(any CoordinationSession)?>(nil)
  }

  let queue = SerialQueue(name: "test", runsThread: false)
  let tree: EmbeddedTree
  let directory = Directory()
  private let incarnations = Mutex(0)

  init() {
    tree = EmbeddedTree(queue: queue)
  }

  func connect() -> Session {
    let made = Session()
    let session = tree.connect(timeoutMilliseconds: 1_000) { event in
      if case .connected(let id, _) = event { made.id.withLock { $0 = id } }
    }
    made.session.withLock { $0 = session }
    queue.runAll()
    return made
  }

  static let endpoint = BrokerRegistration.Endpoint(name: "CLIENT", host: "one", port: 9092)

  static func history(
    directory: UInt64 = 1, cluster: String? = nil, boot: String? = "boot", clean: Int64? = nil,
    incarnations: Set<String> = [], isDamaged: Bool = false
  ) -> DirectoryHistory {
    DirectoryHistory(
      directoryID: TopicID(high: 1, low: directory), clusterID: cluster, bootID: boot,
      cleanStopEpoch: clean, incarnations: incarnations, isDamaged: isDamaged)
  }

  /// The history of the directory as it was left, of the same run of the machine.
  func history(boot: String? = "boot", clean: Int64? = nil) -> DirectoryHistory {
    Self.history(
      cluster: "moldau", boot: boot, clean: clean,
      incarnations: directory.file.withLock { $0?.incarnations ?? [] })
  }

  /// Begins a registration, named 1, 2 and so on; `tell` gets what comes of it.
  func begin(
    _ history: DirectoryHistory, in session: Session,
    _ tell: @escaping Registrar.Completion
  ) throws {
    let number = incarnations.withLock { number in
      number += 1
      return number
    }
    let registrar = Registrar(
      session: try #require(session.session.withLock { $0 }),
      sessionID: session.id.withLock { $0 },
      Registrar.Broker(
        nodeID: 1, endpoints: [Self.endpoint], replication: Self.endpoint, history: history,
        newClusterID: "moldau"),
      replicas: directory, incarnation: "\(number)", queue: queue, clock: SystemWallClock(),
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, tell)
    registrar.start()
  }

  /// Registers and returns what comes of it.
  func register(
    _ history: DirectoryHistory, in session: Session? = nil
  ) throws -> Result<Registrar.Outcome, RegistrationFailure> {
    let found = Mutex<Result<Registrar.Outcome, RegistrationFailure>?>(nil)
    try begin(history, in: session ?? connect()) { result in found.withLock { $0 = result } }
    queue.runAll()
    return try #require(found.withLock { $0 })
  }

  /// Puts a topic of one partition into the tree that broker 1 has a replica of.
  func add(_ topic: String, isr: [Int32], elr: [Int32] = [], epoch: Int64 = 0) throws {
    var partition = PartitionImage(replicas: [1, 2], leader: isr.first ?? -1, isr: isr)
    partition.elr = elr
    partition.brokerEpochs = [1: epoch]
    let node = TopicNode(
      id: TopicID(high: 2, low: UInt64(topic.utf8.count)), partitions: [partition])
    let zero = TopicPartition(topic: topic, partition: 0)
    let state = PartitionStateNode(partition, controllerEpoch: 1)
    try write([
      .create(path: ClusterPath.topic(topic), data: node.data, kind: .persistent),
      .create(path: ClusterPath.partitions(of: topic), data: [], kind: .persistent),
      .create(path: ClusterPath.partition(zero), data: [], kind: .persistent),
      .create(path: ClusterPath.state(of: zero), data: state.data, kind: .persistent),
    ])
  }

  func write(_ operations: [CoordinationOperation]) throws {
    let session = try #require(connect().session.withLock { $0 })
    let failure = Mutex<CoordinationError?>(nil)
    session.perform(.write(operations)) { result in
      if case .failure(let error) = result { failure.withLock { $0 = error } }
    }
    queue.runAll()
    #expect(failure.withLock { $0 } == nil)
  }
}
