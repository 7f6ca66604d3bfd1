import MoldauClient
import MoldauDisk
import MoldauFormat
import Testing

@testable import MoldauCommands
@testable import MoldauLog
@testable import MoldauTesting

struct ClusterTests {
  @Test("status counts what each broker leads and holds")
  func status() async throws {
    try await TestBroker.run(partitionCount: 3) { broker in
      _ = try broker.produce(["x"], to: "log")
      let output = CapturedOutput()
      let status = ClusterStatus(broker.context(output, json: true), zooKeepers: nil)
      #expect(try status.run())
      #expect(output.lines.count == 2)
      #expect(output.lines[0].contains(#""partitionCount":3,"underReplicatedCount":0"#))
      #expect(output.lines[1].contains(#""ledCount":3,"replicaCount":3,"inSyncCount":3"#))
    }
  }

  @Test("an ensemble of which nobody answers is a problem, each server a note")
  func noEnsemble() async throws {
    try await TestBroker.run { broker in
      let output = CapturedOutput()
      // Nobody listens on port 1 of the loopback.
      let nobody = Endpoint(host: "127.0.0.1", port: 1)
      let status = ClusterStatus(broker.context(output, json: true), zooKeepers: [nobody])
      let isWell = try status.run()
      #expect(!isWell)
      #expect(output.lines.contains { $0.contains(#""server":"127.0.0.1:1","state":"down""#) })
      #expect(output.lines.contains { $0.contains("has no majority") })
    }
  }

