import MoldauFormat
import MoldauLog
import MoldauProtocol
import Testing

@testable import MoldauServer

struct TopicAdministrationTests {
  private static let source = DescribeConfigsResponse.Source.self

  @Test(
    "a topic that was created is described in each version, and used at once",
    arguments: VersionTests.versions(.createTopics))
  func created(version: Int16) async throws {
    try await TestServer.run { server in
      let client = try server.raw()
      let topic = CreateTopicsRequest.Topic(
        "orders", partitions: 3, replicas: 1, ["retention.ms": "1000"])
      let answer = try #require(try client.create(topic, version: version))
      #expect(answer.errorCode == .none)
      #expect(answer.name == "orders")
      let stored = try #require(server.store.existingTopic("orders"))
      #expect(stored.partitionCount == 3)
      #expect(stored.configuration.retention.contains(.age(.seconds(1))))
      if version >= 7 { #expect(answer.id == stored.id) }
      if version >= 5 {
        #expect(answer.partitionCount == 3)
        #expect(answer.replicationFactor == 1)
        let configurations = try #require(answer.configurations)
        #expect(configurations.allSatisfy { $0.source >= 1 })
        let retention = configurations.first { $0.name == "retention.ms" }
        #expect(retention?.value == "1000")
        #expect(retention?.source == Self.source.topic)
        #expect(
          configurations.first { $0.name == "segment.ms" }?.source == Self.source.default)
      }
      let produced = try client.call(
        ProduceRequest([2: try batch(["x"])], to: NamedTopic(name: "orders")), version: 9)
      #expect(produced.topics.first?.partitions.first?.errorCode == .some(.none))
    }
  }

  static let refusals: [(CreateTopicsRequest.Topic, ErrorCode)] = [
    (.init("a/b"), .invalidTopicException),
    (.init(""), .invalidTopicException),
    (.init("."), .invalidTopicException),
    (.init(String(repeating: "n", count: 250)), .invalidTopicException),
    (.init("there"), .topicAlreadyExists),
    (.init("a_topic"), .invalidTopicException),
    (.init("__consumer_offsets"), .invalidTopicException),
    (.init("t", partitions: 0), .invalidPartitions),
    (.init("t", partitions: -2), .invalidPartitions),
    (.init("t", partitions: 1_000_000), .invalidPartitions),
    (.init("t", replicas: 0), .invalidReplicationFactor),
    (.init("t", replicas: 2), .invalidReplicationFactor),
    (.init("t", partitions: 1).placed([0: [1]]), .invalidRequest),
    (.init("t").placed([0: [2]]), .invalidReplicaAssignment),
    (.init("t").placed([0: [1, 2]]), .invalidReplicaAssignment),
    (.init("t").placed([0: []]), .invalidReplicaAssignment),
    (.init("t").placed([0: [1], 2: [1]]), .invalidReplicaAssignment),
    (.init("t", ["no.such.key": "1"]), .invalidConfig),
    (.init("t", ["segment.bytes": "many"]), .invalidConfig),
    (.init("t", ["segment.bytes": "3"]), .invalidConfig),
    (.init("t", ["retention.ms": "-2"]), .invalidConfig),
    (.init("t", ["cleanup.policy": "shred"]), .invalidConfig),
    (.init("t", ["min.insync.replicas": "2"]), .invalidConfig),
    (
      .init("t", ["min.compaction.lag.ms": "10", "max.compaction.lag.ms": "5"]), .invalidConfig
    ),
    (.init("t", ["retention.ms": nil]), .invalidRequest),
    (.init("t", ["retention.ms": "1", "retention.ms": "2"]), .invalidRequest),
  ]

