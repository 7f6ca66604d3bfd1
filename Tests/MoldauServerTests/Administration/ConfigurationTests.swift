import MoldauFormat
import MoldauLog
import MoldauProtocol
import Testing

@testable import MoldauServer

struct ConfigurationTests {
  private static let source = DescribeConfigsResponse.Source.self
  private static let operation = IncrementalAlterConfigsRequest.Operation.self
  private static let topic = ConfigResourceType.topic

  @Test(
    "settings are described in each version", arguments: VersionTests.versions(.describeConfigs))
  func described(version: Int16) async throws {
    try await TestServer.run { server in
      let client = try server.raw()
      _ = try client.create(.init("t", ["segment.bytes": "1048576"]))
      var request = DescribeConfigsRequest(Self.topic, "t", keys: ["segment.bytes", "no.key"])
      request.includesDocumentation = true
      let result = try #require(try client.call(request, version: version).results.first)
      #expect(result.errorCode == .none)
      #expect(result.configurations.map(\.name) == ["segment.bytes"])
      let setting = try #require(result.configurations.first)
      #expect(setting.value == "1048576")
      // Version 0 says only that it is no default.
      #expect(setting.source == (version == 0 ? Self.source.unknown : Self.source.topic))
      #expect(!setting.isReadOnly)
      if version >= 1 {
        #expect(setting.synonyms.map(\.source) == [Self.source.topic, Self.source.default])
      }
      if version >= 3 {
        #expect(setting.type == DescribeConfigsResponse.ValueType.int)
        #expect(setting.documentation?.isEmpty == false)
      }
    }
  }

  @Test("the broker's settings can be read and not changed")
  func broker() async throws {
    try await TestServer.run { server in
      let client = try server.raw()
      let type = ConfigResourceType.broker
      let all = try client.call(DescribeConfigsRequest(type, "1"), version: 4)
      let settings = try #require(all.results.first?.configurations)
      #expect(settings.allSatisfy { $0.isReadOnly && $0.value != nil })
      #expect(settings.first { $0.name == "node.id" }?.value == "1")
      #expect(settings.first { $0.name == "num.partitions" }?.value == "1")
      #expect(settings.first { $0.name == "log.dirs" }?.value == server.store.path)
      #expect(Set(settings.map(\.name)).count == settings.count)
      let other = try client.call(DescribeConfigsRequest(type, "7"), version: 4)
      #expect(other.results.first?.errorCode == .invalidRequest)
      let shared = try client.call(DescribeConfigsRequest(type, ""), version: 4)
      #expect(shared.results.first?.errorCode == .some(.none))
      let alter = IncrementalAlterConfigsRequest(
        type, "1", [("num.partitions", Self.operation.set, "3")])
      #expect(try client.call(alter, version: 1).resources.first?.errorCode == .invalidRequest)
    }
  }

  @Test("many topics are described in one answer")
  func many() async throws {
    try await TestServer.run { server in
      let client = try server.raw()
      var request = DescribeConfigsRequest(ConfigResourceType.broker, "1")
      for number in 0..<30 {
        _ = try server.store.topicBlocking("t\(number)")
        request.resources += DescribeConfigsRequest(Self.topic, "t\(number)").resources
      }
      let results = try client.call(request, version: 4).results
      #expect(results.map(\.name) == ["1"] + (0..<30).map { "t\($0)" })
      #expect(results.allSatisfy { $0.errorCode == .none && !$0.configurations.isEmpty })
    }
  }

