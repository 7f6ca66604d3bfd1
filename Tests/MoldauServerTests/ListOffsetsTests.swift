import MoldauFormat
import MoldauLog
import MoldauProtocol
import Testing

@testable import MoldauServer

struct ListOffsetsTests {
  static let table: [(timestamp: Int64, offset: Int64)] = [
    (0, 0), (1_000, 0), (1_001, 1), (1_003, 3), (2_000, 3), (3_000, 4), (3_001, -1),
    (ListOffsetsRequest.Position.latest, 5), (ListOffsetsRequest.Position.earliest, 0),
    (ListOffsetsRequest.Position.maxTimestamp, 4),
    (ListOffsetsRequest.Position.earliestLocal, 0),
    (ListOffsetsRequest.Position.latestTiered, -1),
  ]

  @Test("a time is the first offset at or after it, an end is an end")
  func offsets() async throws {
    try await TestServer.run { server in
      let client = try server.raw()
      let topic = try VersionTests.makeTopic("log", client)
      for (values, time) in [(["a", "b", "c"], Int64(1_000)), (["d"], 2_500), (["e"], 3_000)] {
        let request = ProduceRequest([0: try batch(values, time: time)], to: topic)
        _ = try client.call(request, version: 9)
      }
      for (timestamp, offset) in Self.table {
        let answer = try client.call(ListOffsetsRequest(timestamp, of: "log"), version: 9)
        let found = try #require(answer.topics.first?.partitions.first)
        #expect(found.errorCode == .none)
        #expect(found.offset == offset, "at \(timestamp)")
        guard timestamp >= -2 else { continue }
        // Version 0 tells the end of what is older.
        let oldest = try client.call(ListOffsetsRequest(timestamp, of: "log"), version: 0)
        let end = try #require(oldest.topics.first?.partitions.first)
        #expect(end.errorCode == .none)
        #expect(end.offset == (offset < 0 ? 5 : offset), "at \(timestamp)")
      }
    }
  }

  @Test("a partition that is not there and a position that nobody knows are errors")
  func refusals() async throws {
    try await TestServer.run { server in
      let client = try server.raw()
      _ = try VersionTests.makeTopic("log", client)
      for (request, code) in [
        (ListOffsetsRequest(-1, of: "none"), ErrorCode.unknownTopicOrPartition),
        (ListOffsetsRequest(-1, of: "log", partition: 4), .unknownTopicOrPartition),
        (ListOffsetsRequest(-9, of: "log"), .unsupportedVersion),
      ] {
        let answer = try client.call(request, version: 9)
        #expect(answer.topics.first?.partitions.first?.errorCode == code)
      }
    }
  }
}
