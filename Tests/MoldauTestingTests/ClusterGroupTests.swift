import MoldauClient
import MoldauFormat
import MoldauLog
import MoldauProtocol
import Testing

@testable import MoldauTesting

/// Groups of a cluster through the deaths of their coordinators.
struct ClusterGroupTests {
  private static let partition = TopicPartition(topic: "t", partition: 0)
  private static let subscription: [UInt8] = {
    var subscription = ConsumerProtocolSubscription()
    subscription.topics = ["t"]
    return subscription.encoded(version: 1)
  }()

  private struct Refused: Error {
    let code: ErrorCode
  }

  private static let retriable: [ErrorCode] = [
    .notCoordinator, .coordinatorNotAvailable, .coordinatorLoadInProgress,
  ]

  /// Whether it may succeed a moment later; a coordinator that has just died is still named.
  private static func isWorthAnother(_ error: ClientError) -> Bool {
    if case .unreachable = error.reason { return true }
    return error.isRetriable
  }

  /// Asks the group's coordinator, whoever that is now, again as long as clients would.
  private func ask<Value: Sendable>(
    _ cluster: TestCluster, group: String,
    _ question: @escaping @Sendable (KafkaConnection) throws -> Value
  ) async throws -> Value {
    while true {
      let ports = cluster.running.map { $0.addresses[0].port }
      do {
        return try await onOwnThread {
          let found = try KafkaConnection(to: endpoint(ports[0])).coordinator(of: group)
          return try question(try KafkaConnection(to: found))
        }
      } catch let error as ClientError where Self.isWorthAnother(error) {
        try await Task.sleep(for: .milliseconds(5))
      } catch let error as Refused where Self.retriable.contains(error.code) {
        try await Task.sleep(for: .milliseconds(5))
      }
    }
  }

  /// The broker that coordinates a group.
  private func coordinator(_ cluster: TestCluster, of group: String) async throws -> Int32 {
    let port = try await ask(cluster, group: group) { Int($0.endpoint.port) }
    return try #require(
      cluster.runningIDs.first { cluster.server($0)?.addresses[0].port == port })
  }

  /// Joins alone and takes all; returns the member's id and generation.
  private static func join(
    _ client: KafkaConnection, group: String
  ) throws -> (memberID: String, generation: Int32) {
    var supported = JoinGroupRequest.GroupProtocol()
    supported.name = "range"
    supported.metadata = subscription
    var join = JoinGroupRequest()
    join.groupID = group
    // Nobody sends heartbeats here, and a busy machine takes its time.
    join.sessionTimeoutMilliseconds = 1_500_000
    join.rebalanceTimeoutMilliseconds = 1_500_000
    join.protocolType = "consumer"
    join.protocols = [supported]
    var joined = try client.call(join)
    if joined.errorCode == .memberIDRequired {
      join.memberID = joined.memberID
      joined = try client.call(join)
    }
    guard joined.errorCode == .none else { throw Refused(code: joined.errorCode) }
    var given = SyncGroupRequest.Assignment()
    given.memberID = joined.memberID
    given.assignment = [1]
    var sync = SyncGroupRequest()
    sync.groupID = group
    sync.memberID = joined.memberID
    sync.generationID = joined.generationID
    sync.protocolType = "consumer"
    sync.protocolName = "range"
    sync.assignments = [given]
    let synced = try client.call(sync)
    guard synced.errorCode == .none else { throw Refused(code: synced.errorCode) }
    return (joined.memberID, joined.generationID)
  }

  @Test("a group survives the deaths of its coordinators: no commit is lost, its members stay")
  func coordinatorDies() async throws {
    try await withCluster(nodes: 3) { cluster in
      _ = try await cluster.createTopic("t", partitions: 1, replicas: 3)
      let member = try await ask(cluster, group: "group") { try Self.join($0, group: "group") }
      var committed: Int64 = 0
      for _ in 0..<2 {
        for _ in 0..<20 {
          committed += 1
          let offset = Offset(rawValue: committed)
          try await ask(cluster, group: "group") { client in
            try client.commit(
              [Self.partition: offset], group: "group", memberID: member.memberID,
              generationID: member.generation)
          }
        }
        let dead = try await coordinator(cluster, of: "group")
        try await cluster.kill(dead)
        let found = try await ask(cluster, group: "group") {
          try $0.committedOffsets(of: "group")
        }
        #expect(found[Self.partition]?.rawValue == committed)
        let state = try await ask(cluster, group: "group") { try $0.describe(group: "group") }
        #expect(state.state == "Stable")
        #expect(state.members.map(\.memberID) == [member.memberID])
        try await refuseOldGeneration(cluster, member)
        try await cluster.restart(dead)
        try await cluster.settle()
      }
    }
  }

  private func refuseOldGeneration(
    _ cluster: TestCluster, _ member: (memberID: String, generation: Int32)
  ) async throws {
    do {
      try await ask(cluster, group: "group") { client in
        try client.commit(
          [Self.partition: Offset(rawValue: 0)], group: "group", memberID: member.memberID,
          generationID: member.generation - 1)
      }
      Issue.record("a commit of an old generation is taken")
    } catch let error as ClientError {
      #expect("\(error)".contains("\(ErrorCode.illegalGeneration)"))
    }
  }

  @Test("only the coordinator answers for a group; the others say that they are not it")
  func notCoordinator() async throws {
    try await withCluster(nodes: 3) { cluster in
      _ = try await cluster.createTopic("t", partitions: 1, replicas: 3)
      let coordinator = try await coordinator(cluster, of: "group")
      try await ask(cluster, group: "group") { client in
        try client.commit([Self.partition: Offset(rawValue: 7)], group: "group")
      }
      for id in cluster.runningIDs {
        let port = try #require(cluster.server(id)).addresses[0].port
        let (listed, code) = try await onOwnThread {
          let client = try KafkaConnection(to: endpoint(port))
          var request = HeartbeatRequest()
          request.groupID = "group"
          return (try client.groups().map(\.groupID), try client.call(request).errorCode)
        }
        #expect(listed == (id == coordinator ? ["group"] : []))
        #expect(code == (id == coordinator ? .unknownMemberID : .notCoordinator))
      }
    }
  }
}
