import Logging
import MoldauCoordination
import MoldauFormat
import MoldauLog
import MoldauProtocol
import Synchronization

@testable import MoldauCluster

/// Brokers of a cluster, as far as the controller sees them, on an embedded tree; every queue and
/// timer is run by hand.
final class ControllerBench {
  /// One broker's session, with its controller and its registration.
  final class Member {
    let nodeID: Int32
    let session: any CoordinationSession
    let sessionID: Int64
    let controller: ClusterController
    /// Who is the controller, as the member was told.
    let told: Shared<ControllerIdentity?>
    var registration: BrokerRegistration?

    init(
      nodeID: Int32, session: any CoordinationSession, sessionID: Int64,
      controller: ClusterController, told: Shared<ControllerIdentity?>
    ) {
      self.nodeID = nodeID
      self.session = session
      self.sessionID = sessionID
      self.controller = controller
      self.told = told
    }
  }

  let queue = SerialQueue(name: "test", runsThread: false)
  let clock = HandClock()
  let scheduler: Scheduler
  let tree: EmbeddedTree
  var settings = ControllerSettings()
  var rules = ReplicationRules.all
  private(set) var members: [Int32: Member] = [:]
  private var seed: UInt64 = 1

  init() {
    scheduler = Scheduler(clock: clock, runsThread: false)
    tree = EmbeddedTree(queue: queue)
    settings.rebalancesLeaders = false
  }

  /// Runs until nothing moves any more. Time stands still.
  func settle() {
    while true {
      queue.runAll()
      guard let deadline = scheduler.nextDeadline, deadline <= clock.nowMilliseconds() else {
        return
      }
      scheduler.runDue()
    }
  }

  func advance(milliseconds: Int64) {
    clock.advance(milliseconds)
    settle()
  }

  /// Opens a session for a broker and stands for election, without registering.
  @discardableResult
  func join(_ nodeID: Int32) -> Member {
    let controller = Shared<ClusterController?>(nil)
    let told = Shared<ControllerIdentity?>(nil)
    let known = Set(tree.sessionIDs)
    let session = tree.connect(timeoutMilliseconds: 2_000) { event in
      controller.value?.handle(event)
    }
    let sessionID = tree.sessionIDs.first { !known.contains($0) } ?? 0
    seed += 1
    let made = ClusterController(
      nodeID: nodeID, session: session, queue: queue, scheduler: scheduler, wallClock: clock,
      settings: settings, rules: rules, generator: CountingGenerator(state: seed),
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    ) { told.value = $0 }
    controller.value = made
    let member = Member(
      nodeID: nodeID, session: session, sessionID: sessionID, controller: made, told: told)
    members[nodeID] = member
    made.start()
    return member
  }

  /// Registers a broker in its session; again when it has registered before.
  func register(
    _ nodeID: Int32, survives: Bool = true, lost: [TopicPartition] = []
  ) {
    let member = members[nodeID] ?? join(nodeID)
    queue.runAll()
    let path = ClusterPath.brokerEpoch(nodeID)
    let version = tree.stat(of: path)?.version
    var previous: BrokerEpochNode?
    if let data = tree.data(at: path) {
      do { previous = try BrokerEpochNode(parsing: data, at: path) } catch {
        preconditionFailure("\(error)")
      }
    }
    let epoch = version.map { Int64($0) + 1 } ?? 0
    let chain = SurvivalChain(
      brokerEpoch: epoch, previous: previous, survival: survives ? .all : .damaged,
      lost: lost
    ) { _, _ in true }
    let registration = BrokerRegistration(
      nodeID: nodeID, brokerEpoch: epoch, directoryID: TopicID(high: 1, low: UInt64(nodeID)),
      endpoints: [.init(name: "CLIENT", host: "host\(nodeID)", port: 9092)],
      replication: .init(name: "REPLICATION", host: "host\(nodeID)", port: 9093),
      survivedSince: chain.survivedSince, lost: chain.lost, directorySince: chain.directorySince)
    let node = BrokerEpochNode(
      directoryID: registration.directoryID, bootID: nil, incarnation: nil, brokerEpoch: epoch,
      survivedSince: chain.survivedSince, directorySince: chain.directorySince, lost: chain.lost)
    var operations: [CoordinationOperation] = [
      version.map { .set(path: path, data: node.data, version: $0) }
        ?? .create(path: path, data: node.data, kind: .persistent)
    ]
    if tree.stat(of: ClusterPath.broker(nodeID)) != nil {
      operations.append(.delete(path: ClusterPath.broker(nodeID), version: nil))
    }
    operations.append(
      .create(
        path: ClusterPath.broker(nodeID),
        data: BrokerNode(registration, timestampMilliseconds: 0).data, kind: .ephemeral))
    member.registration = registration
    member.session.perform(.write(operations)) { result in
      if case .failure(let error) = result { preconditionFailure("\(error)") }
    }
  }

