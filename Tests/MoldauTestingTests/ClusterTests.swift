import Glibc
import MoldauBroker
import MoldauClient
import MoldauCluster
import MoldauDisk
import MoldauFormat
import Testing

@testable import MoldauLog
@testable import MoldauTesting

@Suite struct ClusterTests {
  private let orders = TopicPartition(topic: "orders", partition: 0)
  private let minTwo = ["min.insync.replicas": "2"]

  @Test("three brokers of one process become a cluster and replicate a topic")
  func begins() async throws {
    try await withCluster(nodes: 3) { cluster in
      _ = try await cluster.createTopic("orders", partitions: 1, replicas: 3)
      try await cluster.produce("first", to: orders)
      try await cluster.waitForAll(orders, highWatermark: 1)
    }
  }

  @Test("when the leader dies another goes on, and the dead one joins again when it is back")
  func leaderDies() async throws {
    try await withCluster(nodes: 3) { cluster in
      _ = try await cluster.createTopic("orders", partitions: 1, replicas: 3, minTwo)
      try await cluster.produce("before", to: orders)
      let dead = try await cluster.leader(of: orders)
      try await cluster.kill(dead)
      try await cluster.produce("after", to: orders)
      #expect(try await cluster.leader(of: orders) != dead)
      try await cluster.restart(dead)
      try await cluster.waitForISR(orders, count: 3)
      try await cluster.waitForAll(orders, highWatermark: 2)
      #expect(try await cluster.values(in: orders) == ["before", "after"])
    }
  }

  @Test(
    "a broker that is stopped in order hands its leaderships over before, and leads again after")
  func stopsInOrder() async throws {
    try await withCluster(nodes: 3) { cluster in
      _ = try await cluster.createTopic("orders", partitions: 6, replicas: 3, minTwo)
      let leader = try await cluster.leader(of: orders)
      try await cluster.produce("before", to: orders)
      try await cluster.stop(leader)
      for id in cluster.runningIDs {
        let state = cluster.broker(id)?.member?.image.partition(orders)
        #expect(state?.leader != leader)
        #expect(state?.leader ?? -1 >= 0)
      }
      try await cluster.produce("between", to: orders)
      try await cluster.restart(leader)
      try await cluster.settle()
      let survived = cluster.broker(leader)?.member?.image.brokers[leader]
      #expect(survived?.hasSurvived == true)
      try await cluster.waitForISR(orders, count: 3)
      #expect(try await cluster.values(in: orders) == ["before", "between"])
    }
  }

  @Test("a broker whose session expires leads nothing, registers anew and joins again")
  func sessionExpires() async throws {
    try await withCluster(nodes: 3) { cluster in
      _ = try await cluster.createTopic("orders", partitions: 1, replicas: 3, minTwo)
      let leader = try await cluster.leader(of: orders)
      try await cluster.produce("before", to: orders)
      let epoch = try #require(cluster.broker(leader)?.member?.brokerEpoch)
      cluster.expireSession(leader)
      try await cluster.wait(for: leader) { ($0.member?.brokerEpoch ?? epoch) > epoch }
      try await cluster.settle()
      try await cluster.waitForISR(orders, count: 3)
      try await cluster.produce("after", to: orders)
      #expect(try await cluster.values(in: orders) == ["before", "after"])
    }
  }

  @Test("a broker whose disk has failed a sync leaves, and others lead what it led")
  func isPoisoned() async throws {
    try await withCluster(nodes: 3) { cluster in
      _ = try await cluster.createTopic("orders", partitions: 1, replicas: 3, minTwo)
      try await cluster.produce("before", to: orders)
      let leader = try await cluster.leader(of: orders)
      let store = try #require(cluster.broker(leader)?.store)
      store.services.poison(DiskError(call: "fdatasync", path: store.path, errno: 5))
      try await cluster.wait(for: leader) { $0.member?.brokerEpoch == nil }
      try await cluster.produce("after", to: orders)
      #expect(try await cluster.leader(of: orders) != leader)
      #expect(cluster.broker(leader)?.partition("orders", 0)?.role == .some(.none))
      #expect(try await cluster.values(in: orders) == ["before", "after"])
    }
  }

