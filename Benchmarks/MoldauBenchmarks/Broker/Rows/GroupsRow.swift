import MoldauClient
import MoldauProtocol

/// `groups-1000`: many consumer groups, each with a member that commits.
struct GroupsRow: BenchmarkRow {
  static let description = RowDescription(
    name: "groups-1000",
    question: "1,000 groups: a member joins, takes its assignment, commits an offset and says that"
      + " it lives. An operation is a group; commits are as durable as the offsets topic.",
    durability: "groupCommit", goals: [], warmUpRounds: 0, mostRounds: 1)

  private static let groupCount = 1000

  private let target: BrokerTarget
  private let topic: BrokerTopic
  private let connection: KafkaConnection

  init(_ context: RowContext) async throws {
    target = try context.startBroker(["--dev"])
    topic = try BrokerTopic(creatingFor: "groups", on: target)
    connection = try target.connect()
  }

  mutating func measuredRound(_ round: Int) throws -> Sample {
    let suffix = UInt32.random(in: 0 ... .max)
    return try BrokerMeter(target: target).measure {
      for group in 0..<Self.groupCount { try use("bench-\(suffix)-\(group)") }
      return Work(operations: Self.groupCount, records: 0, bytes: 0)
    }
  }

  private func use(_ group: String) throws {
    let joined = try join(group)
    var sync = SyncGroupRequest()
    sync.groupID = group
    sync.generationID = joined.generationID
    sync.memberID = joined.memberID
    var assignment = SyncGroupRequest.Assignment()
    assignment.memberID = joined.memberID
    assignment.assignment = [0, 1, 2, 3]
    sync.assignments = [assignment]
    try check(try connection.call(sync).errorCode, "the assignment of", group)

    var commit = OffsetCommitRequest()
    commit.groupID = group
    commit.generationID = joined.generationID
    commit.memberID = joined.memberID
    var partition = OffsetCommitRequest.Partition()
    partition.index = topic.partition.partition
    var committed = OffsetCommitRequest.Topic()
    committed.name = topic.partition.topic
    committed.id = try connection.metadata(topics: [topic.partition.topic]).topics[0].id
    committed.partitions = [partition]
    commit.topics = [committed]
    let code = try connection.call(commit).topics.first?.partitions.first?.errorCode
    try check(code ?? .unknownServerError, "a commit of", group)

    var heartbeat = HeartbeatRequest()
    heartbeat.groupID = group
    heartbeat.generationID = joined.generationID
    heartbeat.memberID = joined.memberID
    try check(try connection.call(heartbeat).errorCode, "a heartbeat of", group)
  }

  /// Joins in the two steps that newer versions ask for.
  private func join(_ group: String) throws -> JoinGroupResponse {
    var request = JoinGroupRequest()
    request.groupID = group
    request.sessionTimeoutMilliseconds = 45_000
    request.rebalanceTimeoutMilliseconds = 60_000
    request.protocolType = "consumer"
    var strategy = JoinGroupRequest.GroupProtocol()
    strategy.name = "range"
    request.protocols = [strategy]
    var response = try connection.call(request)
    if response.errorCode == .memberIDRequired {
      request.memberID = response.memberID
      response = try connection.call(request)
    }
    try check(response.errorCode, "a member of", group)
    return response
  }

  private func check(_ code: ErrorCode, _ what: String, _ group: String) throws(BaselineError) {
    guard code == .none else { throw BaselineError("\(what) \(group) was refused: \(code)") }
  }

  mutating func baselineRound(_ round: Int) -> Sample? { nil }

  mutating func finish() throws -> RowFigures {
    try target.stop()
    return RowFigures()
  }
}
