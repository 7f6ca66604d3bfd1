import Logging
import MoldauCluster
import MoldauCoordination
import MoldauDisk
import MoldauFormat
import MoldauLog
import MoldauProtocol
import Synchronization

@testable import MoldauBroker

/// Broker 1 of a cluster, in memory and run by hand; the test plays the controller and the others.
final class ClusterBroker {
  let store: LogStore
  let broker: Broker
  let replicas: Replicas
  let clock = SetSteadyClock()
  let channel = FakeIsrChannel()
  let disk = SimulatedDisk()
  let log = LogRecorder()
  private let execution: BrokerExecution

  init(durability: Durability = .buffered, rules: ReplicationRules = .all) throws {
    var configuration = StoreConfiguration(durability: durability)
    configuration.threads = .manual
    configuration.isReplicated = true
    store = try LogStore.open(
      at: "/data", configuration, disk: disk, clock: SetWallClock())
    execution = BrokerExecution(
      clock: SetWallClock(), steadyClock: clock, random: RandomSource(SeededGenerator(seed: 1)),
      runsThreads: false)
    var settings = ClusterSettings()
    settings.replicas = ReplicaSettings(lagMilliseconds: 1_000, rules: rules)
    let tree = EmbeddedTree(queue: SerialQueue(name: "tree", runsThread: false))
    broker = try Broker(
      store: store, BrokerConfiguration(nodeID: 1),
      cluster: ClusterEnvironment(
        coordination: tree.client(), network: ScriptedNetwork(), bootID: nil, settings),
      logger: Logger(label: "test") { [log] _ in RecordingHandler(log) }, execution: execution)
    guard let replicas = broker.replicas else { preconditionFailure("it is of a cluster") }
    self.replicas = replicas
    register([1: 11, 2: 12, 3: 13])
    replicas.start(channel)
  }

  // MARK: The controller

  func register(_ epochs: [Int32: Int64]) {
    var image = replicas.image
    image.brokers = [:]
    for (id, epoch) in epochs {
      image.brokers[id] = BrokerRegistration(
        nodeID: id, brokerEpoch: epoch, directoryID: .zero,
        endpoints: [.init(name: "CLIENT", host: "broker\(id)", port: 9092)],
        replication: .init(name: "REPLICATION", host: "broker\(id)", port: 9192),
        survivedSince: epoch,
        lost: [])
    }
    replicas.note(image)
  }

  /// Has a topic, of which this broker leads all partitions in epoch 3.
  @discardableResult
  func createTopic(
    _ name: String = "t", partitions: Int = 1, isr: [Int32] = [1, 2, 3], minISR: Int = 1
  ) throws -> TopicID {
    let topic = try store.createTopic(name, TopicConfiguration(partitionCount: partitions))
    var image = replicas.image
    image.topics[name] = TopicImage(
      name: name, id: topic.id, configuration: [:],
      partitions: Array(repeating: Self.state(isr: isr), count: partitions))
    image.topicNames[topic.id] = name
    replicas.note(image)
    for number in 0..<partitions {
      try partition(name, Int32(number)).lead(Self.state(isr: isr), minInSyncReplicas: minISR)
    }
    return topic.id
  }

  static func state(
    leader: Int32 = 1, epoch: Int32 = 3, partitionEpoch: Int32 = 5, isr: [Int32] = [1, 2, 3]
  ) -> PartitionImage {
    PartitionImage(
      replicas: [1, 2, 3], leader: leader, leaderEpoch: epoch, partitionEpoch: partitionEpoch,
      isr: isr)
  }

  func partition(_ name: String = "t", _ index: Int32 = 0) throws -> Partition {
    guard let partition = broker.topics.topic(named: name)?.partition(index) else {
      throw LogError.unknownTopic(name)
    }
    return partition
  }

  /// Tells clients where the partition is now.
  func announce(_ state: PartitionImage, of name: String = "t", _ index: Int = 0) {
    var image = replicas.image
    image.topics[name]?.partitions[index] = state
    replicas.note(image)
  }

  func runDue() { execution.scheduler.runDue() }

