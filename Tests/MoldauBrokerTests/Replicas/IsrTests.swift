import MoldauCluster
import MoldauFormat
import MoldauLog
import MoldauProtocol
import Testing

@testable import MoldauBroker

@Suite("In-sync replicas of a partition that is led here")
struct IsrTests {
  @Test("who lags behind leaves, with the controller's word, and what waited is answered")
  func shrink() throws {
    let cluster = try ClusterBroker()
    let topic = try cluster.createTopic()
    let all = try cluster.produce(acks: -1)
    _ = try FollowerFetch(2).send(topic, [.of(from: 1)], to: cluster)
    cluster.clock.advance(500)
    cluster.runDue()
    #expect(cluster.channel.changes.isEmpty)
    cluster.clock.advance(501)
    _ = try FollowerFetch(2).send(topic, [.of(from: 1)], to: cluster)
    cluster.runDue()
    let change = try #require(cluster.channel.changes.first)
    #expect(change.isr == [.init(nodeID: 1, brokerEpoch: -1), .init(nodeID: 2, brokerEpoch: 12)])
    #expect(change.topicID == topic)
    #expect(change.leaderEpoch == 3)
    #expect(change.partitionEpoch == 5)
    #expect(try all.code() == nil, "the old in-sync replicas count until the change is confirmed")
    cluster.channel.answer(.success(ClusterBroker.state(partitionEpoch: 6, isr: [1, 2])))
    #expect(try all.code() == ErrorCode.none)
    let summary = try #require(cluster.broker.replicationSummary())
    #expect(summary.shrinkCount == 1)
    #expect(summary.underReplicatedCount == 1)
  }

  @Test("a leader whose disk has failed a sync leaves nobody out: it would be the only one in sync")
  func poisoned() throws {
    let cluster = try ClusterBroker(durability: .groupCommit())
    let topic = try cluster.createTopic()
    _ = try FollowerFetch(2).send(topic, [.of(from: 0)], to: cluster)
    _ = try cluster.produce(acks: -1)
    cluster.disk.onCall = { $0.name == "fdatasync" ? .fail(errno: 5) : nil }
    cluster.store.runCommits()
    #expect(cluster.store.isPoisoned)
    cluster.clock.advance(5_000)
    cluster.runDue()
    #expect(cluster.channel.changes.isEmpty)
  }

  @Test("a leader whose disk is full has another in-sync replica lead; not twice in a moment")
  func handOver() throws {
    let cluster = try ClusterBroker()
    try cluster.createTopic()
    try cluster.createTopic("alone", isr: [1])
    _ = try cluster.produce()
    cluster.disk.capacity = 0
    while try cluster.produce().code() == ErrorCode.none {}
    #expect(try cluster.produce().code() == .kafkaStorageError)
    #expect(cluster.channel.changes.map { $0.isr.map(\.nodeID) } == [[2, 3]])
    while try cluster.produce("alone").code() == ErrorCode.none {}
    #expect(cluster.channel.changes.count == 1)
    // Refused: nobody could lead.
    cluster.channel.answer(.failure(.ineligible))
    #expect(try cluster.produce().code() == .kafkaStorageError)
    #expect(cluster.channel.changes.isEmpty)
    cluster.clock.advance(Limits.handOverPauseMilliseconds)
    #expect(try cluster.produce().code() == .kafkaStorageError)
    #expect(cluster.channel.changes.map { $0.isr.map(\.nodeID) } == [[2, 3]])
    // It has room again before the others lead.
    cluster.disk.capacity = nil
    #expect(try cluster.produce().code() == ErrorCode.none)
    let state = ClusterBroker.state(leader: 2, epoch: 4, partitionEpoch: 6, isr: [2, 3])
    cluster.channel.answer(.success(state))
    try cluster.partition().follow(state)
    #expect(try cluster.produce().code() == .notLeaderOrFollower)
  }

  @Test("who has caught up joins; what it has not is waited for from then on")
  func expand() throws {
    let cluster = try ClusterBroker()
    let topic = try cluster.createTopic(isr: [1])
    #expect(try cluster.produce(acks: -1).code() == ErrorCode.none)
    _ = try FollowerFetch(2).send(topic, [.of(from: 0)], to: cluster)
    #expect(cluster.channel.changes.isEmpty)
    _ = try FollowerFetch(2).send(topic, [.of(from: 1)], to: cluster)
    #expect(cluster.channel.changes.map { $0.isr.map(\.nodeID) } == [[1, 2]])
    let all = try cluster.produce(acks: -1)
    #expect(try all.code() == nil)
    cluster.channel.answer(.success(ClusterBroker.state(partitionEpoch: 6, isr: [1, 2])))
    #expect(try all.code() == nil)
    _ = try FollowerFetch(2).send(topic, [.of(from: 2)], to: cluster)
    #expect(try all.code() == ErrorCode.none)
    #expect(cluster.broker.replicationSummary()?.expansionCount == 1)
  }

