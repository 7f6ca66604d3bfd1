import MoldauCoordination
import MoldauFormat
import MoldauProtocol
import Testing

@testable import MoldauCluster

/// Random deaths, restarts, lost connections and requests; what must hold always is looked at after
/// each step, and that all is as it should be at the end, when everything is up again.
struct ControllerFuzzTests {
  /// What was seen of a partition over all its life.
  private final class Witness {
    private var leaders: [String: [Int32: Int32]] = [:]
    private var last: [String: (leaderEpoch: Int32, partitionEpoch: Int32)] = [:]

    /// Looks at a partition's state, which may be the same as before.
    func look(
      at state: PartitionStateNode, version: Int32, creation: Int64, of partition: TopicPartition
    ) {
      let key = "\(partition) \(creation)"
      if let before = last[key] {
        #expect(state.leaderEpoch >= before.leaderEpoch)
        #expect(version >= before.partitionEpoch)
      }
      last[key] = (state.leaderEpoch, version)
      guard state.leader >= 0 else { return }
      #expect(state.isr.contains(state.leader))
      let known = leaders[key, default: [:]][state.leaderEpoch]
      #expect(known == nil || known == state.leader, "two leaders of \(partition) in one epoch")
      leaders[key, default: [:]][state.leaderEpoch] = state.leader
    }
  }

  private func look(_ bench: ControllerBench, _ witness: Witness) throws {
    #expect(bench.active.count <= 3)
    for topic in bench.tree.children(of: ClusterPath.topics) ?? [] {
      for number in bench.tree.children(of: ClusterPath.partitions(of: topic)) ?? [] {
        let partition = TopicPartition(topic: topic, partition: Int32(number) ?? 0)
        let path = ClusterPath.state(of: partition)
        guard let data = bench.tree.data(at: path), let stat = bench.tree.stat(of: path) else {
          continue
        }
        let state = try PartitionStateNode(parsing: data, at: path)
        witness.look(at: state, version: stat.version, creation: stat.creationID, of: partition)
      }
    }
  }

