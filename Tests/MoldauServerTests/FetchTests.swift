import MoldauFormat
import MoldauLog
import MoldauProtocol
import Testing

@testable import MoldauServer

struct FetchTests {
  @Test("a long poll ends when its time is up, without records")
  func timeIsUp() async throws {
    try await TestServer.run { server in
      let client = try server.raw()
      let topic = try VersionTests.makeTopic("log", client)
      var fetch = FetchRequest([0: 0], of: topic)
      fetch.maxWaitMilliseconds = 20
      try client.send(fetch, version: 12)
      let answer = try client.receive(answerTo: FetchRequest.self, version: 12)
      #expect(answer.response.topics.first?.partitions.first?.errorCode == .some(.none))
      #expect(try answer.values() == [])
    }
  }

  @Test("a long poll waits until there are min bytes")
  func minBytes() async throws {
    try await TestServer.run { server in
      let client = try server.raw()
      let topic = try VersionTests.makeTopic("log", client)
      let first = try batch(["one"])
      let second = try batch(["two"])
      var fetch = FetchRequest([0: 0], of: topic)
      fetch.maxWaitMilliseconds = OrderTests.forEver
      fetch.minBytes = Int32(first.count + second.count)
      try client.send(fetch, version: 12)
      for bytes in [first, second] {
        try client.send(ProduceRequest([0: bytes], to: topic), version: 9)
      }
      let answer = try client.receive(answerTo: FetchRequest.self, version: 12)
      #expect(try answer.values() == ["one", "two"])
    }
  }

  @Test("the first batch comes whatever max bytes says, and no second one beyond it")
  func maxBytes() async throws {
    try await TestServer.run { server in
      let client = try server.raw()
      let topic = try VersionTests.makeTopic("log", client)
      for value in ["one", "two", "three"] {
        _ = try client.call(ProduceRequest([0: try batch([value])], to: topic), version: 9)
      }
      let size = Int32(try batch(["one"]).count)
      for (limit, values) in [
        (1, ["one"]), (2 * size - 1, ["one"]), (2 * size, ["one", "two"]),
        (1 << 20, ["one", "two", "three"]),
      ] {
        try client.send(FetchRequest([0: 0], of: topic, maxBytes: limit), version: 12)
        let answer = try client.receive(answerTo: FetchRequest.self, version: 12)
        #expect(try answer.values() == values, "\(limit) bytes")
      }
    }
  }

  @Test("max bytes counts over all partitions, and only the first may exceed it")
  func maxBytesOfAll() async throws {
    try await TestServer.run(.memory, { $0.broker.newTopics.partitionCount = 3 }) { server in
      let client = try server.raw()
      let topic = try VersionTests.makeTopic("log", client)
      let bytes = try batch(["value"])
      _ = try client.call(ProduceRequest([0: bytes, 1: bytes, 2: bytes], to: topic), version: 9)
      for (limit, counts) in [(1, [1, 0, 0]), (2 * bytes.count, [1, 1, 0])] {
        var fetch = FetchRequest([0: 0, 1: 0, 2: 0], of: topic)
        fetch.maxBytes = Int32(limit)
        try client.send(fetch, version: 12)
        let answer = try client.receive(answerTo: FetchRequest.self, version: 12)
        #expect(try (0..<3).map { try answer.values(of: $0).count } == counts)
      }
    }
  }

  @Test("an offset outside the log is an error at once", arguments: [-1, 4, .max])
  func outOfRange(offset: Int64) async throws {
    try await TestServer.run { server in
      let client = try server.raw()
      let topic = try VersionTests.makeTopic("log", client)
      _ = try client.call(ProduceRequest([0: try batch(["a", "b", "c"])], to: topic), version: 9)
      var fetch = FetchRequest([0: offset], of: topic)
      fetch.maxWaitMilliseconds = OrderTests.forEver
      let partition = try client.call(fetch, version: 12).topics.first?.partitions.first
      #expect(partition?.errorCode == .offsetOutOfRange)
    }
  }