  @Test("two that have caught up join one after the other, though they have nothing more to fetch")
  func expandTwice() throws {
    let cluster = try ClusterBroker()
    let topic = try cluster.createTopic(isr: [1])
    for node: Int32 in [2, 3] {
      _ = try FollowerFetch(node).send(topic, [.of(from: 0)], to: cluster)
    }
    #expect(cluster.channel.changes.map { $0.isr.map(\.nodeID) } == [[1, 2]])
    cluster.channel.answer(.success(ClusterBroker.state(partitionEpoch: 6, isr: [1, 2])))
    #expect(cluster.channel.changes.map { $0.isr.map(\.nodeID) } == [[1, 2, 3]])
  }

  @Test("a change whose outcome is not known is sent again, until it is known")
  func unknownOutcome() throws {
    let cluster = try ClusterBroker()
    let topic = try cluster.createTopic(isr: [1])
    _ = try FollowerFetch(2).send(topic, [.of(from: 0)], to: cluster)
    let change = try #require(cluster.channel.changes.first)
    for _ in 0..<3 {
      cluster.channel.answer(.failure(.unknownOutcome))
      #expect(cluster.channel.changes.isEmpty)
      cluster.clock.advance(Limits.isrRetryMilliseconds)
      cluster.runDue()
      #expect(cluster.channel.changes == [change])
    }
    cluster.channel.answer(.failure(.unknownOutcome))
    // The controller's state says that it was made.
    try cluster.partition().lead(
      ClusterBroker.state(partitionEpoch: 6, isr: [1, 2]), minInSyncReplicas: 1)
    cluster.clock.advance(Limits.isrRetryMilliseconds)
    cluster.runDue()
    #expect(cluster.channel.changes.isEmpty)
  }

  @Test("a follower whose session is alive stays in sync, though it has nothing to say")
  func aliveSession() throws {
    let cluster = try ClusterBroker()
    let topic = try cluster.createTopic(isr: [1, 2])
    var fetch = FollowerFetch(2)
    fetch.sessionEpoch = 0
    let begun = try fetch.send(topic, [.of(from: 0, knows: 0)], to: cluster).answer()
    fetch.sessionID = try #require(begun).sessionID
    for step in 1...20 {
      fetch.sessionEpoch = Int32(step)
      cluster.clock.advance(400)
      _ = try fetch.send(topic, [], to: cluster)
      cluster.runDue()
    }
    _ = try cluster.produce()
    cluster.clock.advance(400)
    cluster.runDue()
    #expect(cluster.channel.changes.isEmpty, "it has had no time to fetch the record")
    for _ in 0..<3 {
      cluster.clock.advance(400)
      cluster.runDue()
    }
    #expect(cluster.channel.changes.map { $0.isr.map(\.nodeID) } == [[1]])
  }

  @Test("who was refused is asked for again when it fetches, and not before")
  func ineligible() throws {
    let cluster = try ClusterBroker()
    let topic = try cluster.createTopic(isr: [1])
    for _ in 0..<3 {
      _ = try FollowerFetch(2).send(topic, [.of(from: 0)], to: cluster)
      #expect(cluster.channel.changes.count == 1)
      cluster.channel.answer(.failure(.ineligible))
      #expect(cluster.channel.changes.isEmpty)
    }
  }

  @Test("a caught-up replica is waited for until it joins, or its broker is gone")
  func waitsForJoining() throws {
    let cluster = try ClusterBroker()
    let topic = try cluster.createTopic(isr: [1, 2])
    for node: Int32 in [2, 3] {
      _ = try FollowerFetch(node).send(topic, [.of(from: 0)], to: cluster)
    }
    cluster.channel.answer(.failure(.ineligible))
    let all = try cluster.produce(acks: -1)
    _ = try FollowerFetch(2).send(topic, [.of(from: 1)], to: cluster)
    cluster.channel.answer(.failure(.ineligible))
    #expect(try all.code() == nil)
    cluster.register([1: 11, 2: 12])
    #expect(try all.code() == ErrorCode.none)
  }

  @Test("an outcome that comes when the leadership is over changes nothing")
  func lateOutcome() throws {
    let cluster = try ClusterBroker()
    let topic = try cluster.createTopic(isr: [1])
    _ = try FollowerFetch(2).send(topic, [.of(from: 0)], to: cluster)
    let partition = try cluster.partition()
    partition.follow(ClusterBroker.state(leader: 2, epoch: 4, partitionEpoch: 6))
    cluster.channel.answer(.success(ClusterBroker.state(partitionEpoch: 6, isr: [1, 2])))
    #expect(partition.role == .follower(leader: 2, epoch: 4))
    partition.lead(
      ClusterBroker.state(epoch: 5, partitionEpoch: 7, isr: [1]), minInSyncReplicas: 1)
    #expect(partition.replica?.leaderState?.hasPendingChange == false)
  }
}
