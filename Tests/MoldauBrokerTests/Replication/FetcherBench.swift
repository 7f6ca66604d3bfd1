import Logging
import MoldauCluster
import MoldauDisk
import MoldauFormat
import MoldauLog
import MoldauProtocol
import Synchronization

@testable import MoldauBroker

/// The fetchers of one broker, without a thread: all that happens, the test has done.
final class FetcherBench {
  let disk: SimulatedDisk
  let store: LogStore
  let topic: Topic
  let partitions: [Partition]
  let network = ScriptedNetwork()
  let clock = SetSteadyClock()
  let scheduler: Scheduler
  let queue = SerialQueue(name: "test", runsThread: false)
  let diskQueue = SerialQueue(name: "test-disk", runsThread: false)
  let fetchers: ReplicaFetchers
  let log = LogRecorder()
  private let replicas: Replicas

  static let maxWait: Int64 = 500

  init(
    _ configuration: ReplicaFetchConfiguration = ReplicaFetchConfiguration(),
    partitionCount: Int = 1, durability: Durability = .groupCommit(), sessions: Bool = true,
    rules: ReplicationRules = .all, disk: SimulatedDisk = SimulatedDisk()
  ) throws {
    self.disk = disk
    var settings = StoreConfiguration(durability: durability)
    settings.threads = .manual
    store = try LogStore.open(
      at: "/store", settings, disk: disk, clock: SetWallClock())
    topic = try store.createTopic("orders", TopicConfiguration(partitionCount: partitionCount))
    scheduler = Scheduler(clock: clock, runsThread: false)
    replicas = Replicas(
      nodeID: 2, ReplicaSettings(rules: rules), scheduler: scheduler,
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    let hosted = HostedTopic(topic, replicas)
    partitions = hosted.partitions
    var configuration = configuration
    configuration.usesSessions = sessions
    let log = log
    fetchers = ReplicaFetchers(
      nodeID: 2, network: network, scheduler: scheduler, queue: queue, diskQueue: diskQueue,
      configuration, rules: rules,
      logger: Logger(label: "test") { _ in RecordingHandler(log) })
    fetchers.registered(brokerEpoch: 22)
  }

  static func leader(_ nodeID: Int32, brokerEpoch: Int64 = 1) -> BrokerRegistration {
    BrokerRegistration(
      nodeID: nodeID, brokerEpoch: brokerEpoch, directoryID: .zero, endpoints: [],
      replication: .init(name: "REPLICATION", host: "leader-\(nodeID)", port: 9),
      survivedSince: brokerEpoch, lost: [])
  }

  /// Gives partitions their role, and lets them be fetched.
  func follow(
    _ numbers: [Int] = [0], leader: Int32 = 1, brokerEpoch: Int64 = 1, epoch: Int32 = 5
  ) {
    let image = PartitionImage(
      replicas: [leader, 2], leader: leader, leaderEpoch: epoch, partitionEpoch: epoch,
      isr: [leader, 2])
    for number in numbers { partitions[number].follow(image) }
    fetchers.follow(
      numbers.map {
        FollowedPartition(
          partitions[$0], of: topic, leader: Self.leader(leader, brokerEpoch: brokerEpoch),
          leaderEpoch: epoch)
      })
    run()
  }

  func stop(_ numbers: [Int]) {
    fetchers.stop(numbers.map { (partitions[$0], topic) })
    run()
  }

  /// Does all that is to be done now, but for commits.
  func run() {
    repeat {
      queue.runAll()
      diskQueue.runAll()
    } while queue.runNext() || diskQueue.runNext()
  }

  /// As `run`, with commits.
  func runAndCommit() {
    repeat { run() } while store.runCommits()
    run()
  }

  func advance(_ milliseconds: Int64) {
    clock.advance(milliseconds)
    scheduler.runDue()
    run()
  }

  /// The connection that was made last.
  var connection: ScriptedConnection { network.all[network.all.count - 1] }
  /// The requests that wait for an answer on it.
  var waiting: [FetchRequest] { connection.waiting }

  func answer(session: Int32 = 0, _ parts: FetchResponse.Partition...) {
    var response = FetchResponse()
    response.sessionID = session
    var told = FetchResponse.Topic()
    told.id = topic.id
    told.partitions = parts
    if !parts.isEmpty { response.topics = [told] }
    connection.answer(response)
    run()
  }

  func answer(error: ErrorCode) {
    var response = FetchResponse()
    response.errorCode = error
    connection.answer(response)
    run()
  }

  /// Opens the session with an answer that brings nothing.
  func open(_ numbers: [Int32] = [0]) {
    var response = FetchResponse()
    response.sessionID = 77
    var told = FetchResponse.Topic()
    told.id = topic.id
    told.partitions = numbers.map { FetchResponse.Partition($0) }
    response.topics = [told]
    connection.answer(response)
    run()
  }

  func end(_ number: Int = 0) -> Int64 { partitions[number].log.endOffset.rawValue }

  func close() throws {
    fetchers.stopAll()
    run()
    try store.closeBlocking()
  }
}

/// What was written to the log.
final class LogRecorder: Sendable {
  let lines = Mutex<[(level: Logger.Level, text: String)]>([])

  func count(_ level: Logger.Level) -> Int {
    lines.withLock { $0.filter { $0.level == level }.count }
  }

  func contains(_ text: String) -> Bool {
    lines.withLock { $0.contains { $0.text.contains(text) } }
  }
}

struct RecordingHandler: LogHandler {
  let recorder: LogRecorder
  var metadata: Logger.Metadata = [:]
  var logLevel = Logger.Level.debug

  init(_ recorder: LogRecorder) {
    self.recorder = recorder
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    recorder.lines.withLock { $0.append((event.level, "\(event.message)")) }
  }
}

extension FetchRequest {
  /// The numbers of the partitions that it names.
  var numbers: [Int32] { topics.flatMap(\.partitions).map(\.index) }
}
