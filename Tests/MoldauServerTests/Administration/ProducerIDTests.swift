import MoldauLog
import MoldauProtocol
import Testing

@testable import MoldauServer

struct ProducerIDTests {
  private static func ask(
    _ client: RawClient, id: Int64 = -1, epoch: Int16 = -1, version: Int16 = 4
  ) throws -> InitProducerIDResponse {
    var request = InitProducerIDRequest()
    request.producerID = id
    request.producerEpoch = epoch
    return try client.call(request, version: version)
  }

  @Test(
    "each producer gets an id of its own, in each version",
    arguments: VersionTests.versions(.initProducerID))
  func unique(version: Int16) async throws {
    try await TestServer.run { server in
      let client = try server.raw()
      let answers = try (0..<5).map { _ in try Self.ask(client, version: version) }
      #expect(answers.allSatisfy { $0.errorCode == .none && $0.producerEpoch == 0 })
      #expect(Set(answers.map(\.producerID)).count == 5)
    }
  }

  @Test("a producer that names its id gets the next epoch, and a new id after the last")
  func epochs() async throws {
    try await TestServer.run { server in
      let client = try server.raw()
      let first = try Self.ask(client)
      let second = try Self.ask(client, id: first.producerID, epoch: 0)
      #expect(second.producerID == first.producerID)
      #expect(second.producerEpoch == 1)
      let last = try Self.ask(client, id: first.producerID, epoch: .max - 1)
      #expect(last.producerID != first.producerID)
      #expect(last.producerEpoch == 0)
      let stranger = try Self.ask(client, id: 1 << 40, epoch: 3)
      #expect(stranger.producerID < 1 << 40)
      #expect(stranger.producerEpoch == 0)
    }
  }

  @Test("transactions are refused in a way at which clients give up")
  func transactions() async throws {
    try await TestServer.run { server in
      var request = InitProducerIDRequest()
      request.transactionalID = "billing"
      let answer = try server.raw().call(request, version: 4)
      #expect(answer.errorCode == .transactionalIDAuthorizationFailed)
      #expect(answer.producerID == -1)
      request.transactionalID = ""
      #expect(try server.raw().call(request, version: 4).errorCode == .invalidRequest)
    }
  }
}