  /// A cluster of these brokers, the first of them the controller.
  func start(_ nodeIDs: [Int32]) {
    for nodeID in nodeIDs {
      join(nodeID)
      queue.runAll()
      register(nodeID)
    }
    settle()
  }

  /// The broker is gone, and its session has expired.
  func kill(_ nodeID: Int32) {
    guard let member = members.removeValue(forKey: nodeID) else { return }
    tree.expire(member.sessionID)
    queue.runAll()
  }

  /// Comes back in a new session.
  func restart(_ nodeID: Int32, survives: Bool = true, lost: [TopicPartition] = []) {
    kill(nodeID)
    join(nodeID)
    register(nodeID, survives: survives, lost: lost)
    settle()
  }

  /// The members that are the controller.
  var active: [Member] {
    members.values.filter { $0.controller.isActive }.sorted { $0.nodeID < $1.nodeID }
  }

  var controller: ClusterController {
    guard let first = active.first else { preconditionFailure("nobody is the controller") }
    return first.controller
  }

  /// The image that the controller has published.
  var image: ClusterImage {
    guard
      case .full(let image)? = wait({
        _ = self.controller.image(after: nil, nodeID: 0, brokerEpoch: 0, $0)
      })
    else { preconditionFailure("there is no image") }
    return image
  }

  func state(_ topic: String, _ partition: Int32 = 0) -> PartitionImage? {
    image.partition(TopicPartition(topic: topic, partition: partition))
  }

  /// What the tree says of a partition.
  func stored(_ topic: String, _ partition: Int32 = 0) throws -> PartitionStateNode? {
    let path = ClusterPath.state(of: TopicPartition(topic: topic, partition: partition))
    return try tree.data(at: path).map { try PartitionStateNode(parsing: $0, at: path) }
  }

  /// Does something and runs until it is done; nil when nothing moves any more and it is not.
  func wait<Value: Sendable>(_ body: (@escaping @Sendable (Value) -> Void) -> Void) -> Value? {
    let result = Shared<Value?>(nil)
    body { result.value = $0 }
    settle()
    return result.value
  }

  @discardableResult
  func create(
    _ name: String, _ assignment: [[Int32]], _ configuration: [String: String] = [:]
  ) -> Result<TopicImage, ClusterRefusal>? {
    wait {
      self.controller.createTopic(
        TopicCreation(name: name, assignment: assignment, configuration: configuration),
        validatesOnly: false, $0)
    }
  }

  /// Asks for other in-sync replicas for a partition's leader, with the epochs that are current.
  func alter(
    _ topic: String, _ partition: Int32 = 0, isr: [Int32]
  ) -> Result<PartitionImage, ClusterRefusal>? {
    guard let change = change(topic, partition, isr: isr), let state = state(topic, partition)
    else { return nil }
    let epoch = members[state.leader]?.registration?.brokerEpoch ?? -1
    let results = wait {
      self.controller.alterPartitions([change], from: state.leader, brokerEpoch: epoch, $0)
    }
    return results?.first
  }

  func change(_ topic: String, _ partition: Int32 = 0, isr: [Int32]) -> IsrChange? {
    let image = image
    guard let found = image.topics[topic], let state = found.partition(partition) else {
      return nil
    }
    return IsrChange(
      partition: TopicPartition(topic: topic, partition: partition), topicID: found.id,
      leaderEpoch: state.leaderEpoch, partitionEpoch: state.partitionEpoch,
      isr: isr.map { .init(nodeID: $0, brokerEpoch: image.brokers[$0]?.brokerEpoch ?? -1) })
  }
}

/// Time that stands still unless it is moved; also of day.
final class HandClock: SteadyClock, WallClock {
  private let now = Mutex<Int64>(1_000)

  func nowMilliseconds() -> Int64 { now.withLock { $0 } }

  func advance(_ milliseconds: Int64) { now.withLock { $0 += milliseconds } }
}

/// Something that several hands put and take.
final class Shared<Value: Sendable>: Sendable {
  private let state: Mutex<Value>

  init(_ value: Value) { state = Mutex(value) }

  var value: Value {
    get { state.withLock { $0 } }
    set { state.withLock { $0 = newValue } }
  }
}

/// SplitMix64: the same numbers for the same seed.
struct CountingGenerator: RandomNumberGenerator, Sendable {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
