import MoldauFormat
import MoldauProtocol
import Testing

@testable import MoldauBroker

/// A leader that cannot reach the coordination service, and of whose followers some are silent.
struct DoubtTests {
  private func silence(_ cluster: ClusterBroker, milliseconds: Int64 = 2_001) {
    cluster.clock.advance(milliseconds)
    _ = cluster.replicas.review(silenceLimit: 2_000)
  }

  @Test("clients that wait, or come, are sent elsewhere; nobody is named")
  func clients() throws {
    let cluster = try ClusterBroker()
    try cluster.createTopic()
    let waiting = try cluster.produce(acks: -1)
    let reading = try cluster.fetch(from: 0, waits: true)
    silence(cluster, milliseconds: 2_000)
    #expect(try waiting.code() == nil)
    silence(cluster, milliseconds: 1)
    for call in [waiting, try cluster.produce(), try cluster.produce(acks: -1)] {
      let answer = try #require(try call.answer())
      #expect(answer.topics[0].partitions[0].errorCode == .notLeaderOrFollower)
      #expect(answer.topics[0].partitions[0].currentLeader.leaderID == -1)
    }
    for call in [reading, try cluster.fetch(from: 0)] {
      let answer = try #require(try call.answer())
      #expect(answer.all.map(\.errorCode) == [.notLeaderOrFollower])
    }
    #expect(try cluster.partition().log.endOffset == Offset(rawValue: 1))
    #expect(cluster.replicas.review(silenceLimit: 2_000) == false)
  }

  @Test("a follower is served as before, and what it has is committed")
  func followers() throws {
    let cluster = try ClusterBroker()
    let topic = try cluster.createTopic()
    _ = try cluster.produce(acks: -1)
    silence(cluster)
    for node: Int32 in [2, 3] {
      #expect(try cluster.produce().code() == .notLeaderOrFollower)
      let answer = try FollowerFetch(node).send(topic, [.of(from: 1)], to: cluster).answer()
      #expect(answer?.all.map(\.errorCode) == [ErrorCode.none])
      #expect(cluster.replicas.review(silenceLimit: 2_000) == (node == 3))
    }
    #expect(try cluster.partition().highWatermark == Offset(rawValue: 1))
    #expect(try cluster.produce().code() == ErrorCode.none)
  }

  @Test("the service is back: the leader goes on; a new leadership is not in doubt")
  func ends() throws {
    let cluster = try ClusterBroker()
    try cluster.createTopic()
    silence(cluster)
    #expect(try cluster.produce().code() == .notLeaderOrFollower)
    #expect(cluster.replicas.review(silenceLimit: nil))
    #expect(try cluster.produce().code() == ErrorCode.none)
    silence(cluster)
    #expect(try cluster.produce().code() == .notLeaderOrFollower)
    try cluster.partition().lead(
      ClusterBroker.state(epoch: 4, partitionEpoch: 6), minInSyncReplicas: 1)
    #expect(try cluster.produce().code() == ErrorCode.none)
    silence(cluster, milliseconds: 1)
    #expect(try cluster.produce().code() == ErrorCode.none)
  }

  @Test("who is not in sync may be silent; a leader alone goes on")
  func alone() throws {
    let cluster = try ClusterBroker()
    let topic = try cluster.createTopic(isr: [1, 2])
    try cluster.createTopic("u", isr: [1])
    for _ in 0..<3 {
      cluster.clock.advance(1_500)
      _ = try FollowerFetch(2).send(topic, [.of(from: 0)], to: cluster)
      #expect(cluster.replicas.review(silenceLimit: 2_000) == false)
    }
    silence(cluster)
    #expect(try cluster.produce("u", acks: -1).code() == ErrorCode.none)
    #expect(try cluster.produce("t").code() == .notLeaderOrFollower)
  }
}
