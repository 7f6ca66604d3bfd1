import MoldauClient
import MoldauProtocol

/// A client that looks for a partition's leader until a record is acknowledged there, as clients do.
struct PersistentProducer {
  let topic: ReplicatedTopic
  /// Of one record.
  private let batch: PrebuiltBatches
  private let options: KafkaConnection.Options
  /// By node; opened when they are needed.
  private var connections: [Int32: KafkaConnection] = [:]

  init(_ topic: ReplicatedTopic) {
    self.topic = topic
    batch = PrebuiltBatches(
      count: 1, recordsPerBatch: 1, seed: 31, timestamp: BenchmarkTopic.nowMilliseconds)
    var options = KafkaConnection.Options()
    options.connectTimeoutMilliseconds = 1000
    options.timeoutMilliseconds = 2000
    self.options = options
  }

  /// Connects to the brokers that are up, so that it costs nothing later.
  mutating func connect() throws {
    for number in topic.cluster.live where connections[number]?.isUsable != true {
      connections[number] = try KafkaConnection(
        to: try topic.cluster.target(number).endpoint, options)
      _ = try connections[number]?.metadata(topics: [topic.name])
    }
  }

  /// Forgets the connection to a broker that is no more.
  mutating func forget(_ number: Int32) {
    connections[number] = nil
  }

  /// Produces a record, acks=all, to whichever broker leads the partition but for one; returns when it
  /// is acknowledged.
  mutating func produce(to number: Int, except gone: Int32) throws {
    try BenchmarkCluster.wait(until: "a record to \(topic.name)-\(number) is acknowledged") {
      try tryToProduce(to: number, except: gone)
    }
  }

  private mutating func tryToProduce(to number: Int, except gone: Int32) throws -> Bool {
    try connect()
    for asked in topic.cluster.live {
      guard let connection = connections[asked] else { continue }
      do {
        let found = try topic.partitions(from: connection).first { $0.index == Int32(number) }
        guard let leader = found?.leaderID, leader >= 0, leader != gone,
          let leading = connections[leader]
        else { continue }
        // SAFETY: all bytes of the array are initialised.
        let bytes = unsafe batch.bytes.span.bytes
        _ = try leading.produce(bytes, to: topic.partition(number))
        return true
      } catch is ClientError {
        // Not there yet: another broker may know more.
        continue
      }
    }
    return false
  }

  // MARK: Many partitions

  /// How long after the leader of many partitions was taken away something was so, in seconds.
  struct Takeover {
    /// A record was acknowledged by another leader.
    var first: Double?
    /// All partitions had another leader, as a broker said.
    var leaders: Double?
    /// Another leader had acknowledged a record in each partition.
    var all = 0.0
  }

  /// Produces a record, acks=all, to each of the first `count` partitions, at whichever brokers lead
  /// them but for one; returns when all are acknowledged.
  mutating func produceToAll(
    _ count: Int, except gone: Int32, since start: ContinuousClock.Instant
  ) throws -> Takeover {
    var takeover = Takeover()
    var left = Set(0..<Int32(count))
    try BenchmarkCluster.wait(until: "a record to each of \(topic.name) is acknowledged") {
      try tryToProduce(to: &left, except: gone, since: start, &takeover)
      return left.isEmpty && takeover.leaders != nil
    }
    return takeover
  }

  private mutating func tryToProduce(
    to left: inout Set<Int32>, except gone: Int32, since start: ContinuousClock.Instant,
    _ takeover: inout Takeover
  ) throws {
    try connect()
    guard let first = topic.cluster.live.first, let asked = connections[first] else { return }
    let found = try asked.metadata(topics: [topic.name]).topics.first
    guard let found, !found.partitions.isEmpty else { return }
    let led = found.partitions.filter { $0.leaderID >= 0 && $0.leaderID != gone }
    if takeover.leaders == nil, led.count == found.partitions.count {
      takeover.leaders = start.duration(to: .now).inNanoseconds / 1e9
    }
    let byLeader = Dictionary(grouping: led.filter { left.contains($0.index) }, by: \.leaderID)
    var pending: [(KafkaConnection, KafkaConnection.Pending<ProduceRequest>)] = []
    for (leader, partitions) in byLeader {
      guard let connection = connections[leader] else { continue }
      pending.append((connection, try connection.send(request(to: partitions, of: found))))
    }
    for (connection, answer) in pending {
      let results = try connection.receive(answer).topics.flatMap(\.partitions)
      let acknowledged = results.filter { $0.errorCode == .none }.map(\.index)
      guard !acknowledged.isEmpty else { continue }
      let seconds = start.duration(to: .now).inNanoseconds / 1e9
      left.subtract(acknowledged)
      takeover.first = takeover.first ?? seconds
      takeover.all = seconds
    }
  }

  private func request(
    to partitions: [MetadataResponse.Partition], of found: MetadataResponse.Topic
  ) -> ProduceRequest {
    var data = ProduceRequest.Topic()
    data.name = topic.name
    data.id = found.id
    data.partitions = partitions.map { partition in
      var produced = ProduceRequest.Partition()
      produced.index = partition.index
      produced.records = .bytes(batch.bytes)
      return produced
    }
    var request = ProduceRequest()
    request.acks = -1
    request.timeoutMilliseconds = options.timeoutMilliseconds
    request.topics = [data]
    return request
  }
}
