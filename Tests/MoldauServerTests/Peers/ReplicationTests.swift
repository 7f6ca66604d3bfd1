import MoldauBroker
import MoldauFormat
import MoldauLog
import MoldauProtocol
import Testing

@testable import MoldauServer

/// Followers and their leader over real sockets.
struct ReplicationTests {
  private func append(_ count: Int, to partition: Partition, epoch: Int32) throws {
    for number in 0..<count {
      let bytes = try batch(["value \(number)"])
      _ = try unsafe partition.log.append(bytes.span.bytes, leaderEpoch: epoch)
    }
  }

  private func content(_ log: PartitionLog) throws -> [UInt8]? {
    try log.read(from: log.startOffset, limit: log.endOffset, maxBytes: 1 << 20)?.copyBytes()
  }

  @Test("two followers get what their leader has, and the high watermark follows them")
  func replicates() async throws {
    try await HandCluster.run(3, partitionCount: 3) { cluster in
      cluster.lead(by: 1, epoch: 4)
      for partition in cluster.nodes[0].partitions {
        try append(50, to: partition, epoch: 4)
        await partition.awaitVisible(Offset(rawValue: 50))
        for node in cluster.nodes {
          let copy = node.partitions[Int(partition.index)].log
          #expect(copy.endOffset == Offset(rawValue: 50))
          #expect(copy.durableOffset == Offset(rawValue: 50))
          #expect(try content(copy) == content(partition.log))
        }
      }
    }
  }

  @Test("another broker leads: what the old one had alone is cut, and goes on from there")
  func failover() async throws {
    try await HandCluster.run(3) { cluster in
      cluster.lead(by: 1, epoch: 4)
      let first = cluster.nodes[0].partitions[0]
      try append(10, to: first, epoch: 4)
      await first.awaitVisible(Offset(rawValue: 10))
      for node in cluster.nodes { node.fetchers.stopAll() }
      try append(7, to: first, epoch: 4)
      cluster.lead(by: 2, epoch: 5)
      let second = cluster.nodes[1].partitions[0]
      try append(3, to: second, epoch: 5)
      await second.awaitVisible(Offset(rawValue: 13))
      for node in cluster.nodes {
        let copy = node.partitions[0].log
        #expect(copy.endOffset == Offset(rawValue: 13))
        #expect(try content(copy) == content(second.log), "\(node.nodeID)")
      }
    }
  }

  @Test("an empty replica gets a log of many segments")
  func catchUp() async throws {
    let settings = ReplicaFetchConfiguration(responseBytes: 64 << 10, partitionBytes: 32 << 10)
    try await HandCluster.run(2, partitionCount: 2, durability: .buffered, settings) { cluster in
      cluster.lead(by: 1, epoch: 4, followers: [])
      let values = (0..<200).map { _ in String(repeating: "x", count: 1_000) }
      for partition in cluster.nodes[0].partitions {
        for _ in 0..<10 {
          let bytes = try batch(values)
          _ = try unsafe partition.log.append(bytes.span.bytes, leaderEpoch: 4)
        }
      }
      cluster.lead(by: 1, epoch: 5)
      for partition in cluster.nodes[0].partitions {
        let last = try batch(["last"])
        _ = try unsafe partition.log.append(last.span.bytes, leaderEpoch: 5)
        await partition.awaitVisible(Offset(rawValue: 2_001))
        let copy = cluster.nodes[1].partitions[Int(partition.index)].log
        #expect(copy.endOffset == Offset(rawValue: 2_001))
        #expect(copy.byteCount == partition.log.byteCount)
      }
    }
  }

  // MARK: Who may

  private func replicaFetch(_ nodeID: Int32, epoch: Int64, wait: Int32 = 0) -> FetchRequest {
    var fetch = FetchRequest()
    fetch.replicaState.replicaID = nodeID
    fetch.replicaState.replicaEpoch = epoch
    fetch.maxWaitMilliseconds = wait
    fetch.minBytes = 1
    fetch.sessionEpoch = -1
    var topic = FetchRequest.Topic()
    topic.id = TopicID(high: 7, low: 7)
    var partition = FetchRequest.Partition()
    partition.currentLeaderEpoch = 4
    partition.maxBytes = 1 << 20
    topic.partitions = [partition]
    fetch.topics = [topic]
    return fetch
  }

  @Test("only registered brokers are served as replicas, and only at the replication listener")
  func security() async throws {
    try await HandCluster.run(2) { cluster in
      cluster.lead(by: 1, epoch: 4, followers: [])
      let node = cluster.nodes[0]
      let cases: [(channel: UInt16, nodeID: Int32, epoch: Int64, isServed: Bool)] = [
        (HandCluster.Node.port(node.peers), 2, 20, true),
        (HandCluster.Node.port(node.peers), 2, 19, false),
        (HandCluster.Node.port(node.peers), 3, 30, false),
        (HandCluster.Node.port(node.clients), 2, 20, false),
        (HandCluster.Node.port(node.clients), 3, 30, false),
      ]
      let codes = try await TestServer.onOwnThread {
        try cases.map { one in
          try RawClient(port: one.channel)
            .call(self.replicaFetch(one.nodeID, epoch: one.epoch), version: 17).errorCode
        }
      }.get()
      for (one, code) in zip(cases, codes) {
        #expect(code == (one.isServed ? .none : .clusterAuthorizationFailed), "\(one)")
      }
    }
  }

  @Test("a broker's request overtakes its long poll; a client's waits for it")
  func overtaking() async throws {
    try await HandCluster.run(2) { cluster in
      cluster.lead(by: 1, epoch: 4, followers: [])
      let port = HandCluster.Node.port(cluster.nodes[0].peers)
      let order = try await TestServer.onOwnThread {
        let client = try RawClient(port: port)
        let fetch = self.replicaFetch(2, epoch: 20, wait: OrderTests.forEver)
        try client.send(fetch, version: 17, correlationID: 1)
        try client.send(fetch, version: 17, correlationID: 2)
        let first = try client.receive(answerTo: FetchRequest.self, version: 17).correlationID
        try client.send(ApiVersionsRequest(), version: 0, correlationID: 3)
        let second = try client.receive(answerTo: FetchRequest.self, version: 17).correlationID
        let third = try client.receive(answerTo: ApiVersionsRequest.self, version: 0)
        return [first, second, third.correlationID]
      }.get()
      #expect(order == [1, 2, 3])
    }
  }
}
