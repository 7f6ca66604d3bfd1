import MoldauFormat
import MoldauLog
import MoldauProtocol
import Testing

@testable import MoldauServer

struct ClusterTests {
  @Test("the cluster is this broker", arguments: VersionTests.versions(.describeCluster))
  func described(version: Int16) async throws {
    try await TestServer.run { server in
      let client = try server.raw()
      var request = DescribeClusterRequest()
      request.includesClusterAuthorizedOperations = true
      let answer = try client.call(request, version: version)
      #expect(answer.errorCode == .none)
      #expect(answer.clusterID == server.server.clusterID)
      #expect(answer.controllerID == 1)
      #expect(answer.brokers.map(\.id) == [1])
      #expect(answer.brokers.map(\.port) == [Int32(server.port)])
      #expect(answer.clusterAuthorizedOperations > 0)
      guard version >= 1 else { return }
      request.endpointType = DescribeClusterRequest.EndpointType.controller
      #expect(try client.call(request, version: version).errorCode == .mismatchedEndpointType)
      request.endpointType = 9
      #expect(try client.call(request, version: version).errorCode == .unsupportedEndpointType)
    }
  }

  @Test(
    "log directories tell sizes and room", arguments: VersionTests.versions(.describeLogDirs))
  func directories(version: Int16) async throws {
    try await TestServer.run(.folder) { server in
      let client = try server.raw()
      let topic = try VersionTests.makeTopic("log", client)
      _ = try VersionTests.makeTopic("other", client)
      _ = try client.call(ProduceRequest([0: try batch(["x"])], to: topic), version: 9)
      var request = DescribeLogDirsRequest()
      request.topics = nil
      let all = try #require(try client.call(request, version: version).directories.first)
      #expect(all.errorCode == .none)
      #expect(all.path == server.store.path)
      #expect(all.topics.map(\.name) == ["log", "other"])
      let sizes = all.topics.map { $0.partitions.map(\.byteCount) }
      #expect(sizes == [[Int64(try batch(["x"]).count)], [0]])
      if version >= 4 {
        #expect(all.totalByteCount >= all.usableByteCount && all.usableByteCount > 0)
      }
      var wanted = DescribeLogDirsRequest.Topic()
      wanted.name = "log"
      wanted.partitions = [0, 5]
      request.topics = [wanted]
      let some = try client.call(request, version: version).directories.first
      #expect(some?.topics.map { $0.partitions.map(\.index) } == [[0]])
    }
  }