  @Test("the only replica of a partition is served with what is left after its disk has failed")
  func onlyReplicaIsPoisoned() async throws {
    try await withCluster(nodes: 2) { cluster in
      _ = try await cluster.createTopic("orders", partitions: 1, replicas: 1)
      try await cluster.produce("before", to: orders)
      let leader = try await cluster.leader(of: orders)
      let store = try #require(cluster.broker(leader)?.store)
      store.services.poison(DiskError(call: "fdatasync", path: store.path, errno: 5))
      try await cluster.wait(for: leader) { $0.member?.brokerEpoch == nil }
      try await cluster.kill(leader)
      try await cluster.restart(leader)
      try await cluster.settle()
      #expect(cluster.broker(leader)?.member?.image.brokers[leader]?.hasSurvived == false)
      #expect(cluster.broker(leader)?.replicationSummary()?.lostCount == 1)
      try await cluster.produce("after", to: orders)
      #expect(try await cluster.values(in: orders) == ["before", "after"])
    }
  }

  @Test("records that were deleted are gone from all in-sync replicas when the answer comes")
  func deletesRecords() async throws {
    try await withCluster(nodes: 3) { cluster in
      _ = try await cluster.createTopic("orders", partitions: 1, replicas: 3, minTwo)
      for number in 0..<4 { try await cluster.produce("\(number)", to: orders) }
      #expect(try await cluster.deleteRecords(of: orders, before: 3) == 3)
      for id in cluster.runningIDs {
        #expect(cluster.broker(id)?.log(of: orders)?.startOffset.rawValue == 3)
      }
    }
  }

  @Test("a broker that cannot hand over what it leads stops all the same, when its time is up")
  func stopRunsIntoItsLimit() async throws {
    let cluster = try await TestCluster.start(nodes: 2) { $0.shutdownMilliseconds = 50 }
    do {
      _ = try await cluster.createTopic("orders", partitions: 1, replicas: 2)
      try await cluster.produce("before", to: orders)
      let leader = try await cluster.leader(of: orders)
      // Nothing of the cluster can be changed, so that nobody else can lead.
      cluster.tree.setAvailable(false)
      try await cluster.stop(leader)
      #expect(cluster.server(leader) == nil)
      cluster.tree.setAvailable(true)
      try await cluster.restart(leader)
      try await cluster.waitForISR(orders, count: 2)
      try await cluster.produce("after", to: orders)
      #expect(try await cluster.values(in: orders) == ["before", "after"])
    } catch {
      try await cluster.stop()
      throw error
    }
    try await cluster.stop()
  }

