import Dispatch
import MoldauFormat
import MoldauLog
import MoldauProtocol
import Synchronization
import Testing

@testable import MoldauServer

/// What strangers send does not disturb others.
struct ProtectionTests {
  static let nonsense: [(String, [UInt8])] = [
    ("a frame of 2 GiB", [0x7F, 0xFF, 0xFF, 0xFF]),
    ("a frame above the limit", [0x06, 0x40, 0x00, 0x01]),
    ("a frame of negative size", [0xFF, 0xFF, 0xFF, 0xFF]),
    ("HTTP", Array("GET / HTTP/1.1\r\nHost: x\r\n\r\n".utf8)),
    ("an empty frame", [0, 0, 0, 0]),
    ("half a header", [0, 0, 0, 3, 0, 18, 0]),
    ("an API that nobody knows", [0, 0, 0, 8, 0x7F, 0, 0, 0, 0, 0, 0, 1]),
    ("a version that nobody knows", [0, 0, 0, 8, 0, 3, 0, 99, 0, 0, 0, 1]),
    (
      "an array longer than its frame",
      [0, 0, 0, 14, 0, 3, 0, 0, 0, 0, 0, 1, 0xFF, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF]
    ),
  ]

  @Test("nonsense closes its connection and no other", arguments: nonsense)
  func closes(name: String, bytes: [UInt8]) async throws {
    try await TestServer.run { server in
      let other = try server.raw()
      let client = try server.raw()
      try client.send(bytes)
      #expect(client.receive() == nil, "\(name)")
      #expect(try other.call(ApiVersionsRequest(), version: 3).errorCode == .none)
    }
  }

  @Test("what came before nonsense is answered")
  func answersBefore() async throws {
    try await TestServer.run { server in
      let client = try server.raw()
      let topic = try VersionTests.makeTopic("log", client)
      try client.send(
        RawClient.frame(ProduceRequest([0: try batch(["x"])], to: topic), version: 9)
          + [0xFF, 0xFF, 0xFF, 0xFF])
      let answer = try client.receive(answerTo: ProduceRequest.self, version: 9)
      #expect(answer.response.topics.first?.partitions.first?.errorCode == .some(.none))
      #expect(client.receive() == nil)
    }
  }

  @Test("a request that comes byte by byte is a request")
  func byteByByte() async throws {
    try await TestServer.run { server in
      let client = try server.raw()
      let bytes =
        RawClient.frame(MetadataRequest(["log"]), version: 12, correlationID: 1)
        + RawClient.frame(ApiVersionsRequest(), version: 3, correlationID: 2)
      for byte in bytes { try client.send([byte]) }
      #expect(try client.receive(answerTo: MetadataRequest.self, version: 12).correlationID == 1)
      #expect(try client.receive(answerTo: ApiVersionsRequest.self, version: 3).correlationID == 2)
    }
  }

  @Test("large requests of many connections take turns in little memory")
  func sharedMemory() async throws {
    try await TestServer.run(
      .memory, durability: .buffered,
      {
        $0.broker.newTopics.partitionCount = 3
        $0.maxRequestBytes = 4 << 20
        $0.requestMemoryBytes = 4 << 20
      }
    ) { server in
      let topic = try VersionTests.makeTopic("log", server.raw())
      let bytes = try batch([String(repeating: "m", count: 900_000)])
      let frame = RawClient.frame(
        ProduceRequest([0: bytes, 1: bytes, 2: bytes], to: topic), version: 9)
      let results = Mutex<[[ErrorCode]]>([])
      DispatchQueue.concurrentPerform(iterations: 6) { _ in
        do {
          let client = try server.raw()
          try client.send(frame)
          let answer = try client.receive(answerTo: ProduceRequest.self, version: 9)
          let codes = answer.response.topics.flatMap(\.partitions).map(\.errorCode)
          results.withLock { $0.append(codes) }
        } catch {
          Issue.record(error)
        }
      }
      #expect(results.withLock { $0 } == Array(repeating: [.none, .none, .none], count: 6))
    }
  }

  @Test("a connection that goes while its large request waits gives the memory back")
  func memoryOfTheGone() async throws {
    try await TestServer.run(
      .memory, durability: .buffered,
      {
        $0.maxRequestBytes = 1 << 20
        $0.requestMemoryBytes = 1 << 20
      }
    ) { server in
      let client = try server.raw()
      let topic = try VersionTests.makeTopic("log", client)
      let bytes = try batch([String(repeating: "m", count: 900_000)])
      let frame = RawClient.frame(ProduceRequest([0: bytes], to: topic), version: 9)
      for _ in 0..<10 {
        let visitor = try server.raw()
        try visitor.send(Array(frame[..<300_000]))
      }
      try client.send(frame)
      let answer = try client.receive(answerTo: ProduceRequest.self, version: 9)
      #expect(answer.response.topics.first?.partitions.first?.errorCode == .some(.none))
    }
  }

  @Test("more connections than allowed are closed")
  func tooMany() async throws {
    try await TestServer.run(.memory, { $0.maxConnections = 2 }) { server in
      let first = try server.raw()
      let second = try server.raw()
      for client in [first, second] { _ = try client.call(ApiVersionsRequest(), version: 3) }
      let third = try server.raw()
      #expect(third.receive() == nil)
    }
  }
}
