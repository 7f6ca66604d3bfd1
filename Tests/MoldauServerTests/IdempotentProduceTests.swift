import MoldauClient
import MoldauFormat
import MoldauLog
import MoldauProtocol
import Testing

@testable import MoldauServer

struct IdempotentProduceTests {
  private static func batch(
    _ producer: ProducerIdentity, sequence: Int32
  ) throws -> [UInt8] {
    var builder = BatchBuilder()
    builder.append(value: Array("x".utf8).span, timestampMilliseconds: 1_700_000_000_000)
    try builder.finish(producer: producer, baseSequence: sequence)
    return builder.bytes.array
  }

  @Test("a batch that was sent before gets the offset that it has; a gap and an old epoch do not")
  func sequences() async throws {
    try await TestServer.run { server in
      let client = try server.raw()
      let topic = try VersionTests.makeTopic("log", client)
      let id = try client.call(InitProducerIDRequest(), version: 4).producerID
      func send(_ sequence: Int32, epoch: Int16 = 0) throws -> ProduceResponse.Partition {
        let bytes = try Self.batch(ProducerIdentity(id: id, epoch: epoch), sequence: sequence)
        let answer = try client.call(ProduceRequest([0: bytes], to: topic), version: 9)
        return try #require(answer.topics.first?.partitions.first)
      }
      for sequence: Int32 in 0..<5 {
        #expect(try send(sequence).baseOffset == Int64(sequence))
      }
      for sequence: Int32 in 0..<5 {
        let again = try send(sequence)
        #expect(again.errorCode == .none)
        #expect(again.baseOffset == Int64(sequence))
      }
      #expect(try send(7).errorCode == .outOfOrderSequenceNumber)
      #expect(try send(0, epoch: 1).baseOffset == 5)
      #expect(try send(5).errorCode == .invalidProducerEpoch)
      let log = try #require(server.store.existingTopic("log")?.partitions.first)
      #expect(log.endOffset.rawValue == 6)
    }
  }
}
