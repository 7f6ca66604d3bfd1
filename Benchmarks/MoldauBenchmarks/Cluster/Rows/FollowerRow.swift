import MoldauClient

/// `follower`: what a follower spends on a record.
///
/// Sketch: a fetch of 1 MB is 9,000 records; socket to buffer 250 µs, checksum 60 µs, one pwrite
/// 300 µs, wake-ups and the request 50 µs: 0.07 µs a record.
struct FollowerRow: BenchmarkRow {
  static let description = RowDescription(
    name: "follower",
    question:
      "One connection sends 64 KiB batches of 100 B records, acks=all without syncs, five in"
      + " flight, to a partition of three replicas. CPU is that of the two brokers that follow, a"
      + " record of each.",
    durability: "buffered",
    goals: [Goal(.cpuNanosecondsPerRecord, must: 150, reachingFor: 100)], mostRounds: 5)

  private var rounds: FollowerRounds

  init(_ context: RowContext) async throws {
    rounds = try FollowerRounds(context, ["--flush", "buffered"])
  }

  mutating func measuredRound(_ round: Int) throws -> Sample { try rounds.run() }

  mutating func baselineRound(_ round: Int) -> Sample? { nil }

  mutating func finish() throws -> RowFigures { try rounds.finish() }
}

/// `follower-group-commit`: the same where an acknowledgement survives a power cut.
///
/// Sketch: the bytes are written once more, or a sync is waited for, before the next fetch.
struct CommittedFollowerRow: BenchmarkRow {
  static let description = RowDescription(
    name: "follower-group-commit",
    question: "The same with group commit: a follower fetches further when its device has what it"
      + " has fetched.",
    durability: "groupCommit",
    goals: [Goal(.cpuNanosecondsPerRecord, must: nil, reachingFor: 150)], mostRounds: 5)

  private var rounds: FollowerRounds

  init(_ context: RowContext) async throws {
    rounds = try FollowerRounds(context)
  }

  mutating func measuredRound(_ round: Int) throws -> Sample { try rounds.run() }

  mutating func baselineRound(_ round: Int) -> Sample? { nil }

  mutating func finish() throws -> RowFigures { try rounds.finish() }
}

/// Rounds of records that two brokers copy.
private struct FollowerRounds {
  /// The first round warms up.
  private static let warmUpRounds = 1
  private static let requestsPerRound = 2048

  private let cluster: BenchmarkCluster
  private let topic: ReplicatedTopic
  private let partition: BrokerTopic
  private let leader: Int32
  private let connection: BaselineConnection
  private let batches: PrebuiltBatches
  private let frames: RequestFrames
  private var perRecord: [Double] = []
  private var leaderPerRecord: [Double] = []
  private var roundCount = 0

  init(_ context: RowContext, _ arguments: [String] = []) throws {
    cluster = try BenchmarkCluster(context, sessionTimeout: BenchmarkCluster.longSession, arguments)
    topic = try ReplicatedTopic(
      creatingFor: "follower", on: cluster, configuration: [("min.insync.replicas", "2")])
    leader = try topic.leader(of: 0)
    partition = BrokerTopic(topic.partition(0))
    connection = try cluster.target(leader).connectRaw()
    batches = PrebuiltBatches(
      count: 16, upTo: 64 << 10, seed: 33, timestamp: BenchmarkTopic.nowMilliseconds)
    frames = partition.produceFrames(batches, acks: -1)
  }

  private func cpuNanoseconds() throws -> (leader: Double, followers: Double) {
    var (leading, following) = (0.0, 0.0)
    for number in cluster.live {
      let spent = try cluster.target(number).cpuNanoseconds() ?? 0
      if number == leader { leading += spent } else { following += spent }
    }
    return (leading, following)
  }

  mutating func run() throws -> Sample {
    let before = try cpuNanoseconds()
    let passes = Self.requestsPerRound / batches.count
    let records = passes * batches.recordCount
    var sample = try Sample.measure { () throws(BaselineError) in
      _ = try connection.exchange(frames, requestCount: Self.requestsPerRound, inFlight: 5)
      return Work(
        operations: Self.requestsPerRound, records: records, bytes: passes * batches.bytes.count)
    }
    // With acks=all one of the two may be a little behind.
    try awaitFollowers()
    let after = try cpuNanoseconds()
    let followerCount = Double(cluster.live.count - 1)
    sample.cpuNanoseconds = (after.followers - before.followers) / followerCount
    roundCount += 1
    if roundCount > Self.warmUpRounds {
      perRecord.append(sample.cpuNanoseconds / Double(records))
      leaderPerRecord.append((after.leader - before.leader) / Double(records))
    }
    return sample
  }

  /// Waits until the followers' logs are as large as the leader's.
  private func awaitFollowers() throws {
    let connections = try cluster.live.map { try cluster.target($0).connect() }
    try BenchmarkCluster.wait(until: "the followers have all records") {
      let sizes = try connections.map { connection in
        try connection.replicaByteCounts(of: [topic.partition(0)])[topic.partition(0)]
      }
      return Set(sizes).count == 1 && sizes.first != nil
    }
  }

  func finish() throws -> RowFigures {
    let records =
      roundCount * Self.requestsPerRound / batches.count * batches.recordCount
    try partition.checkEnd(records, on: cluster.target(leader))
    try cluster.stop()
    guard let spent = Statistics.median(perRecord) else { return RowFigures() }
    return RowFigures(
      goalValues: [(.cpuNanosecondsPerRecord, spent)],
      members: [
        .init("followerCPUNanosecondsPerRecord", .number(spent)),
        .init("leaderCPUNanosecondsPerRecord", .optional(Statistics.median(leaderPerRecord))),
      ])
  }
}
