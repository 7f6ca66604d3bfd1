/// `failover-1000`: a broker dies that leads a thousand partitions.
///
/// Sketch: as `failover`, with a thousand states to write, some three multis, a thousand leaderships
/// to begin at another broker, and a thousand logs to write to and sync.
struct ManyFailoversRow: BenchmarkRow {
  static let description = RowDescription(
    name: "failover-1000",
    question: "Kill a broker that leads 1,000 partitions of three replicas (SIGKILL, sessions of 2"
      + " s). An operation is the time until other leaders have acknowledged a record in each of"
      + " them, acks=all.",
    durability: "groupCommit",
    goals: [Goal(.nanosecondsPerOperation, must: 2.5e9, reachingFor: 2.2e9)], warmUpRounds: 0,
    mostRounds: 3, leavesManyFiles: true)

  private var rounds: ManyFailovers

  init(_ context: RowContext) async throws {
    rounds = try ManyFailovers(context)
  }

  mutating func measuredRound(_ round: Int) throws -> Sample {
    try rounds.run(.killed)
  }

  mutating func baselineRound(_ round: Int) -> Sample? { nil }

  mutating func finish() throws -> RowFigures { try rounds.finish() }
}

/// `stop-1000`: a broker is stopped that leads a thousand partitions.
///
/// Sketch: as `failover-1000`, without the session's time: the broker asks for what costs the most.
struct ManyStopsRow: BenchmarkRow {
  static let description = RowDescription(
    name: "stop-1000",
    question: "Stop a broker that leads 1,000 partitions of three replicas (SIGTERM). An operation"
      + " is the time until other leaders have acknowledged a record in each of them, acks=all.",
    durability: "groupCommit",
    goals: [Goal(.nanosecondsPerOperation, must: 500e6, reachingFor: 300e6)], warmUpRounds: 0,
    mostRounds: 3, leavesManyFiles: true)

  private var rounds: ManyFailovers

  init(_ context: RowContext) async throws {
    rounds = try ManyFailovers(context)
  }

  mutating func measuredRound(_ round: Int) throws -> Sample {
    try rounds.run(.stopped)
  }

  mutating func baselineRound(_ round: Int) -> Sample? { nil }

  mutating func finish() throws -> RowFigures { try rounds.finish() }
}

/// Rounds in which the leader of a thousand partitions goes and comes back.
private struct ManyFailovers {
  private static let partitionCount = 1000
  /// Leads all partitions in the beginning of each round. It is the controller in the first, as it
  /// was started first.
  private static let leader: Int32 = 1

  private var departures: LeaderDepartures
  private var takeovers: [PersistentProducer.Takeover] = []

  init(_ context: RowContext) throws {
    departures = try LeaderDepartures(
      "failovers", context, partitionCount: Self.partitionCount, replicas: [Self.leader, 2, 3])
  }

  /// Times to the last partition's first record that another leader has acknowledged.
  mutating func run(_ way: LeaderDepartures.Way) throws -> Sample {
    let topic = departures.topic
    let asked = try departures.cluster.target(2).connect()
    let ledCount = try topic.partitions(from: asked).count { $0.leaderID == Self.leader }
    guard ledCount == Self.partitionCount else {
      throw BaselineError("broker \(Self.leader) leads \(ledCount) partitions only")
    }
    let sample = try departures.run(way, of: Self.leader) { (producer, start) in
      let takeover = try producer.produceToAll(
        Self.partitionCount, except: Self.leader, since: start)
      takeovers.append(takeover)
      return takeover.all * 1e9
    }
    try topic.electPreferred(0..<Self.partitionCount)
    try topic.awaitReplicas()
    return sample
  }

  func finish() throws -> RowFigures {
    try departures.cluster.stop()
    return RowFigures(members: [
      .init("firstRecordSeconds", .optional(Statistics.median(takeovers.compactMap(\.first)))),
      .init("allLeadersSeconds", .optional(Statistics.median(takeovers.compactMap(\.leaders)))),
      .init("longestSeconds", .optional(takeovers.map(\.all).max())),
    ])
  }
}
