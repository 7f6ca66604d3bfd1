import MoldauClient
import MoldauFormat
import MoldauLog
import MoldauProtocol
import Testing

@testable import MoldauServer

struct ServerLifeTests {
  private static func start(
    _ store: LogStore, _ address: HostAndPort, advertised: HostAndPort? = nil
  ) async throws -> BrokerServer {
    try await BrokerServer.start(
      store: store,
      ServerConfiguration(listeners: [.init(address: address, advertised: advertised)]))
  }

  private static let anyPort = HostAndPort(host: "127.0.0.1", port: 0)

  @Test("a stop answers a long poll with what there is, and closes")
  func stopWithLongPoll() async throws {
    let store = try await LogStore.inMemory()
    let server = try await Self.start(store, Self.anyPort)
    let port = UInt16(server.addresses[0].port)
    let client = try RawClient(port: port)
    let topic = try VersionTests.makeTopic("log", client)
    var fetch = FetchRequest([0: 0], of: topic)
    fetch.maxWaitMilliseconds = OrderTests.forEver
    // The request before it was answered after both were read: the fetch waits by then.
    try client.send(
      RawClient.frame(ApiVersionsRequest(), version: 0)
        + RawClient.frame(fetch, version: 12, correlationID: 2))
    _ = try client.receive(answerTo: ApiVersionsRequest.self, version: 0)
    await server.stop()
    #expect(try client.receive(answerTo: FetchRequest.self, version: 12).correlationID == 2)
    #expect(client.receive() == nil)
    try await store.close()
  }

  @Test("a stopped server's port and store can be used again")
  func again() async throws {
    let store = try await LogStore.inMemory()
    for round in 0..<3 {
      let server = try await Self.start(store, Self.anyPort)
      let port = UInt16(server.addresses[0].port)
      let client = try RawClient(port: port)
      let topic = try VersionTests.makeTopic("log", client)
      let answer = try client.call(
        ProduceRequest([0: try batch(["x"])], to: topic), version: 9)
      #expect(answer.topics.first?.partitions.first?.baseOffset == Int64(round))
      await server.stop()
    }
    try await store.close()
  }

  @Test("a port in use is an error that says so, and the store stays usable")
  func portInUse() async throws {
    let store = try await LogStore.inMemory()
    let server = try await Self.start(store, Self.anyPort)
    await #expect(throws: ServerError.self) {
      _ = try await Self.start(store, server.addresses[0])
    }
    await server.stop()
    try await store.close()
  }

  @Test("clients are told the advertised address")
  func advertised() async throws {
    let store = try await LogStore.inMemory()
    let told = HostAndPort(host: "logs.example", port: 19_092)
    let server = try await Self.start(store, Self.anyPort, advertised: told)
    let client = try RawClient(port: UInt16(server.addresses[0].port))
    let brokers = try client.call(MetadataRequest(nil), version: 12).brokers
    #expect(brokers.map(\.host) == ["logs.example"])
    #expect(brokers.map(\.port) == [19_092])
    #expect(server.advertised == [told])
    await server.stop()
    try await store.close()
  }

  @Test("the embedding process and clients see one log")
  func twoDoors() async throws {
    try await TestServer.run { server in
      let client = try server.connect()
      _ = try client.partitions(of: "log")
      let partition = TopicPartition(topic: "log", partition: 0)
      let bytes = try batch(["from a client"])
      // SAFETY: bytes have no padding between them.
      _ = try client.produce(unsafe bytes.span.bytes, to: partition)
      let log = try #require(server.store.existingTopic("log")?.partitions.first)
      let more = try batch(["from the process"])
      _ = try log.append(unsafe more.span.bytes)
      var values: [String] = []
      _ = try client.fetch(partition, from: .zero) { record in
        if let value = record.value {
          values.append(value.text)
        }
        return true
      }
      #expect(values == ["from a client", "from the process"])
    }
  }
}