  @Test("committed offsets are not to go by age")
  func internalTopic() async throws {
    try await TestServer.run { server in
      let client = try server.raw()
      let name = GroupOffsets.topicName
      _ = try server.store.groupOffsets()
      for policy in ["delete", "compact,delete", "compact"] {
        let request = IncrementalAlterConfigsRequest(
          Self.topic, name, [("cleanup.policy", Self.operation.set, policy)])
        #expect(
          try client.call(request, version: 1).resources.first?.errorCode
            == (policy == "compact" ? .some(.none) : .invalidConfig))
      }
    }
  }

  @Test("what is not there has no settings")
  func unknown() async throws {
    try await TestServer.run { server in
      let client = try server.raw()
      func code(_ type: Int8, _ name: String) throws -> ErrorCode? {
        try client.call(DescribeConfigsRequest(type, name), version: 4).results.first?.errorCode
      }
      #expect(try code(Self.topic, "other") == .unknownTopicOrPartition)
      #expect(try code(Self.topic, "a/b") == .invalidTopicException)
      #expect(try code(99, "x") == .invalidRequest)
    }
  }

  @Test(
    "all settings of a topic are replaced, in each version",
    arguments: VersionTests.versions(.alterConfigs))
  func replaced(version: Int16) async throws {
    try await TestServer.run(.memory, { $0.broker.newTopics = TopicConfiguration() }) { server in
      let client = try server.raw()
      _ = try client.create(.init("t", ["segment.bytes": "1048576", "preallocate": "true"]))
      let request = AlterConfigsRequest(
        Self.topic, "t", ["retention.ms": "5", "cleanup.policy": "delete, compact"])
      let answer = try client.call(request, version: version)
      #expect(answer.resources.map(\.errorCode) == [.none])
      let settings = try client.settings(of: "t")
      #expect(settings["retention.ms"]?.value == "5")
      #expect(settings["cleanup.policy"]?.value == "compact,delete")
      for key in ["segment.bytes", "preallocate"] {
        #expect(settings[key]?.source == Self.source.default)
      }
      #expect(settings["segment.bytes"]?.value == "1073741824")
      #expect(settings["preallocate"]?.value == "false")
      let configuration = try #require(server.store.existingTopic("t")).configuration
      #expect(configuration.cleanupPolicy == .compactAndDelete)
    }
  }

  @Test(
    "single settings are changed, in each version",
    arguments: VersionTests.versions(.incrementalAlterConfigs))
  func changed(version: Int16) async throws {
    try await TestServer.run(.memory, { $0.broker.newTopics = TopicConfiguration() }) { server in
      let client = try server.raw()
      _ = try client.create(.init("t", ["segment.bytes": "1048576"]))
      func alter(
        _ key: String, _ operation: Int8, _ value: String?, validatesOnly: Bool = false
      ) throws -> ErrorCode? {
        var request = IncrementalAlterConfigsRequest(Self.topic, "t", [(key, operation, value)])
        request.validatesOnly = validatesOnly
        return try client.call(request, version: version).resources.first?.errorCode
      }
      func value(_ key: String) throws -> String? { try client.settings(of: "t")[key]?.value }

      #expect(
        try alter("retention.ms", Self.operation.set, "7", validatesOnly: true) == .some(.none))
      #expect(try value("retention.ms") == "604800000")
      #expect(try alter("retention.ms", Self.operation.set, "7") == .some(.none))
      #expect(try value("retention.ms") == "7")
      #expect(try value("segment.bytes") == "1048576")
      #expect(try alter("cleanup.policy", Self.operation.append, "compact") == .some(.none))
      #expect(try value("cleanup.policy") == "compact,delete")
      #expect(try alter("cleanup.policy", Self.operation.subtract, "delete") == .some(.none))
      #expect(try value("cleanup.policy") == "compact")
      #expect(try alter("cleanup.policy", Self.operation.subtract, "compact") == .invalidConfig)
      #expect(try alter("segment.bytes", Self.operation.delete, nil) == .some(.none))
      #expect(try client.settings(of: "t")["segment.bytes"]?.source == Self.source.default)
      #expect(try alter("segment.bytes", Self.operation.append, "1") == .invalidConfig)
      #expect(try alter("segment.bytes", Self.operation.set, nil) == .invalidRequest)
      #expect(try alter("segment.bytes", 9, "1") == .invalidRequest)
      #expect(try alter("no.such.key", Self.operation.set, "1") == .invalidConfig)
    }
  }

  @Test("a setting that is set to the default is the topic's own")
  func origin() async throws {
    try await TestServer.run { server in
      let client = try server.raw()
      _ = try client.create(.init("t", ["segment.ms": "604800000", "flush.messages": "1"]))
      #expect(try client.settings(of: "t")["segment.ms"]?.source == Self.source.topic)
      let configuration = try #require(server.store.existingTopic("t")).configuration
      #expect(configuration.explicitSettings == ["segment.ms", "flush.messages"])
      #expect(configuration.keptSettings == ["flush.messages": "1"])
    }
  }

  @Test("the durability of acknowledgements is a setting of the topic")
  func flush() async throws {
    try await TestServer.run(durability: .buffered) { server in
      let client = try server.raw()
      _ = try client.create(.init("t"))
      #expect(try client.settings(of: "t")["moldau.flush"]?.value == "buffered")
      #expect(
        try client.settings(of: "t")["moldau.flush"]?.source == Self.source.staticBroker)
      for (text, durability) in [
        ("group-commit", Durability.groupCommit()), ("every-append", .everyAppend),
        ("buffered", .buffered),
      ] {
        let request = IncrementalAlterConfigsRequest(
          Self.topic, "t", [("moldau.flush", Self.operation.set, text)])
        #expect(try client.call(request, version: 1).resources.map(\.errorCode) == [.none])
        #expect(server.store.existingTopic("t")?.configuration.durability == durability)
      }
      let request = IncrementalAlterConfigsRequest(
        Self.topic, "t", [("moldau.flush", Self.operation.delete, nil)])
      #expect(try client.call(request, version: 1).resources.map(\.errorCode) == [.none])
      #expect(server.store.existingTopic("t")?.configuration.durability == .some(.none))
    }
  }

  @Test("one resource may not be named twice, and one that is refused leaves the others alone")
  func several() async throws {
    try await TestServer.run { server in
      let client = try server.raw()
      _ = try client.create(.init("a"))
      _ = try client.create(.init("b"))
      var request = AlterConfigsRequest(Self.topic, "a", ["retention.ms": "1"])
      request.resources.append(request.resources[0])
      request.resources.append(
        AlterConfigsRequest(Self.topic, "b", ["retention.ms": "2"]).resources[0])
      #expect(
        try client.call(request, version: 2).resources.map(\.errorCode)
          == [.invalidRequest, .invalidRequest, .none])
      #expect(try client.settings(of: "b")["retention.ms"]?.value == "2")
    }
  }

  @Test("what has settings is listed", arguments: VersionTests.versions(.listConfigResources))
  func listed(version: Int16) async throws {
    try await TestServer.run { server in
      let client = try server.raw()
      _ = try client.create(.init("a"))
      let all = try client.call(ListConfigResourcesRequest(), version: version)
      #expect(all.errorCode == .none)
      guard version > 0 else {
        #expect(all.resources.isEmpty)
        return
      }
      #expect(all.resources.map(\.name) == ["a", "1", "1"])
      var request = ListConfigResourcesRequest()
      request.resourceTypes = [Self.topic]
      #expect(try client.call(request, version: version).resources.map(\.name) == ["a"])
      request.resourceTypes = [77]
      #expect(try client.call(request, version: version).errorCode == .unsupportedVersion)
    }
  }
}