  /// Does all that waits for a thread of the broker's own.
  func runQueues() {
    while (0..<execution.queueCount).contains(where: { execution.runNext(ofQueue: $0) }) {}
  }

  func runBlockingWork() { while execution.runNext(ofQueue: 0) {} }

  // MARK: Requests

  /// Sends a request, of a client or of another broker.
  func ask<Request: ProtocolRequest>(
    _ request: Request, version: Int16, isPeer: Bool = false
  ) throws -> Call<Request> {
    let call = Call<Request>(version: version)
    try call.start(request, broker, isPeer: isPeer)
    return call
  }

  /// Appends one record as a client; with `acks` −1 the call waits.
  ///
  /// - Parameter sequence: that of an idempotent producer's batch.
  func produce(
    _ topic: String = "t", _ index: Int32 = 0, acks: Int16 = 1, version: Int16 = 12,
    sequence: Int32? = nil
  ) throws -> Call<ProduceRequest> {
    var request = ProduceRequest()
    request.acks = acks
    request.timeoutMilliseconds = 30_000
    var target = ProduceRequest.Topic()
    target.name = topic
    var partition = ProduceRequest.Partition()
    partition.index = index
    partition.records = .bytes(Self.batch(sequence: sequence))
    target.partitions = [partition]
    request.topics = [target]
    return try ask(request, version: version)
  }

  static func batch(sequence: Int32? = nil) -> [UInt8] {
    var encoder = RecordBatchEncoder(initialCapacity: 128)
    let value: [UInt8] = [1, 2, 3]
    // SAFETY: bytes have no padding between them.
    unsafe encoder.append(
      key: nil, value: value.span.bytes, timestampMilliseconds: 1_700_000_000_000)
    var fields = BatchFields(baseOffset: .zero)
    if let sequence {
      fields.producerID = 7
      fields.producerEpoch = 0
      fields.baseSequence = sequence
    }
    encoder.finish(fields)
    // SAFETY: the array copies the encoder's bytes.
    return unsafe encoder.bytes.withUnsafeBytes { unsafe [UInt8]($0) }
  }

  /// A consumer's fetch of one partition.
  func fetch(
    _ topic: String = "t", _ index: Int32 = 0, from offset: Int64, waits: Bool = false,
    epoch: Int32 = -1
  ) throws -> Call<FetchRequest> {
    var request = FetchRequest()
    request.maxWaitMilliseconds = waits ? 500 : 0
    request.minBytes = 1
    request.topics = [
      .of(topic, .zero, [.of(index, from: offset, epoch: epoch, lastEpoch: -1)])
    ]
    return try ask(request, version: 12)
  }
}

/// What a fetching replica says.
struct FollowerFetch {
  var nodeID: Int32
  var brokerEpoch: Int64
  var sessionID: Int32 = 0
  var sessionEpoch: Int32 = -1
  var waits = false
  var isPeer = true

  init(_ nodeID: Int32, brokerEpoch: Int64? = nil) {
    self.nodeID = nodeID
    self.brokerEpoch = brokerEpoch ?? Int64(nodeID) + 10
  }

  func request(_ topic: TopicID, _ partitions: [FetchRequest.Partition]) -> FetchRequest {
    var request = FetchRequest()
    request.replicaState.replicaID = nodeID
    request.replicaState.replicaEpoch = brokerEpoch
    request.maxWaitMilliseconds = waits ? 500 : 0
    request.minBytes = 1
    request.maxBytes = 1 << 20
    request.sessionID = sessionID
    request.sessionEpoch = sessionEpoch
    if !partitions.isEmpty { request.topics = [.of("", topic, partitions)] }
    return request
  }

  func send(
    _ topic: TopicID, _ partitions: [FetchRequest.Partition], to broker: ClusterBroker
  ) throws -> Call<FetchRequest> {
    try broker.ask(request(topic, partitions), version: 18, isPeer: isPeer)
  }
}

extension FetchRequest.Topic {
  static func of(_ name: String, _ id: TopicID, _ partitions: [FetchRequest.Partition]) -> Self {
    var topic = Self()
    topic.name = name
    topic.id = id
    topic.partitions = partitions
    return topic
  }
}

