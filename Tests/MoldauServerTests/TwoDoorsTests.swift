import Dispatch
import MoldauFormat
import MoldauLog
import MoldauProtocol
import Synchronization
import Testing

@testable import MoldauServer

/// One store, two doors: the process that embeds the store, and clients of the broker on it.
struct TwoDoorsTests {
  static let storages = [TestServer.Storage.memory, .folder]

  @Test("an append of the process ends the wait of a client's fetch", arguments: storages)
  func appendWakesFetch(storage: TestServer.Storage) async throws {
    try await TestServer.run(storage) { server in
      let client = try server.raw()
      let named = try VersionTests.makeTopic("log", client)
      var fetch = FetchRequest([0: 0], of: named)
      fetch.maxWaitMilliseconds = OrderTests.forEver
      // The request before it was answered after both were read: the fetch waits by then.
      try client.send(
        RawClient.frame(ApiVersionsRequest(), version: 0)
          + RawClient.frame(fetch, version: 12, correlationID: 2))
      _ = try client.receive(answerTo: ApiVersionsRequest.self, version: 0)
      let topic = try #require(server.store.existingTopic("log"))
      _ = try topic.appendBlocking(Record(key: "k", value: "from the process"))
      let fetched = try client.receive(answerTo: FetchRequest.self, version: 12)
      #expect(try fetched.values() == ["from the process"])
    }
  }

  @Test("what a client produces comes to a tail of the process", arguments: storages)
  func produceWakesTail(storage: TestServer.Storage) async throws {
    try await TestServer.run(storage) { server in
      let client = try server.raw()
      let named = try VersionTests.makeTopic("log", client)
      let topic = try #require(server.store.existingTopic("log"))
      let seen = Mutex<[String]>([])
      let ended = DispatchSemaphore(value: 0)
      Task {
        defer { ended.signal() }
        for try await record in topic.tail(from: .earliest) {
          let count = seen.withLock { seen in
            seen.append(record.valueText ?? "")
            return seen.count
          }
          if count == 3 { return }
        }
      }
      for value in ["a", "b", "c"] {
        _ = try client.call(ProduceRequest([0: try batch([value])], to: named), version: 9)
      }
      ended.wait()
      #expect(seen.withLock { $0 } == ["a", "b", "c"])
    }
  }

  @Test("both sides append to one partition, and both see one order", arguments: storages)
  func oneOrder(storage: TestServer.Storage) async throws {
    try await TestServer.run(storage, durability: .buffered) { server in
      let client = try server.raw()
      let named = try VersionTests.makeTopic("log", client)
      let topic = try #require(server.store.existingTopic("log"))
      for round in 0..<20 {
        _ = try topic.appendBlocking(Record(value: "process \(round)"))
        _ = try client.call(
          ProduceRequest([0: try batch(["client \(round)"])], to: named), version: 9)
      }
      var embedded: [String] = []
      _ = try topic.scan(from: .earliest) { embedded.append($0.value?.text ?? "") }
      try client.send(FetchRequest([0: 0], of: named), version: 12)
      let fetched = try client.receive(answerTo: FetchRequest.self, version: 12).values()
      #expect(embedded == (0..<20).flatMap { ["process \($0)", "client \($0)"] })
      #expect(fetched == embedded)
    }
  }

  @Test("a topic of either side is a topic of both, and goes for both", arguments: storages)
  func topics(storage: TestServer.Storage) async throws {
    try await TestServer.run(storage) { server in
      let client = try server.raw()
      _ = try server.store.topicBlocking("of-the-process", .init(partitionCount: 2))
      _ = try VersionTests.makeTopic("of-a-client", client)
      #expect(server.store.topics.map(\.name) == ["of-a-client", "of-the-process"])
      let described = try client.call(MetadataRequest(nil), version: 12).topics
      #expect(described.map(\.name) == ["of-a-client", "of-the-process"])
      #expect(described.map(\.partitions.count) == [1, 2])
      try server.store.removeTopic("of-the-process")
      let left = try client.call(MetadataRequest(nil), version: 12).topics
      #expect(left.map(\.name) == ["of-a-client"])
    }
  }

  @Test("the store outlives the server: the process goes on, and a new server sees it")
  func storeStays() async throws {
    let store = try await LogStore.inMemory()
    let listener = ServerConfiguration.Listener(address: HostAndPort(host: "127.0.0.1", port: 0))
    let first = try await BrokerServer.start(
      store: store, ServerConfiguration(listeners: [listener]))
    await first.stop()
    let topic = try await store.topic("log", .init(retention: []))
    try await topic.append(Record(value: "in between"))
    let second = try await BrokerServer.start(
      store: store, ServerConfiguration(listeners: [listener]))
    let port = UInt16(second.addresses[0].port)
    let values = try await TestServer.onOwnThread {
      let client = try RawClient(port: port)
      try client.send(FetchRequest([0: 0], of: NamedTopic(name: "log")), version: 12)
      return try client.receive(answerTo: FetchRequest.self, version: 12).values()
    }.get()
    #expect(values == ["in between"])
    await second.stop()
    try await store.close()
  }
}