  @Test("the ensemble that is asked is the one that the brokers name, unless another is given")
  func namedEnsemble() async throws {
    let cluster = try await TestCluster.start(nodes: 1) {
      $0.ensemble = "127.0.0.1:1,[::1]:1/moldau"
    }
    let broker = cluster.running[0].addresses[0]
    let endpoint = Endpoint(host: "127.0.0.1", port: UInt16(broker.port))
    let output = try await onThread {
      let output = CapturedOutput()
      let context = CommandContext(
        cluster: Cluster([endpoint]), output: output, json: true, clock: .testing)
      _ = try ClusterStatus(context).run()
      _ = try ClusterStatus(context, zooKeepers: []).run()
      return output.lines
    }
    try await cluster.stop()
    let servers = output.filter { $0.contains(#""type":"zookeeper""#) }
    #expect(servers.count == 2)
    #expect(servers.first?.contains(#""server":"127.0.0.1:1","state":"down""#) == true)
    #expect(servers.last?.contains(#""server":"[::1]:1","state":"down""#) == true)
  }

  @Test("a partition without a leader waits for brokers, or for somebody to decide")
  func leaderless() async throws {
    let cluster = try await TestCluster.start(nodes: 2) { _ in }
    let log = TopicPartition(topic: "log", partition: 0)
    let endpoints = cluster.running.map {
      Endpoint(host: "127.0.0.1", port: UInt16($0.addresses[0].port))
    }
    // Broker 1 alone is in sync when it loses something; what broker 2 lacks nobody else has then.
    try await onThread {
      var plan = KafkaConnection.TopicPlan(name: log.topic)
      plan.assignments = [[1, 2]]
      _ = try Cluster([endpoints[0]]).controller().create(topic: plan)
    }
    try await cluster.kill(2)
    try await cluster.wait(for: 1) { $0.member?.image.partition(log)?.isr == [1] }
    try await cluster.kill(1)
    try await cluster.restart(2)
    try await cluster.settle()
    let waiting = try await status(of: cluster, 2)
    #expect(waiting[0].contains(#""leaderlessCount":1,"undecidedCount":0"#))
    #expect(waiting.contains { $0.contains("it waits for 1, which have everything") })
    try await cluster.restart(1)
    try await cluster.settle()
    try await cluster.kill(2)
    try await cluster.wait(for: 1) { $0.member?.image.partition(log)?.isr == [1] }
    let store = try #require(cluster.broker(1)?.store)
    store.services.poison(DiskError(call: "fdatasync", path: store.path, errno: 5))
    try await cluster.wait(for: 1) { $0.member?.brokerEpoch == nil }
    try await cluster.kill(1)
    try await cluster.restart(1)
    try await cluster.settle()
    let undecided = try await status(of: cluster, 1)
    #expect(undecided[0].contains(#""leaderlessCount":1,"undecidedCount":1"#))
    #expect(undecided[1].contains(#""lostCount":1"#))
    #expect(undecided.contains { $0.contains("none that is down has everything") })
    #expect(undecided.contains { $0.contains(#""type":"note","path":"broker 1""#) })
    try await cluster.stop()
  }

  private func status(of cluster: TestCluster, _ id: Int32) async throws -> [String] {
    let port = try #require(cluster.server(id)).addresses[0].port
    return try await onThread {
      let output = CapturedOutput()
      let context = CommandContext(
        cluster: Cluster([Endpoint(host: "127.0.0.1", port: UInt16(port))]), output: output,
        json: true, clock: .testing)
      _ = try ClusterStatus(context).run()
      return output.lines
    }
  }

  @Test("what is set for all brokers is shown, and taken back")
  func allBrokers() async throws {
    let cluster = try await TestCluster.start(nodes: 1) { _ in }
    let broker = cluster.running[0].addresses[0]
    let endpoint = Endpoint(host: "127.0.0.1", port: UInt16(broker.port))
    let output = try await onThread {
      let output = CapturedOutput()
      let all = AllBrokersSettings(
        CommandContext(cluster: Cluster([endpoint]), output: output, json: true, clock: .testing))
      try all.alter(set: [try Assignment("min.insync.replicas=2")], unset: [])
      try all.show()
      try all.alter(set: [], unset: ["min.insync.replicas"])
      try all.show()
      #expect(throws: ClientError.self) {
        try all.alter(set: [try Assignment("num.partitions=2")], unset: [])
      }
      return output.lines
    }
    try await cluster.stop()
    #expect(output.count == 3)
    #expect(output[0].contains(#""action":"set","name":"all brokers""#))
    #expect(output[1].contains(#""name":"min.insync.replicas","value":"2""#))
    #expect(output[2].contains(#""action":"unset""#))
  }

  @Test("an election where the only replica leads already changes nothing")
  func election() async throws {
    try await TestBroker.run { broker in
      _ = try broker.produce(["x"], to: "log")
      let output = CapturedOutput()
      let partition = TopicPartition(topic: "log", partition: 0)
      #expect(
        try LeaderElection(broker.context(output)).run([partition], isUnclean: false))
      #expect(output.lines == ["log-0 keeps its leader"])
      let missing = TopicPartition(topic: "none", partition: 0)
      let isThere = try LeaderElection(broker.context(output)).run([missing], isUnclean: false)
      #expect(!isThere)
    }
  }

  @Test("a move to a broker that there is not is refused, and nothing moves")
  func reassignment() async throws {
    try await TestBroker.run { broker in
      _ = try broker.produce(["x"], to: "log")
      let output = CapturedOutput()
      let changes = ReassignmentChanges(broker.context(output))
      let partition = TopicPartition(topic: "log", partition: 0)
      let isTaken = try changes.run([(partition, [7])])
      #expect(!isTaken)
      #expect(output.lines.count == 1)
      try changes.list()
      #expect(output.notes == ["Nothing moves."])
    }
  }

  @Test("partitions and moves are read as they are written, and nothing else is")
  func partitionText() throws {
    #expect(
      try PartitionText.partition("a:b:3") == TopicPartition(topic: "a:b", partition: 3))
    let move = try PartitionText.move("log:0=3,1")
    #expect(move.partition == TopicPartition(topic: "log", partition: 0))
    #expect(move.replicas == [3, 1])
    for wrong in ["log", "log:", ":1", "log:-1", "log:x"] {
      #expect(throws: ArgumentFailure.self) { try PartitionText.partition(wrong) }
    }
    for wrong in ["log:0", "log:0=", "log:0=1,", "log:0=a"] {
      #expect(throws: ArgumentFailure.self) { _ = try PartitionText.move(wrong) }
    }
  }
}
