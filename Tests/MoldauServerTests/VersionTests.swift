import MoldauFormat
import MoldauLog
import MoldauProtocol
import Testing

@testable import MoldauServer

/// Every version of every request that is announced has an answer of exactly its form.
struct VersionTests {
  static func versions(_ api: ApiKey) -> [Int16] {
    SupportedApi.of(api).map { Array($0.versions) } ?? []
  }

  @Test("ApiVersions lists all requests, in each version", arguments: versions(.apiVersions))
  func apiVersions(version: Int16) async throws {
    let response = try await TestServer.run { server in
      try server.raw().call(ApiVersionsRequest(), version: version)
    }
    #expect(response.errorCode == .none)
    #expect(response.apis.map(\.key) == SupportedApi.all.map(\.key.rawValue))
  }

  @Test("an unknown version of ApiVersions is answered in form 0, and the connection goes on")
  func unknownApiVersions() async throws {
    try await TestServer.run { server in
      let client = try server.raw()
      // Key 18, version 77, correlation id 5, and a header that only version 77 knows.
      try client.send([0, 0, 0, 10, 0, 18, 0, 77, 0, 0, 0, 5, 0xEE, 0xEE])
      let answer = try client.receive(answerTo: ApiVersionsRequest.self, version: 0)
      #expect(answer.correlationID == 5)
      #expect(answer.response.errorCode == .unsupportedVersion)
      #expect(answer.response.apis.first?.key == ApiKey.apiVersions.rawValue)
      #expect(try client.call(ApiVersionsRequest(), version: 3).errorCode == .none)
    }
  }

  @Test(
    "Metadata creates a topic and describes it, in each version", arguments: versions(.metadata))
  func metadata(version: Int16) async throws {
    try await TestServer.run { server in
      let response = try server.raw().call(MetadataRequest(["new"]), version: version)
      let topic = try #require(response.topics.first)
      #expect(topic.errorCode == .none)
      #expect(topic.name == "new")
      #expect(topic.partitions.map(\.leaderID) == [1])
      #expect(topic.partitions.map(\.replicaNodes) == [[1]])
      #expect(response.brokers.map(\.port) == [Int32(server.port)])
      #expect(response.brokers.map(\.host) == ["127.0.0.1"])
      if version >= 1 { #expect(response.controllerID == 1) }
      if version >= 7 { #expect(topic.partitions.first?.leaderEpoch == 0) }
      if version >= 10 { #expect(topic.id == server.store.existingTopic("new")?.id) }
    }
  }

  @Test("what one version of Produce appends, one version of Fetch reads", arguments: 0..<15)
  func produceAndFetch(step: Int16) async throws {
    let produceVersion = min(3 + step, 13)
    let fetchVersion = 4 + step
    try await TestServer.run { server in
      let client = try server.raw()
      let topic = try Self.makeTopic("log", client)
      let appended = try client.call(
        ProduceRequest([0: try batch(["a", "b", "c"])], to: topic), version: produceVersion)
      let result = try #require(appended.topics.first?.partitions.first)
      #expect(result.errorCode == .none)
      #expect(result.baseOffset == 0)
      try client.send(FetchRequest([0: 1], of: topic), version: fetchVersion)
      let answer = try client.receive(answerTo: FetchRequest.self, version: fetchVersion)
      let partition = try #require(answer.response.topics.first?.partitions.first)
      #expect(partition.errorCode == .none)
      #expect(partition.highWatermark == 3)
      #expect(partition.lastStableOffset == 3)
      #expect(try answer.values(from: 1) == ["b", "c"])
    }
  }

  @Test("ListOffsets finds both ends, in each version", arguments: versions(.listOffsets))
  func listOffsets(version: Int16) async throws {
    try await TestServer.run { server in
      let client = try server.raw()
      let topic = try Self.makeTopic("log", client)
      _ = try client.call(ProduceRequest([0: try batch(["a", "b"])], to: topic), version: 9)
      let ends = try [ListOffsetsRequest.Position.earliest, ListOffsetsRequest.Position.latest]
        .map { position in
          try client.call(ListOffsetsRequest(position, of: "log"), version: version)
            .topics.first?.partitions.first?.offset
        }
      #expect(ends == [0, 2])
    }
  }

  static func makeTopic(_ name: String, _ client: RawClient) throws -> NamedTopic {
    let response = try client.call(MetadataRequest([name]), version: 12)
    return NamedTopic(name: name, id: try #require(response.topics.first?.id))
  }
}