  @Test("no leader needs to be elected", arguments: VersionTests.versions(.electLeaders))
  func elections(version: Int16) async throws {
    try await TestServer.run { server in
      let client = try server.raw()
      _ = try VersionTests.makeTopic("log", client)
      var topic = ElectLeadersRequest.Topic()
      topic.name = "log"
      topic.partitions = [0, 1]
      var request = ElectLeadersRequest()
      request.topics = [topic]
      let answer = try client.call(request, version: version)
      #expect(
        answer.topics.first?.partitions.map(\.errorCode)
          == [.electionNotNeeded, .unknownTopicOrPartition])
      request.topics = nil
      #expect(try client.call(request, version: version).topics.isEmpty)
      guard version >= 1 else { return }
      request.electionType = 5
      #expect(try client.call(request, version: version).errorCode == .invalidRequest)
    }
  }

  @Test(
    "replicas move only to where they are",
    arguments: VersionTests.versions(.alterPartitionReassignments))
  func reassignments(version: Int16) async throws {
    try await TestServer.run { server in
      let client = try server.raw()
      _ = try VersionTests.makeTopic("log", client)
      func move(_ index: Int32, to replicas: [Int32]?) throws -> ErrorCode? {
        var partition = AlterPartitionReassignmentsRequest.Partition()
        partition.index = index
        partition.replicas = replicas
        var topic = AlterPartitionReassignmentsRequest.Topic()
        topic.name = "log"
        topic.partitions = [partition]
        var request = AlterPartitionReassignmentsRequest()
        request.topics = [topic]
        return try client.call(request, version: version)
          .topics.first?.partitions.first?.errorCode
      }
      #expect(try move(0, to: [1]) == .some(.none))
      #expect(try move(0, to: [2]) == .invalidReplicaAssignment)
      #expect(try move(0, to: [1, 2]) == .invalidReplicaAssignment)
      #expect(try move(0, to: []) == .invalidReplicaAssignment)
      #expect(try move(0, to: nil) == .noReassignmentInProgress)
      #expect(try move(3, to: [1]) == .unknownTopicOrPartition)
      let moving = try client.call(ListPartitionReassignmentsRequest(), version: 0)
      #expect(moving.errorCode == .none)
      #expect(moving.topics.isEmpty)
    }
  }

  @Test("the quorum is this broker alone", arguments: VersionTests.versions(.describeQuorum))
  func quorum(version: Int16) async throws {
    try await TestServer.run { server in
      var topic = DescribeQuorumRequest.Topic()
      topic.name = "__cluster_metadata"
      topic.partitions = [DescribeQuorumRequest.Partition()]
      var request = DescribeQuorumRequest()
      request.topics = [topic]
      let answer = try server.raw().call(request, version: version)
      let partition = try #require(answer.topics.first?.partitions.first)
      #expect(partition.errorCode == .none)
      #expect(partition.leaderID == 1)
      #expect(partition.currentVoters.map(\.id) == [1])
      if version >= 2 { #expect(answer.nodes.map(\.id) == [1]) }
    }
  }

  @Test("partitions are described in portions, and no portion misses or repeats one")
  func portions() async throws {
    try await TestServer.run { server in
      let client = try server.raw()
      for (name, count) in [("b", 3), ("a", 2), ("c", 1)] as [(String, Int32)] {
        _ = try client.create(.init(name, partitions: count))
      }
      var request = DescribeTopicPartitionsRequest()
      request.responsePartitionLimit = 2
      var seen: [String] = []
      for _ in 0..<4 {
        let answer = try client.call(request, version: 0)
        #expect(answer.topics.reduce(0) { $0 + $1.partitions.count } <= 2)
        for topic in answer.topics {
          seen += topic.partitions.map { "\(topic.name ?? "?")-\($0.index)" }
        }
        guard let cursor = answer.nextCursor else { break }
        request.cursor = cursor
      }
      #expect(seen == ["a-0", "a-1", "b-0", "b-1", "b-2", "c-0"])

      request = DescribeTopicPartitionsRequest()
      request.topics = ["c", "none", "c", "a/b"].map { name in
        var topic = DescribeTopicPartitionsRequest.Topic()
        topic.name = name
        return topic
      }
      let named = try client.call(request, version: 0)
      #expect(named.topics.map(\.name) == ["a/b", "c", "none"])
      #expect(
        named.topics.map(\.errorCode)
          == [.invalidTopicException, .none, .unknownTopicOrPartition])
      #expect(named.nextCursor == nil)
    }
  }

  @Test(
    "leader epochs end where the next begins, the current one at the log's end",
    arguments: VersionTests.versions(.offsetForLeaderEpoch))
  func epochs(version: Int16) async throws {
    try await TestServer.run { server in
      let client = try server.raw()
      let topic = try VersionTests.makeTopic("log", client)
      _ = try client.call(ProduceRequest([0: try batch(["a", "b"])], to: topic), version: 9)
      func ask(_ epoch: Int32, current: Int32 = -1, partition index: Int32 = 0) throws
        -> OffsetForLeaderEpochResponse.Partition?
      {
        var partition = OffsetForLeaderEpochRequest.Partition()
        partition.index = index
        partition.leaderEpoch = epoch
        partition.currentLeaderEpoch = current
        var asked = OffsetForLeaderEpochRequest.Topic()
        asked.name = "log"
        asked.partitions = [partition]
        var request = OffsetForLeaderEpochRequest()
        request.topics = [asked]
        return try client.call(request, version: version).topics.first?.partitions.first
      }
      #expect(try ask(0)?.endOffset == 2)
      #expect(try ask(0)?.leaderEpoch == 0)
      #expect(try ask(3)?.endOffset == -1)
      #expect(try ask(3)?.errorCode == .some(.none))
      #expect(try ask(0, current: 4)?.errorCode == .unknownLeaderEpoch)
      #expect(try ask(0, partition: 2)?.errorCode == .unknownTopicOrPartition)
    }
  }
}