  @Test("what cannot be created is refused with its reason")
  func refused() async throws {
    try await TestServer.run { server in
      let client = try server.raw()
      #expect(try client.create(.init("there"))?.errorCode == .some(.none))
      #expect(try client.create(.init("a.topic"))?.errorCode == .some(.none))
      for (topic, code) in Self.refusals {
        for validatesOnly in [true, false] {
          let answer = try #require(
            try client.create(topic, validatesOnly: validatesOnly))
          #expect(answer.errorCode == code, "\(topic)")
          #expect(answer.errorMessage?.isEmpty == false)
        }
      }
      let duplicates = CreateTopicsRequest(.init("twice"), .init("twice"), .init("once"))
      let answers = try client.call(duplicates, version: 7).topics
      #expect(answers.map(\.errorCode) == [.invalidRequest, .invalidRequest, .none])
      #expect(server.store.topics.map(\.name) == ["a.topic", "once", "there"])
    }
  }

  @Test("a request that is only to be checked changes nothing")
  func validated() async throws {
    try await TestServer.run { server in
      let client = try server.raw()
      let answer = try client.create(.init("t", partitions: 4), validatesOnly: true)
      #expect(answer?.errorCode == .some(.none))
      #expect(answer?.partitionCount == 4)
      #expect(server.store.topics.isEmpty)
    }
  }

  @Test("in development there are fewer replicas than a topic asks for")
  func development() async throws {
    try await TestServer.run(.memory, { $0.broker.isDevelopment = true }) { server in
      let client = try server.raw()
      let topic = CreateTopicsRequest.Topic(
        "t", partitions: 2, replicas: 3, ["min.insync.replicas": "2"])
      let answer = try client.create(topic)
      #expect(answer?.errorCode == .some(.none))
      #expect(answer?.replicationFactor == 1)
      #expect(
        try client.create(.init("placed").placed([0: [1, 2, 3]]))?.errorCode == .some(.none))
      #expect(try client.settings(of: "t")["min.insync.replicas"]?.value == "2")
    }
  }

  @Test("a topic takes the broker's defaults, which are no settings of its own")
  func defaults() async throws {
    try await TestServer.run(
      .memory,
      {
        $0.broker.newTopics = TopicConfiguration(
          partitionCount: 6, retention: [.age(.seconds(60))], segmentBytes: 1 << 20)
      }
    ) { server in
      let client = try server.raw()
      let answer = try client.create(.init("t"))
      #expect(answer?.partitionCount == 6)
      let settings = try client.settings(of: "t")
      #expect(settings["retention.ms"]?.value == "60000")
      #expect(settings["retention.ms"]?.source == Self.source.staticBroker)
      #expect(
        settings["retention.ms"]?.synonyms.map(\.name) == ["log.retention.ms", "log.retention.ms"])
      #expect(settings["retention.ms"]?.synonyms.map(\.value) == ["60000", "604800000"])
    }
  }

  @Test(
    "topics are deleted in each version, and their names are free",
    arguments: VersionTests.versions(.deleteTopics))
  func deleted(version: Int16) async throws {
    try await TestServer.run { server in
      let client = try server.raw()
      let first = try VersionTests.makeTopic("log", client)
      let request = DeleteTopicsRequest(["log", "other"], version: version)
      let answer = try client.call(request, version: version)
      #expect(answer.topics.map(\.errorCode) == [.none, .unknownTopicOrPartition])
      #expect(answer.topics.map(\.name) == ["log", "other"])
      let gone = try client.call(MetadataRequest(["log"], creates: false), version: 12)
      #expect(gone.topics.first?.errorCode == .unknownTopicOrPartition)
      let second = try VersionTests.makeTopic("log", client)
      #expect(first.id != second.id)
    }
  }

  @Test("topics are deleted by their ids")
  func deletedByID() async throws {
    try await TestServer.run { server in
      let client = try server.raw()
      let topic = try VersionTests.makeTopic("log", client)
      func delete(_ name: String?, _ ids: TopicID...) throws -> [DeleteTopicsResponse.Topic] {
        var request = DeleteTopicsRequest()
        request.topics = ids.map { id in
          var topic = DeleteTopicsRequest.Topic()
          topic.name = name
          topic.id = id
          return topic
        }
        return try client.call(request, version: 6).topics
      }
      #expect(try delete(nil, TopicID(high: 3, low: 3)).map(\.errorCode) == [.unknownTopicID])
      #expect(try delete(nil, .zero).map(\.errorCode) == [.invalidRequest])
      #expect(try delete("log", topic.id).map(\.errorCode) == [.invalidRequest])
      #expect(
        try delete(nil, topic.id, topic.id).map(\.errorCode)
          == [.invalidRequest, .invalidRequest])
      let answer = try delete(nil, topic.id)
      #expect(answer.map(\.errorCode) == [.none])
      #expect(answer.map(\.name) == ["log"])
      #expect(server.store.topics.isEmpty)
    }
  }

  @Test("a broker that does not delete topics says so", arguments: [2, 6] as [Int16])
  func deletionDisabled(version: Int16) async throws {
    try await TestServer.run(.memory, { $0.broker.deletesTopics = false }) { server in
      let client = try server.raw()
      _ = try VersionTests.makeTopic("log", client)
      let answer = try client.call(
        DeleteTopicsRequest(["log"], version: version), version: version)
      #expect(
        answer.topics.map(\.errorCode)
          == [version >= 3 ? .topicDeletionDisabled : .invalidRequest])
      #expect(server.store.topics.count == 1)
    }
  }

  @Test("a fetch that waits for a topic is answered when it is deleted", arguments: [12, 13])
  func deletedUnderFetch(version: Int16) async throws {
    try await TestServer.run { server in
      let client = try server.raw()
      let topic = try VersionTests.makeTopic("log", client)
      var fetch = FetchRequest([0: 0], of: topic)
      fetch.maxWaitMilliseconds = OrderTests.forEver
      try client.send(fetch, version: version)
      _ = try server.raw().call(DeleteTopicsRequest(["log"]), version: 5)
      let answer = try client.receive(answerTo: FetchRequest.self, version: version).response
      #expect(
        answer.topics.first?.partitions.first?.errorCode
          == (version >= 13 ? .unknownTopicID : .unknownTopicOrPartition))
    }
  }

  @Test(
    "partitions are added in each version, and used at once",
    arguments: VersionTests.versions(.createPartitions))
  func partitions(version: Int16) async throws {
    try await TestServer.run { server in
      let client = try server.raw()
      let topic = try VersionTests.makeTopic("log", client)
      func add(_ count: Int32, _ name: String = "log") throws -> ErrorCode? {
        try client.call(CreatePartitionsRequest(name, count: count), version: version)
          .topics.first?.errorCode
      }
      #expect(try add(1) == .invalidPartitions)
      #expect(try add(0) == .invalidPartitions)
      #expect(try add(4, "other") == .unknownTopicOrPartition)
      var request = CreatePartitionsRequest("log", count: 4)
      request.validatesOnly = true
      #expect(try client.call(request, version: version).topics.first?.errorCode == .some(.none))
      #expect(server.store.existingTopic("log")?.partitionCount == 1)
      #expect(try add(4) == .some(.none))
      let produced = try client.call(
        ProduceRequest([3: try batch(["x"])], to: topic), version: 9)
      #expect(produced.topics.first?.partitions.first?.errorCode == .some(.none))
      let described = try client.call(MetadataRequest(["log"]), version: 12)
      #expect(described.topics.first?.partitions.map(\.index) == [0, 1, 2, 3])
      var placed = CreatePartitionsRequest("log", count: 5)
      var assignment = CreatePartitionsRequest.Assignment()
      assignment.brokerIDs = [7]
      placed.topics[0].assignments = [assignment]
      #expect(
        try client.call(placed, version: version).topics.first?.errorCode
          == .invalidReplicaAssignment)
    }
  }

  @Test(
    "records are deleted up to an offset, in each version",
    arguments: VersionTests.versions(.deleteRecords))
  func records(version: Int16) async throws {
    try await TestServer.run { server in
      let client = try server.raw()
      let topic = try VersionTests.makeTopic("log", client)
      _ = try client.call(ProduceRequest([0: try batch(["a", "b", "c"])], to: topic), version: 9)
      func delete(_ offset: Int64, _ name: String = "log") throws
        -> DeleteRecordsResponse.Partition?
      {
        try client.call(DeleteRecordsRequest(name, before: offset), version: version)
          .topics.first?.partitions.first
      }
      #expect(try delete(2)?.lowWatermark == 2)
      #expect(try delete(1)?.lowWatermark == 2)
      #expect(try delete(4)?.errorCode == .offsetOutOfRange)
      #expect(try delete(-2)?.errorCode == .offsetOutOfRange)
      #expect(try delete(0, "other")?.errorCode == .unknownTopicOrPartition)
      let fetched = try client.call(FetchRequest([0: 1], of: topic), version: 12)
      #expect(fetched.topics.first?.partitions.first?.errorCode == .offsetOutOfRange)
      #expect(try delete(-1)?.lowWatermark == 3)
      let compacted = CreateTopicsRequest.Topic("c", ["cleanup.policy": "compact"])
      #expect(try client.create(compacted)?.errorCode == .some(.none))
      #expect(try delete(-1, "c")?.errorCode == .policyViolation)
    }
  }

  @Test("the broker's own topic is nobody else's to change")
  func internalTopic() async throws {
    try await TestServer.run { server in
      let name = "__consumer_offsets"
      _ = try server.store.createTopic(
        name, TopicConfiguration(partitionCount: 2, cleanupPolicy: .compact))
      let client = try server.raw()
      #expect(
        try client.call(DeleteTopicsRequest([name]), version: 5).topics.first?.errorCode
          == .invalidRequest)
      #expect(
        try client.call(CreatePartitionsRequest(name, count: 4), version: 3).topics.first?.errorCode
          == .invalidRequest)
      #expect(
        try client.call(DeleteRecordsRequest(name, before: -1), version: 2)
          .topics.first?.partitions.first?.errorCode == .invalidTopicException)
      let alter = AlterConfigsRequest(
        ConfigResourceType.topic, name, ["cleanup.policy": "delete"])
      #expect(try client.call(alter, version: 2).resources.first?.errorCode == .invalidConfig)
      let produced = try client.call(
        ProduceRequest([0: try batch(["x"])], to: NamedTopic(name: name)), version: 9)
      #expect(produced.topics.first?.partitions.first?.errorCode == .invalidTopicException)
      let described = try client.call(MetadataRequest([name]), version: 12)
      #expect(described.topics.first?.isInternal == true)
    }
  }
}
