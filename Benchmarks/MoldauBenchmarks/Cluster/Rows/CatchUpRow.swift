import MoldauClient

/// `catch-up`: a new replica gets what is there.
///
/// Sketch: bytes go by sendfile at 2 GB/s to a reader that checks and writes them, at 1.5 GB/s where
/// both have a processor; a hundred milliseconds pass before the first and after the last.
struct CatchUpRow: BenchmarkRow {
  static let description = RowDescription(
    name: "catch-up",
    question:
      "Give a partition of 1 GB a second replica. An operation is a byte, from the request to"
      + " when the replica is in sync, all of it synced. C: a thread that sends a file as large by"
      + " sendfile, and a client that reads it and keeps nothing.",
    durability: "groupCommit", goals: [Goal(.ratioToC, must: 0.60, reachingFor: 0.80)],
    warmUpRounds: 0, mostRounds: 3)

  private var rounds: CatchUpRounds

  init(_ context: RowContext) async throws {
    rounds = try CatchUpRounds(context)
  }

  mutating func measuredRound(_ round: Int) throws -> Sample { try rounds.run() }

  mutating func baselineRound(_ round: Int) throws -> Sample? { try rounds.baseline() }

  mutating func finish() throws -> RowFigures { try rounds.finish() }
}

/// `catch-up-buffered`: the same without syncs.
///
/// Sketch: as above; what the device takes more than the processors is missing.
struct BufferedCatchUpRow: BenchmarkRow {
  static let description = RowDescription(
    name: "catch-up-buffered",
    question: "The same where neither broker syncs what it writes.",
    durability: "buffered", goals: [Goal(.ratioToC, must: 0.60, reachingFor: 0.80)],
    warmUpRounds: 0, mostRounds: 3)

  private var rounds: CatchUpRounds

  init(_ context: RowContext) async throws {
    rounds = try CatchUpRounds(context, ["--flush", "buffered"])
  }

  mutating func measuredRound(_ round: Int) throws -> Sample { try rounds.run() }

  mutating func baselineRound(_ round: Int) throws -> Sample? { try rounds.baseline() }

  mutating func finish() throws -> RowFigures { try rounds.finish() }
}

/// Rounds of a partition that gets a second replica and loses it again.
private struct CatchUpRounds {
  private static let batchCount = 1024

  private let cluster: BenchmarkCluster
  private let topic: ReplicatedTopic
  private let leader: Int32
  private let admin: KafkaConnection
  private let batches: PrebuiltBatches
  private let file: BaselineFile
  private let server: BaselineServer
  private var client: BaselineConnection?
  private let frames: RequestFrames
  private let syncedPath: String
  private var syncedSeconds: [Double] = []

  init(_ context: RowContext, _ arguments: [String] = []) throws {
    cluster = try BenchmarkCluster(
      context, brokerCount: 2, sessionTimeout: BenchmarkCluster.longSession, arguments)
    syncedPath = context.directory + "/synced"
    topic = try ReplicatedTopic(creatingFor: "catch-up", on: cluster, replicationFactor: 1)
    leader = try topic.leader(of: 0)
    admin = try cluster.target(leader).connect()
    batches = PrebuiltBatches(
      count: 1, upTo: 1 << 20, seed: 34, timestamp: BenchmarkTopic.nowMilliseconds)
    let partition = BrokerTopic(topic.partition(0))
    let size = batches.bytes.count
    frames = partition.fetchFrames(from: 0..<1, byteCount: size)
    _ = try cluster.target(leader).connectRaw().exchange(
      partition.produceFrames(batches, acks: 1), requestCount: Self.batchCount, inFlight: 3)
    let recordCount = Self.batchCount * batches.recordCount
    // The end that clients see waits for the device.
    let target = try cluster.target(leader)
    try BenchmarkCluster.wait(until: "the records are there") {
      try partition.checkEnd(recordCount, on: target)
      return true
    }
    file = try BaselineFile(creating: context.directory + "/baseline")
    for slice in 0..<Self.batchCount { try file.write(batches.bytes, at: slice * size) }
    server = try .sender(of: file, sliceSize: size, sliceCount: Self.batchCount)
    client = try BaselineConnection(host: "127.0.0.1", port: server.port)
  }

  private var byteCount: Int { Self.batchCount * batches.bytes.count }

  func run() throws -> Sample {
    let other: Int32 = leader == 1 ? 2 : 1
    let sample = try Sample.measure {
      try move(to: [leader, other])
      return Work(
        operations: byteCount, records: Self.batchCount * batches.recordCount, bytes: byteCount)
    }
    try move(to: [leader])
    return sample
  }

  /// Gives the partition these replicas and waits until all of them are in sync.
  private func move(to replicas: [Int32]) throws {
    let outcomes = try admin.reassign([(topic.partition(0), replicas)])
    if let refused = outcomes.first(where: { $0.code != .none }) {
      throw BaselineError("the move was refused: \(refused.code)")
    }
    try BenchmarkCluster.wait(until: "the replicas \(replicas) are in sync", pauseMilliseconds: 2) {
      guard let partition = try topic.partitions(from: admin).first else { return false }
      return Set(partition.replicaNodes) == Set(replicas)
        && Set(partition.inSyncReplicaNodes) == Set(replicas)
    }
  }

  mutating func baseline() throws -> Sample? {
    guard let client else { return nil }
    syncedSeconds.append(try secondsToWriteAndSync())
    return try Sample.measure { () throws(BaselineError) in
      let answered = try client.exchange(frames, requestCount: Self.batchCount, inFlight: 2)
      guard answered >= byteCount else {
        throw BaselineError("the answers hold \(answered) bytes, \(byteCount) were asked for")
      }
      return Work(
        operations: byteCount, records: Self.batchCount * batches.recordCount, bytes: byteCount)
    }
  }

  /// What the device takes for as much, written from memory and synced once.
  private func secondsToWriteAndSync() throws -> Double {
    let file = try BaselineFile(creating: syncedPath)
    let sample = try Sample.measure { () throws(BaselineError) in
      for slice in 0..<Self.batchCount {
        try file.write(batches.bytes, at: slice * batches.bytes.count)
      }
      try file.sync()
      return Work(operations: byteCount, records: 0, bytes: byteCount)
    }
    return sample.nanoseconds / 1e9
  }

  mutating func finish() throws -> RowFigures {
    client = nil
    try server.wait()
    try cluster.stop()
    return RowFigures(members: [
      .init("writeAndSyncSeconds", .optional(Statistics.median(syncedSeconds)))
    ])
  }
}
