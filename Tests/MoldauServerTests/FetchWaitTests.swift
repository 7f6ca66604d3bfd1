import MoldauDisk
import MoldauFormat
import MoldauLog
import MoldauProtocol
import Testing

@testable import MoldauServer

struct FetchWaitTests {
  @Test("a fetch that wants many bytes gets them from small appends, and not before")
  func smallAppends() async throws {
    try await TestServer.run { server in
      let client = try server.raw()
      let producer = try server.raw()
      let made = try client.create(.init("log", partitions: 3))
      let topic = NamedTopic(name: "log", id: try #require(made?.id))
      let bytes = try batch(["small"])
      var fetch = FetchRequest([0: 0, 1: 0, 2: 0], of: topic)
      fetch.minBytes = Int32(bytes.count * 20)
      fetch.maxWaitMilliseconds = OrderTests.forEver
      try client.send(fetch, version: 12)
      for number in 0..<20 {
        let index = Int32(number % 3)
        let answer = try producer.call(
          ProduceRequest([index: bytes], to: topic, acks: 1), version: 9)
        #expect(answer.topics.first?.partitions.first?.errorCode == .some(.none))
      }
      let answer = try client.receive(answerTo: FetchRequest.self, version: 12)
      let counts = try (0..<3).map { try answer.values(of: Int32($0)).count }
      #expect(counts == [7, 7, 6])
    }
  }

  @Test(
    "a disk that cannot read an answer ends that connection, whatever else waits on it",
    arguments: [0, 1_000] as [Int32])
  func unreadable(minBytes: Int32) async throws {
    let disk = SimulatedDisk(isCrashable: false)
    let store = try LogStore.open(
      at: "/store", StoreConfiguration(), disk: disk, clock: SystemWallClock())
    var configuration = ServerConfiguration(
      listeners: [.init(address: HostAndPort(host: "127.0.0.1", port: 0))])
    // The records are of long ago.
    configuration.broker.newTopics.retention = []
    let server = try await BrokerServer.start(store: store, configuration)
    let result = await TestServer.onOwnThread {
      let server = TestServer(store: store, server: server)
      let topic = try VersionTests.makeTopic("log", try server.raw())
      let request = ProduceRequest([0: try batch(["a", "b"])], to: topic)
      _ = try server.raw().call(request, version: 9)
      var fetch = FetchRequest([0: 0], of: topic)
      fetch.minBytes = minBytes
      fetch.maxWaitMilliseconds = 20
      let frame = RawClient.frame(fetch, version: 12)
      var endedCount = 0
      for number in 1...12 {
        disk.onCall = DiskFault.at(number, .fail(errno: 5)) { $0.name == "pread" }
        let client = try server.raw()
        try client.send(frame + frame + frame)
        if (0..<3).contains(where: { _ in client.receive() == nil }) { endedCount += 1 }
      }
      disk.onCall = nil
      #expect(endedCount > 0)
      #expect(try server.raw().call(ApiVersionsRequest(), version: 3).errorCode == .none)
    }
    await server.stop()
    try await store.close()
    try result.get()
  }

  @Test("a client whose log went another way is told where it left this one")
  func diverging() async throws {
    try await TestServer.run { server in
      let client = try server.raw()
      let topic = try VersionTests.makeTopic("log", client)
      _ = try client.call(ProduceRequest([0: try batch(["a", "b"])], to: topic), version: 9)
      func fetch(_ offset: Int64, epoch: Int32) throws -> FetchResponse.Partition? {
        var fetch = FetchRequest([0: offset], of: topic)
        fetch.topics[0].partitions[0].lastFetchedEpoch = epoch
        fetch.maxWaitMilliseconds = offset < 2 ? OrderTests.forEver : 0
        return try client.call(fetch, version: 12).topics.first?.partitions.first
      }
      #expect(try fetch(1, epoch: 0)?.divergingEpoch.epoch == -1)
      let ahead = try fetch(5, epoch: 0)
      #expect(ahead?.errorCode == .some(.none))
      #expect(ahead?.divergingEpoch.epoch == 0)
      #expect(ahead?.divergingEpoch.endOffset == 2)
      #expect(try fetch(1, epoch: 9)?.errorCode == .offsetOutOfRange)
    }
  }

  @Test("a name that differs from another only in '.' and '_' is not made by asking for it")
  func collision() async throws {
    try await TestServer.run { server in
      let client = try server.raw()
      _ = try VersionTests.makeTopic("a.b", client)
      let answer = try client.call(MetadataRequest(["a_b", "__transaction_state"]), version: 12)
      #expect(answer.topics.map(\.errorCode) == [.invalidTopicException, .invalidTopicException])
      #expect(server.store.topics.map(\.name) == ["a.b"])
    }
  }

  @Test("a topic that syncs every append has acks=1 wait for the device too")
  func everyAppend() async throws {
    try await TestServer.run(durability: .buffered) { server in
      let client = try server.raw()
      _ = try client.create(.init("log", ["flush.messages": "1"]))
      let topic = NamedTopic(name: "log")
      for acks: Int16 in [1, -1] {
        let answer = try client.call(
          ProduceRequest([0: try batch(["x"])], to: topic, acks: acks), version: 9)
        #expect(answer.topics.first?.partitions.first?.errorCode == .some(.none))
        let log = try #require(server.store.existingTopic("log")?.partitions.first)
        #expect(log.durableOffset == log.endOffset)
      }
    }
  }
}