extension FetchRequest.Partition {
  static func of(
    _ index: Int32 = 0, from offset: Int64, epoch: Int32 = 3, lastEpoch: Int32 = 3,
    knows highWatermark: Int64 = .max, start: Int64 = 0
  ) -> Self {
    var partition = Self()
    partition.index = index
    partition.fetchOffset = offset
    partition.currentLeaderEpoch = epoch
    partition.lastFetchedEpoch = offset == 0 ? -1 : lastEpoch
    partition.logStartOffset = start
    partition.maxBytes = 1 << 20
    partition.highWatermark = highWatermark
    return partition
  }
}

/// A request and what became of it.
final class Call<Request: ProtocolRequest> {
  private final class Wakes: WakeTarget {
    let count = Atomic<Int>(0)

    func wake(_ sequence: UInt64) { count.add(1, ordering: .relaxed) }
  }

  private let version: Int16
  private let wakes = Wakes()
  private var seenWakes = 0
  private var pending: (any PendingRequest)?
  private var found: Request.Response?

  init(version: Int16) { self.version = version }

  func start(_ request: Request, _ broker: Broker, isPeer: Bool) throws {
    var writer = ProtocolWriter(capacity: 256)
    writer.appendRequest(request, version: version, correlationID: 1, clientID: "test")
    // SAFETY: the array copies the writer's bytes.
    let frame = unsafe writer.bytes.withUnsafeBytes { unsafe [UInt8]($0) }.dropFirst(4)
    let client = ClientConnection(
      advertisedHost: "broker1", advertisedPort: 9092, address: "test", isPeer: isPeer)
    var reply = Reply()
    // SAFETY: bytes have no padding between them.
    let outcome = try unsafe broker.handle(
      Array(frame).span.bytes, from: client, waker: RequestWaker(target: wakes, sequence: 0),
      into: &reply)
    switch outcome {
    case .answered: found = try decode(reply)
    case .unanswered: break
    case .pending(let pending, _): self.pending = pending
    }
  }

  /// The answer, if there is one by now.
  func answer() throws -> Request.Response? {
    while let pending, wakes.count.load(ordering: .relaxed) > seenWakes {
      seenWakes = wakes.count.load(ordering: .relaxed)
      try resume(pending, .woken)
    }
    return found
  }

  /// The answer when the time is up.
  func answerInTheEnd() throws -> Request.Response {
    if try answer() == nil, let pending { try resume(pending, .timeIsUp) }
    guard let found else { preconditionFailure("a request is answered when its time is up") }
    return found
  }

  private func resume(_ pending: any PendingRequest, _ reason: ResumeReason) throws {
    var reply = Reply()
    guard pending.resume(reason, into: &reply) else { return }
    self.pending = nil
    found = try decode(reply)
  }

  private func decode(_ reply: borrowing Reply) throws -> Request.Response {
    // SAFETY: the array copies the writer's bytes.
    let own = unsafe reply.writer.withUnsafeBytes { unsafe [UInt8]($0) }
    let slices = reply.slices
    var all: [UInt8] = []
    var failure: LogError?
    reply.writer.forEachSegment { segment in
      switch segment {
      case .bytes(let range): all += own[range]
      case .slice(let index, _):
        do throws(LogError) { all += try slices[index].copyBytes() } catch { failure = error }
      }
    }
    if let failure { throw failure }
    let frame = Array(all.dropFirst(4))
    var reader = ProtocolReader(frame.span)
    _ = try ResponseHeader(decoding: &reader, for: Request.supported, version: version)
    return try Request.Response(decoding: &reader, version: version)
  }
}

extension Call where Request == ProduceRequest {
  /// The code of the only partition, nil while there is no answer.
  func code() throws -> ErrorCode? { try answer()?.topics[0].partitions[0].errorCode }
}

extension FetchResponse {
  /// The partitions of all topics.
  var all: [Partition] { topics.flatMap(\.partitions) }
}

extension FetchResponse.Partition {
  var byteCount: Int {
    switch records {
    case .inFrame(_, let count): count
    case .bytes(let bytes): bytes.count
    default: 0
    }
  }
}
