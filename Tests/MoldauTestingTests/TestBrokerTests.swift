import Foundation
import MoldauClient
import MoldauFormat
import MoldauLog
import MoldauServer
import MoldauTesting
import Testing

struct TestBrokerTests {
  struct Unlucky: Error {}

  @Test("a client writes and reads", arguments: [TestBroker.Storage.folder, .memory])
  func works(storage: TestBroker.Storage) async throws {
    try await withBroker(storage) { broker in
      let values = try await onOwnThread { try roundTrip(["a", "b"], through: broker.port) }
      #expect(values == ["a", "b"])
      #expect(broker.address == "\(broker.host):\(broker.port)")
    }
  }

  @Test("brokers side by side do not see each other")
  func sideBySide() async throws {
    try await withThrowingTaskGroup(of: [String].self) { group in
      for number in 0..<8 {
        group.addTask {
          try await withBroker { broker in
            try await onOwnThread { try roundTrip(["of \(number)"], through: broker.port) }
          }
        }
      }
      var seen: Set<[String]> = []
      for try await values in group { seen.insert(values) }
      #expect(seen == Set((0..<8).map { ["of \($0)"] }))
    }
  }

  @Test("a topic that was created has its partitions, and keeps old records")
  func createTopic() async throws {
    try await withBroker(.memory) { broker in
      let topic = try await broker.createTopic("orders", partitions: 3)
      #expect(topic.partitionCount == 3)
      #expect(topic.configuration.retention == [])
      #expect(broker.store.existingTopic("orders") === topic)
    }
  }

  @Test("the folder is gone after a stop, which may be asked for twice")
  func stop() async throws {
    let broker = try await TestBroker.start()
    let folder = broker.store.path
    #expect(FileManager.default.fileExists(atPath: folder))
    try await broker.stop()
    try await broker.stop()
    #expect(!FileManager.default.fileExists(atPath: folder))
  }

  @Test("the folder is gone after a body that throws, and the error comes through")
  func failure() async throws {
    var folder = ""
    await #expect(throws: Unlucky.self) {
      try await withBroker { broker in
        folder = broker.store.path
        throw Unlucky()
      }
    }
    #expect(!folder.isEmpty && !FileManager.default.fileExists(atPath: folder))
  }

  @Test("a broker that cannot start leaves no folder")
  func cannotStart() async throws {
    try await withBroker { first in
      await #expect(throws: ServerError.self) {
        try await withBroker(configure: {
          $0.listeners = [.init(address: first.server.addresses[0])]
        }) {
          _ in
        }
      }
    }
  }

  @Test("settings can be changed")
  func configure() async throws {
    try await withBroker(.memory, durability: .groupCommit()) {
      $0.broker.newTopics.partitionCount = 5
    } _: { broker in
      #expect(broker.store.configuration.durability == .groupCommit())
      let client = try await onOwnThread {
        let client = try KafkaConnection(to: endpoint(broker.port))
        return try client.partitions(of: "made-on-demand").count
      }
      #expect(client == 5)
    }
  }
}