  @Test("a topic or partition that is not there is an error at once", arguments: [12, 13])
  func unknownTopic(version: Int16) async throws {
    try await TestServer.run { server in
      let client = try server.raw()
      let known = try VersionTests.makeTopic("log", client)
      var fetch = FetchRequest([0: 0], of: NamedTopic(name: "x", id: TopicID(high: 7, low: 7)))
      fetch.maxWaitMilliseconds = OrderTests.forEver
      #expect(
        try client.call(fetch, version: version).topics.first?.partitions.first?.errorCode
          == (version >= 13 ? .unknownTopicID : .unknownTopicOrPartition))
      fetch = FetchRequest([9: 0], of: known)
      fetch.maxWaitMilliseconds = OrderTests.forEver
      #expect(
        try client.call(fetch, version: version).topics.first?.partitions.first?.errorCode
          == .unknownTopicOrPartition)
    }
  }

  @Test("a leader epoch that is yet to come is told")
  func leaderEpoch() async throws {
    try await TestServer.run { server in
      let client = try server.raw()
      var fetch = FetchRequest([0: 0], of: try VersionTests.makeTopic("log", client))
      fetch.topics[0].partitions[0].currentLeaderEpoch = 5
      let partition = try client.call(fetch, version: 12).topics.first?.partitions.first
      #expect(partition?.errorCode == .unknownLeaderEpoch)
    }
  }

  @Test(
    "large fetches from files come back byte for byte",
    arguments: [1 << 10, 64 << 10, 4 << 20])
  func fromFiles(maxBytes: Int32) async throws {
    try await TestServer.run(.folder) { server in
      let client = try server.raw()
      let topic = try VersionTests.makeTopic("log", client)
      let values = (0..<400).map { "\($0) " + String(repeating: "x", count: 10_000 + $0) }
      for start in stride(from: 0, to: values.count, by: 20) {
        let bytes = try batch(Array(values[start..<(start + 20)]))
        _ = try client.call(ProduceRequest([0: bytes], to: topic, acks: 1), version: 9)
      }
      var read: [String] = []
      while read.count < values.count {
        let next = Int64(read.count)
        try client.send(FetchRequest([0: next], of: topic, maxBytes: maxBytes), version: 12)
        let answer = try client.receive(answerTo: FetchRequest.self, version: 12)
        let found = try answer.values(from: next)
        guard !found.isEmpty else { break }
        read += found
      }
      let isEqual = read == values
      #expect(isEqual, "\(read.count) records came")
    }
  }

  @Test("an answer of many partitions comes whole, copied and from files")
  func manyPartitions() async throws {
    let count: Int32 = 120
    try await TestServer.run(.folder, { $0.broker.newTopics.partitionCount = Int(count) }) {
      server in
      let client = try server.raw()
      let topic = try VersionTests.makeTopic("log", client)
      let value = String(repeating: "z", count: 20_000)
      var batches: [Int32: [UInt8]] = [:]
      var offsets: [Int32: Int64] = [:]
      for index in 0..<count {
        batches[index] = try batch(["\(index) \(value)"])
        offsets[index] = 0
      }
      _ = try client.call(ProduceRequest(batches, to: topic, acks: 1), version: 9)
      var fetch = FetchRequest(offsets, of: topic)
      fetch.maxBytes = .max
      try client.send(fetch, version: 12)
      let answer = try client.receive(answerTo: FetchRequest.self, version: 12)
      for index in 0..<count {
        let isEqual = try answer.values(of: index) == ["\(index) \(value)"]
        #expect(isEqual, "partition \(index)")
      }
    }
  }

  @Test("several connections fetch from one segment file at the same time")
  func sharedFile() async throws {
    try await TestServer.run(.folder) { server in
      let client = try server.raw()
      let topic = try VersionTests.makeTopic("log", client)
      let values = (0..<50).map { "\($0) " + String(repeating: "y", count: 20_000) }
      _ = try client.call(
        ProduceRequest([0: try batch(values)], to: topic, acks: 1), version: 9)
      let readers = try (0..<8).map { _ in try server.raw() }
      for _ in 0..<5 {
        for reader in readers { try reader.send(FetchRequest([0: 0], of: topic), version: 12) }
        for reader in readers {
          let answer = try reader.receive(answerTo: FetchRequest.self, version: 12)
          let isEqual = try answer.values() == values
          #expect(isEqual)
        }
      }
    }
  }
}
