import Foundation
import MoldauFormat
import MoldauLog
import MoldauProtocol
import Synchronization
import Testing

@testable import MoldauServer

/// Committed offsets over the wire, and both doors to them.
struct GroupOffsetTests {
  private final class Seen: Sendable {
    let value = Mutex<[String]?>(nil)
  }

  @Test("a group that nobody knows has committed nothing, and that is no error")
  func unknownGroup() async throws {
    try await GroupRebalanceTests.run { server in
      let client = try server.raw()
      for version in OffsetFetchRequest.supported.versions where version < 10 {
        var request = OffsetFetchRequest(topic: "absent")
        request.requiresStable = true
        var group = OffsetFetchRequest.Group()
        group.groupID = "group"
        group.topics = request.topics
        request.groups = [group]
        let answer = try client.call(request, version: version)
        let topics = version >= 8 ? answer.groups.flatMap(\.topics) : answer.topics
        #expect(topics.first?.partitions.first?.committedOffset == -1)
        #expect(topics.first?.partitions.first?.errorCode == .some(.none))
        #expect(answer.errorCode == .none)
      }
    }
  }

  @Test("what was committed is found by name, by id, and when all is asked for")
  func fetching() async throws {
    try await GroupRebalanceTests.run { server in
      let client = try server.raw()
      let topic = try VersionTests.makeTopic("log", client)
      #expect(try client.commit(OffsetCommitRequest(7, metadata: "note")) == ErrorCode.none)
      var byID = OffsetCommitRequest(9, topic: "", partition: 1)
      byID.topics[0].id = topic.id
      let committed = try client.call(byID, version: 10)
      #expect(committed.topics.first?.partitions.first?.errorCode == .some(.none))
      #expect(committed.topics.first?.id == topic.id)

      var all = OffsetFetchRequest(group: "group")
      all.topics = nil
      let found = try client.call(all, version: 7)
      #expect(found.topics.map(\.name) == ["log"])
      #expect(found.topics.first?.partitions.map(\.committedOffset) == [7, 9])
      #expect(found.topics.first?.partitions.first?.metadata == "note")
      var group = OffsetFetchRequest.Group()
      group.groupID = "group"
      var request = OffsetFetchRequest()
      request.groups = [group]
      #expect(try client.call(request, version: 10).groups.first?.topics.first?.id == topic.id)
      var asked = OffsetFetchRequest.Topic()
      asked.id = topic.id
      asked.partitionIndexes = [1, 3]
      group.topics = [asked, asked]
      group.topics?[1].id = TopicID(high: 3, low: 3)
      request.groups = [group]
      let answer = try client.call(request, version: 10).groups.first
      #expect(answer?.topics.first?.partitions.map(\.committedOffset) == [9, -1])
      #expect(
        answer?.topics.last?.partitions.map(\.errorCode) == [.unknownTopicID, .unknownTopicID])
    }
  }

  @Test("offsets are committed in each version that names topics")
  func versions() async throws {
    try await GroupRebalanceTests.run { server in
      let client = try server.raw()
      _ = try VersionTests.makeTopic("log", client)
      for version in OffsetCommitRequest.supported.versions where version < 10 {
        let offset = Int64(version) + 100
        let answer = try client.call(OffsetCommitRequest(offset), version: version)
        #expect(answer.topics.first?.partitions.first?.errorCode == .some(.none))
        #expect(try client.committed() == offset)
      }
    }
  }

  @Test("what cannot be committed is told apart")
  func refusals() async throws {
    try await GroupRebalanceTests.run { server in
      let client = try server.raw()
      _ = try VersionTests.makeTopic("log", client)
      #expect(try client.commit(OffsetCommitRequest(1, topic: "x")) == .unknownTopicOrPartition)
      #expect(
        try client.commit(OffsetCommitRequest(1, partition: 4)) == .unknownTopicOrPartition)
      let note = String(repeating: "n", count: 4097)
      #expect(
        try client.commit(OffsetCommitRequest(1, metadata: note)) == .offsetMetadataTooLarge)
      #expect(
        try client.commit(OffsetCommitRequest(1, metadata: String(note.dropLast())))
          == ErrorCode.none)
      var request = OffsetCommitRequest(1)
      request.generationID = 3
      request.memberID = "nobody"
      #expect(try client.commit(request) == .illegalGeneration)
      let member = try GroupMember(server)
      try GroupMember.settle(joinedBy: [member], partitionCount: 4)
      #expect(try client.commit(OffsetCommitRequest(5)) == .unknownMemberID)
      #expect(try client.committed() == 1)
      #expect(try member.commit(6) == ErrorCode.none)
      #expect(try client.committed() == 6)
    }
  }

  @Test("an embedded consumer and a client see each other's offsets")
  func doors() async throws {
    try await TestServer.run { server in
      let client = try server.raw()
      let topic = try VersionTests.makeTopic("log", client)
      let request = ProduceRequest([0: try batch(["a", "b", "c"])], to: topic)
      _ = try client.call(request, version: 9)
      #expect(try client.commit(OffsetCommitRequest(2)) == ErrorCode.none)
      let signal = WakeSignal()
      let values = Seen()
      Task {
        defer { signal.wake() }
        let consumer = try await server.store.consumer(group: "group", topic: "log")
        let batch = try await consumer.nextBatch()
        try await consumer.commit(offset: Offset(rawValue: 3), partition: 0)
        values.value.withLock { $0 = batch?.records.compactMap(\.valueText) }
      }
      signal.sleep()
      #expect(values.value.withLock { $0 } == ["c"])
      #expect(try client.committed() == 3)
    }
  }

  @Test("offsets and groups are there after a restart")
  func restart() async throws {
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "moldau-server-tests-\(UUID().uuidString)")
    defer {
      do { try FileManager.default.removeItem(at: folder) } catch { print("left: \(folder)") }
    }
    var configuration = ServerConfiguration(
      listeners: [.init(address: HostAndPort(host: "127.0.0.1", port: 0))])
    configuration.broker.groups.initialRebalanceDelay = .zero
    for round in 0..<3 {
      let store = try await LogStore.open(at: folder.path)
      let server = try await BrokerServer.start(store: store, configuration)
      let result = await TestServer.onOwnThread {
        let server = TestServer(store: store, server: server)
        let client = try server.raw()
        _ = try VersionTests.makeTopic("log", client)
        #expect(try client.committed() == (round == 0 ? -1 : Int64(round)))
        #expect(try client.commit(OffsetCommitRequest(Int64(round + 1))) == ErrorCode.none)
        let member = try GroupMember(server, group: "members", instanceID: "static")
        if round == 0 {
          try GroupMember.settle(joinedBy: [member], partitionCount: 3)
        } else {
          let joined = try member.client.call(member.joinRequest, version: 9)
          #expect(joined.generationID == 1)
          #expect(joined.skipsAssignment, "the member, and its assignment, are still known")
        }
      }
      await server.stop()
      try await store.close()
      try result.get()
    }
  }

  @Test("the offsets of a topic that is deleted are gone, also for a topic that gets its name")
  func deletedTopic() async throws {
    try await TestServer.run { server in
      let client = try server.raw()
      _ = try VersionTests.makeTopic("log", client)
      _ = try VersionTests.makeTopic("kept", client)
      #expect(try client.commit(OffsetCommitRequest(2)) == ErrorCode.none)
      #expect(try client.commit(OffsetCommitRequest(2, topic: "kept")) == ErrorCode.none)
      try server.store.removeTopic("log")
      _ = try VersionTests.makeTopic("log", client)
      #expect(try client.committed(topic: "log") == -1)
      #expect(try client.committed(topic: "kept") == 2)
    }
  }
}
