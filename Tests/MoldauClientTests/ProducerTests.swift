import MoldauFormat
import MoldauProtocol
import Synchronization
import Testing

@testable import MoldauClient

@Suite struct ProducerTests {
  /// A broker that leads the one partition of a topic and answers produce requests as told.
  private final class Leader: Sendable {
    /// The base sequences of the batches that came, in their order.
    let sequences = Mutex<[Int32]>([])
    private let answers: Mutex<[ErrorCode]>
    private let endpoint = Mutex(Endpoint(host: "127.0.0.1", port: 1))

    /// - Parameter answers: to one batch after the other; behind them all are taken.
    init(_ answers: [ErrorCode]) { self.answers = Mutex(answers) }

    func start() throws -> ScriptedBroker {
      let broker = try ScriptedBroker { [self] request in
        switch request.header.api {
        case .metadata: request.answer(metadata())
        case .initProducerID:
          request.answer(
            {
              var response = InitProducerIDResponse()
              response.producerID = 7
              return response
            }())
        case .produce: request.answer(try produced(request))
        default: request.answer(ApiVersionsResponse.listing([.produce: 12]))
        }
      }
      endpoint.withLock { $0 = broker.endpoint }
      return broker
    }

    private func metadata() -> MetadataResponse {
      let endpoint = endpoint.withLock { $0 }
      var broker = MetadataResponse.Broker()
      broker.nodeID = 1
      broker.host = endpoint.host
      broker.port = Int32(endpoint.port)
      var partition = MetadataResponse.Partition()
      partition.leaderID = 1
      var topic = MetadataResponse.Topic()
      topic.name = "log"
      topic.partitions = [partition]
      var response = MetadataResponse()
      response.brokers = [broker]
      response.topics = [topic]
      return response
    }

    private func produced(_ request: ScriptedBroker.Received) throws -> ProduceResponse {
      let records = try request.decode(ProduceRequest.self).topics[0].partitions[0].records
      guard case .inFrame(let offset, _) = records else { return ProduceResponse() }
      let start = request.messageStart + offset
      let bytes = Array(request.frame[start...])
      let header = try unsafe RecordBatchHeader(parsing: bytes.span.bytes)
      sequences.withLock { $0.append(header.baseSequence) }
      var partition = ProduceResponse.Partition()
      partition.errorCode = answers.withLock { $0.isEmpty ? .none : $0.removeFirst() }
      partition.baseOffset = Int64(header.baseSequence)
      var topic = ProduceResponse.Topic()
      topic.name = "log"
      topic.partitions = [partition]
      var response = ProduceResponse()
      response.topics = [topic]
      return response
    }
  }

  private func produce(_ count: Int, _ leader: Leader, acks: Int16 = -1) throws -> Producer {
    let broker = try leader.start()
    var options = Producer.Options()
    options.batchByteCount = 1
    options.acks = acks
    let producer = try Producer(Cluster([broker.endpoint]), topic: "log", options)
    for number in 0..<count {
      try producer.append(
        key: nil, value: Array("\(number)".utf8), timestampMilliseconds: Int64(number))
    }
    try producer.flush()
    withExtendedLifetime(broker) {}
    return producer
  }

  @Test("what failed, and what was sent behind it, is sent again in order and by its sequence")
  func resends() throws {
    let leader = Leader([.none, .notLeaderOrFollower, .outOfOrderSequenceNumber])
    let producer = try produce(4, leader)
    #expect(leader.sequences.withLock { $0 } == [0, 1, 2, 3, 1, 2])
    #expect(producer.identity == ProducerIdentity(id: 7, epoch: 0))
    #expect(producer.written[0].recordCount == 4)
    #expect(producer.written[0].batchCount == 4)
  }

  @Test("a duplicate is a success")
  func duplicates() throws {
    let leader = Leader([.duplicateSequenceNumber])
    #expect(try produce(1, leader).written[0].recordCount == 1)
  }

  @Test("what the broker refuses for good is an error")
  func refusals() throws {
    let found = #expect(throws: ClientError.self) {
      try produce(1, Leader([.messageTooLarge]))
    }
    #expect(found?.refusalCode == .messageTooLarge)
  }

  @Test("a producer that waits for the leader alone has no sequence")
  func plain() throws {
    let leader = Leader([])
    let producer = try produce(2, leader, acks: 1)
    #expect(producer.identity == nil)
    #expect(leader.sequences.withLock { $0 } == [-1, -1])
  }
}