  /// The published image and the tree say the same.
  private func compare(_ bench: ControllerBench) throws {
    let image = bench.image
    #expect(image.topics.keys.sorted() == bench.tree.children(of: ClusterPath.topics))
    #expect(bench.tree.children(of: ClusterPath.topicDeletions) == [])
    for topic in image.topics.values {
      let path = ClusterPath.topic(topic.name)
      let node = try TopicNode(parsing: try #require(bench.tree.data(at: path)), at: path)
      #expect(node == TopicNode(topic))
      for (number, state) in topic.partitions.enumerated() {
        let stored = try #require(try bench.stored(topic.name, Int32(number)))
        #expect(stored == PartitionStateNode(state, controllerEpoch: stored.controllerEpoch))
        #expect(state.leader >= 0 || state.isr.isEmpty)
      }
    }
  }

  @Test(
    "whatever fails, epochs grow, an epoch has one leader, and the image is what the tree says",
    arguments: 1...60)
  func fuzz(seed: UInt64) throws {
    var random = CountingGenerator(state: seed &* 7_919)
    let bench = ControllerBench()
    let witness = Witness()
    bench.start([1, 2, 3, 4])
    let answers = Shared(0)
    var asked = 0
    for _ in 0..<80 {
      step(bench, &random, answers, &asked)
      // Some steps meet a controller that is in the middle of something.
      if Bool.random(using: &random) { bench.settle() }
      try look(bench, witness)
    }
    for node: Int32 in 1...4 where bench.members[node] == nil { bench.restart(node) }
    // A session may still be about to lose its connection with its next write.
    for _ in 0..<6 {
      for id in bench.tree.sessionIDs { bench.tree.reconnect(id) }
      bench.advance(milliseconds: bench.settings.patienceMilliseconds)
    }
    try look(bench, witness)
    #expect(bench.active.count == 1)
    #expect(bench.image.brokers.count == 4)
    try compare(bench)
    #expect(answers.value == asked)
  }

  private func step(
    _ bench: ControllerBench, _ random: inout CountingGenerator, _ answers: Shared<Int>,
    _ asked: inout Int
  ) {
    let node = Int32.random(in: 1...4, using: &random)
    let topic = ["a", "b", "c"].randomElement(using: &random) ?? "a"
    let answer: @Sendable () -> Void = { answers.value += 1 }
    switch Int.random(in: 0..<12, using: &random) {
    case 0: bench.kill(node)
    case 1, 2:
      bench.restart(node, survives: Int.random(in: 0..<4, using: &random) > 0)
    case 3:
      guard let member = bench.members[node] else { return }
      let outcome: LostRequests = Bool.random(using: &random) ? .dropped : .carriedOut
      bench.tree.disconnectAtNextWrite(member.sessionID, outcome)
    case 4:
      for id in bench.tree.sessionIDs { bench.tree.reconnect(id) }
      bench.advance(milliseconds: 1_000)
    default:
      guard let controller = bench.members[node]?.controller else { return }
      asked += 1
      ask(controller, topic, bench, &random, answer)
    }
  }

  private func ask(
    _ controller: ClusterController, _ topic: String, _ bench: ControllerBench,
    _ random: inout CountingGenerator, _ answer: @escaping @Sendable () -> Void
  ) {
    let partition = TopicPartition(
      topic: topic, partition: Int32.random(in: 0..<3, using: &random))
    switch Int.random(in: 0..<8, using: &random) {
    case 0, 1:
      controller.createTopic(
        TopicCreation(
          name: topic, partitionCount: Int32.random(in: 1...3, using: &random),
          replicationFactor: Int32.random(in: 1...3, using: &random),
          configuration: ["min.insync.replicas": "\(Int.random(in: 1...2, using: &random))"]),
        validatesOnly: false
      ) { _ in answer() }
    case 2 where Int.random(in: 0..<4, using: &random) == 0:
      controller.deleteTopic(.name(topic)) { _ in answer() }
    case 3:
      let count = Int32.random(in: 2...4, using: &random)
      controller.createPartitions(
        PartitionsCreation(topic: topic, partitionCount: count), validatesOnly: false
      ) { _ in answer() }
    case 4:
      let replicas = (1...4).shuffled(using: &random).prefix(2).map { Int32($0) }
      let target = Bool.random(using: &random) ? replicas : nil
      controller.reassign([Reassignment(partition: partition, replicas: target)]) { _ in answer() }
    case 5:
      controller.alterConfiguration(
        of: .topic(topic),
        .alter(["min.insync.replicas": "\(Int.random(in: 1...3, using: &random))"]),
        validatesOnly: false
      ) { _ in answer() }
    case 6:
      controller.electLeaders(.preferred, of: nil) { _ in answer() }
    default:
      guard let (change, leader, epoch) = isrChange(partition, bench, &random) else {
        return answer()
      }
      controller.alterPartitions([change], from: leader, brokerEpoch: epoch) { _ in answer() }
    }
  }

  /// A change as the partition's leader could ask for it, by what the tree says.
  private func isrChange(
    _ partition: TopicPartition, _ bench: ControllerBench, _ random: inout CountingGenerator
  ) -> (IsrChange, leader: Int32, epoch: Int64)? {
    let path = ClusterPath.state(of: partition)
    let topicPath = ClusterPath.topic(partition.topic)
    guard let data = bench.tree.data(at: path), let stat = bench.tree.stat(of: path),
      let topicData = bench.tree.data(at: topicPath)
    else { return nil }
    do {
      let state = try PartitionStateNode(parsing: data, at: path)
      let topic = try TopicNode(parsing: topicData, at: topicPath)
      guard state.leader >= 0,
        let epoch = bench.members[state.leader]?.registration?.brokerEpoch
      else { return nil }
      let members = topic.replicas(of: partition.partition).filter {
        $0 == state.leader || Bool.random(using: &random)
      }
      let change = IsrChange(
        partition: partition, topicID: topic.id, leaderEpoch: state.leaderEpoch,
        partitionEpoch: stat.version,
        isr: members.map {
          .init(nodeID: $0, brokerEpoch: bench.members[$0]?.registration?.brokerEpoch ?? -1)
        })
      return (change, state.leader, epoch)
    } catch {
      Issue.record(error)
      return nil
    }
  }
}
