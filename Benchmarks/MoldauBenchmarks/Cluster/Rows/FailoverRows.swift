/// `failover`: a leader dies.
///
/// Sketch: the session ends 2 s after the last heartbeat, which is up to a third of that old; one
/// write of the new leader's state, one image to each broker.
struct FailoverRow: BenchmarkRow {
  static let description = RowDescription(
    name: "failover",
    question: "Kill the leader of a partition of three replicas (SIGKILL, sessions of 2 s). An"
      + " operation is the time until a client's record is acknowledged by the new leader, acks=all.",
    durability: "groupCommit",
    goals: [Goal(.nanosecondsPerOperation, must: 2.5e9, reachingFor: 2.1e9)], mostRounds: 5)

  private var rounds: FailoverRounds

  init(_ context: RowContext) async throws {
    rounds = try FailoverRounds(context)
  }

  mutating func measuredRound(_ round: Int) throws -> Sample {
    try rounds.run(.killed)
  }

  mutating func baselineRound(_ round: Int) -> Sample? { nil }

  mutating func finish() throws -> RowFigures { try rounds.finish() }
}

/// `stop`: a leader is stopped.
///
/// Sketch: the broker asks the controller to move what it leads, which is one write and one image; it
/// takes requests until then.
struct StopRow: BenchmarkRow {
  static let description = RowDescription(
    name: "stop",
    question: "Stop the leader of a partition of three replicas (SIGTERM). An operation is the time"
      + " until a client's record is acknowledged by the new leader, acks=all.",
    durability: "groupCommit",
    goals: [Goal(.nanosecondsPerOperation, must: 300e6, reachingFor: 100e6)], mostRounds: 5)

  private var rounds: FailoverRounds

  init(_ context: RowContext) async throws {
    rounds = try FailoverRounds(context)
  }

  mutating func measuredRound(_ round: Int) throws -> Sample {
    try rounds.run(.stopped)
  }

  mutating func baselineRound(_ round: Int) -> Sample? { nil }

  mutating func finish() throws -> RowFigures { try rounds.finish() }
}

/// Rounds in which the leader of a partition goes and comes back.
private struct FailoverRounds {
  private var departures: LeaderDepartures

  init(_ context: RowContext) throws {
    departures = try LeaderDepartures("failover", context)
  }

  /// Times to the first record that another leader has acknowledged.
  mutating func run(_ way: LeaderDepartures.Way) throws -> Sample {
    let leader = try departures.topic.leader(of: 0)
    return try departures.run(way, of: leader) { (producer, start) in
      try producer.produce(to: 0, except: leader)
      return start.duration(to: .now).inNanoseconds
    }
  }

  func finish() throws -> RowFigures {
    try departures.cluster.stop()
    return RowFigures()
  }
}