  @Test("no producer id is given twice: by brokers at once, or when an answer is lost")
  func producerIDs() async throws {
    try await withCluster(nodes: 3) { cluster in
      let members = try cluster.runningIDs.map { try #require(cluster.broker($0)?.member) }
      let controller = try await cluster.controllerID()
      let other = try #require(members.first { $0.nodeID != controller })
      let session = try #require(other.sessionID)
      var given: [Range<Int64>] = []
      for round in 0..<12 {
        // The controller writes for itself, the other member only for its ids.
        switch round {
        case 3: cluster.tree.disconnectAtNextWrite(session, .carriedOut)
        case 7: cluster.tree.disconnectAtNextWrite(session, .dropped)
        default: break
        }
        let results = await withTaskGroup(of: Result<Range<Int64>, ClusterRefusal>.self) {
          group in
          for member in members {
            group.addTask {
              await withCheckedContinuation { continuation in
                member.reserveProducerIDs { continuation.resume(returning: $0) }
              }
            }
          }
          return await group.reduce(into: []) { $0.append($1) }
        }
        let lost = round == 3 || round == 7 ? 1 : 0
        #expect(results.count { if case .failure = $0 { true } else { false } } == lost)
        given += results.compactMap { if case .success(let block) = $0 { block } else { nil } }
        cluster.tree.reconnect(session)
      }
      given.sort { $0.lowerBound < $1.lowerBound }
      #expect(given.count == 34)
      #expect(zip(given, given.dropFirst()).allSatisfy { $0.upperBound <= $1.lowerBound })
    }
  }

  @Test("min.insync.replicas of all brokers holds for the leaders of topics that say nothing")
  func minimumOfAllBrokers() async throws {
    try await withCluster(nodes: 2) { cluster in
      _ = try await cluster.createTopic("orders", partitions: 1, replicas: 2)
      try await cluster.kill(try await cluster.otherThanController())
      try await cluster.waitForISR(orders, count: 1)
      try await cluster.produce("alone", to: orders)
      try await cluster.setForAllBrokers("min.insync.replicas", to: "2")
      let leader = try await cluster.leader(of: orders)
      try await cluster.wait(for: leader) { broker in
        broker.replicationSummary()?.underMinISRCount == 1
      }
      try await cluster.setForAllBrokers("min.insync.replicas", to: nil)
      try await cluster.produce("again", to: orders)
      #expect(try await cluster.values(in: orders) == ["alone", "again"])
    }
  }

  @Test("the controller dies, and another takes over")
  func controllerDies() async throws {
    try await withCluster(nodes: 3) { cluster in
      _ = try await cluster.createTopic("orders", partitions: 1, replicas: 3, minTwo)
      try await cluster.kill(try await cluster.controllerID())
      try await cluster.produce("after", to: orders)
      _ = try await cluster.createTopic("more", partitions: 2, replicas: 2)
      try await cluster.produce("more", to: TopicPartition(topic: "more", partition: 1))
    }
  }

  @Test("all brokers die and come back: what was acknowledged is there")
  func allDie() async throws {
    try await withCluster(nodes: 3) { cluster in
      _ = try await cluster.createTopic("orders", partitions: 1, replicas: 3, minTwo)
      for number in 0..<10 { try await cluster.produce("\(number)", to: orders) }
      for id in cluster.runningIDs { try await cluster.kill(id) }
      for id in Int32(1)...3 { try await cluster.restart(id) }
      try await cluster.settle()
      try await cluster.produce("10", to: orders)
      #expect(try await cluster.values(in: orders) == (0...10).map { "\($0)" })
    }
  }

  @Test("a topic that is deleted goes from all disks, and one of its name begins anew")
  func deletes() async throws {
    try await withCluster(nodes: 3) { cluster in
      let first = try await cluster.createTopic("orders", partitions: 3, replicas: 2)
      try await cluster.produce("old", to: orders)
      try await cluster.deleteTopic("orders")
      let second = try await cluster.createTopic("orders", partitions: 1, replicas: 3)
      #expect(first.id != second.id)
      try await cluster.produce("new", to: orders)
      #expect(try await cluster.values(in: orders) == ["new"])
    }
  }

  @Test("a topic that was deleted while a broker was down goes when the broker is back")
  func deletesOfAbsent() async throws {
    try await withCluster(nodes: 3) { cluster in
      _ = try await cluster.createTopic("orders", partitions: 3, replicas: 3)
      let absent = try await cluster.otherThanController()
      try await cluster.stop(absent)
      try await cluster.deleteTopic("orders")
      try await cluster.restart(absent)
      try await cluster.wait(for: absent) { $0.store.topics.isEmpty && $0.isReady }
    }
  }

  @Test("replicas move to another broker, with their records, and leave the one that had them")
  func moves() async throws {
    try await withCluster(nodes: 3) { cluster in
      let topic = try await cluster.createTopic("orders", partitions: 1, replicas: 1)
      for number in 0..<5 { try await cluster.produce("\(number)", to: orders) }
      let from = topic.partitions[0].leader
      let target = try #require(cluster.runningIDs.first { $0 != from })
      try await cluster.move(orders, to: [target])
      try await cluster.wait(for: from) { $0.partition("orders", 0) == nil }
      #expect(try await cluster.leader(of: orders) == target)
      try await cluster.produce("5", to: orders)
      #expect(try await cluster.values(in: orders) == (0...5).map { "\($0)" })
    }
  }

  @Test("a topic gets more partitions, and other settings, on every broker that has it")
  func grows() async throws {
    try await withCluster(nodes: 3) { cluster in
      _ = try await cluster.createTopic("orders", partitions: 1, replicas: 3)
      try await cluster.addPartitions(to: "orders", count: 4)
      try await cluster.set("retention.ms", to: "1234567", of: "orders")
      for id in cluster.runningIDs {
        try await cluster.wait(for: id) { broker in
          let topic = broker.store.existingTopic("orders")
          return topic?.partitions.count == 4
            && topic?.configuration.retention.contains(.age(.milliseconds(1_234_567))) == true
        }
      }
      try await cluster.produce("more", to: TopicPartition(topic: "orders", partition: 3))
    }
  }
}
