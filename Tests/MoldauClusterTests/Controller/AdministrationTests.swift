import MoldauCoordination
import MoldauFormat
import MoldauProtocol
import Testing

@testable import MoldauCluster

struct AdministrationTests {
  private typealias TopicResult = Result<TopicImage, ClusterRefusal>

  private let orders = TopicPartition(topic: "orders", partition: 0)

  private func bench(_ nodes: [Int32] = [1, 2, 3]) -> ControllerBench {
    let bench = ControllerBench()
    bench.start(nodes)
    return bench
  }

  private func create(
    _ creation: TopicCreation, on bench: ControllerBench, validatesOnly: Bool = false
  ) -> TopicResult? {
    bench.wait { bench.controller.createTopic(creation, validatesOnly: validatesOnly, $0) }
  }

  static let refused: [(TopicCreation, ErrorCode)] = [
    (TopicCreation(name: "a/b"), .invalidTopicException),
    (TopicCreation(name: "known.topic"), .topicAlreadyExists),
    (TopicCreation(name: "known_topic"), .invalidTopicException),
    (TopicCreation(name: "t", partitionCount: 0), .invalidPartitions),
    (TopicCreation(name: "t", partitionCount: 10_001), .invalidPartitions),
    (TopicCreation(name: "t", partitionCount: -2), .invalidPartitions),
    (TopicCreation(name: "t", partitionCount: .min), .invalidPartitions),
    (TopicCreation(name: "t", replicationFactor: 4), .invalidReplicationFactor),
    (TopicCreation(name: "t", replicationFactor: 0), .invalidReplicationFactor),
    (TopicCreation(name: "t", replicationFactor: -2), .invalidReplicationFactor),
    (TopicCreation(name: "t", assignment: [[1, 1]]), .invalidReplicaAssignment),
    (TopicCreation(name: "t", assignment: [[1], [1, 2]]), .invalidReplicaAssignment),
    (TopicCreation(name: "t", assignment: [[9]]), .invalidReplicaAssignment),
    (TopicCreation(name: "t", assignment: [[]]), .invalidReplicaAssignment),
    (TopicCreation(name: "t", assignment: []), .invalidPartitions),
  ]

  @Test("topics that cannot be are refused as Kafka refuses them", arguments: refused)
  func refusals(creation: TopicCreation, code: ErrorCode) throws {
    let bench = bench()
    bench.create("known.topic", [[1]])
    #expect(create(creation, on: bench)?.code == code)
    #expect(bench.image.topics.count == 1)
  }

  @Test("a topic that is only to be validated is not made")
  func validates() throws {
    let bench = bench()
    let creation = TopicCreation(name: "orders", partitionCount: 3, replicationFactor: 2)
    let topic = try #require(try create(creation, on: bench, validatesOnly: true)?.get())
    #expect(topic.partitions.count == 3)
    #expect(bench.image.topics.isEmpty)
  }

  @Test("topics that are asked for at once are all made, but one of a name")
  func several() throws {
    let bench = bench()
    let codes = Shared<[ErrorCode]>([])
    for name in ["a", "b", "a", "c"] {
      bench.controller.createTopic(TopicCreation(name: name), validatesOnly: false) {
        codes.value.append($0.code)
      }
    }
    bench.settle()
    #expect(codes.value.count { $0 == .none } == 3)
    #expect(codes.value.count { $0 == .topicAlreadyExists } == 1)
    #expect(bench.image.topics.keys.sorted() == ["a", "b", "c"])
  }

  @Test("a topic is deleted with all its nodes, by name or id", arguments: [3, 350])
  func deletes(partitionCount: Int) throws {
    let bench = bench()
    for byName in [true, false] {
      let topic = try #require(
        try bench.create("orders", (0..<partitionCount).map { _ in [1, 2] })?.get())
      let result = bench.wait {
        bench.controller.deleteTopic(byName ? .name("orders") : .id(topic.id), $0)
      }
      #expect(try result?.get() == topic)
      #expect(bench.image.topics.isEmpty)
      #expect(bench.image.topicNames.isEmpty)
      for path in [
        "/brokers/topics/orders", "/config/topics/orders", "/admin/delete_topics/orders",
      ] {
        #expect(bench.tree.stat(of: path) == nil, "\(path)")
      }
    }
    #expect(
      bench.wait { bench.controller.deleteTopic(.name("orders"), $0) }?.code
        == .unknownTopicOrPartition)
    #expect(
      bench.wait { bench.controller.deleteTopic(.id(TopicID(high: 1, low: 1)), $0) }?.code
        == .unknownTopicID)
  }

  @Test("a deletion that a controller has begun is ended by the next")
  func deletionSurvives() throws {
    let bench = bench()
    bench.create("orders", (0..<5).map { _ in [2, 3] })
    // As a controller leaves it that has ended after the first step, and one partition later.
    bench.tree.create("/admin/delete_topics/orders")
    bench.tree.delete("/brokers/topics/orders/partitions/0/state")
    bench.tree.delete("/brokers/topics/orders/partitions/0")
    bench.kill(1)
    bench.settle()
    #expect(bench.image.topics.isEmpty)
    #expect(bench.tree.stat(of: "/brokers/topics/orders") == nil)
    #expect(bench.tree.stat(of: "/config/topics/orders") == nil)
    #expect(bench.tree.children(of: "/admin/delete_topics") == [])
    #expect(bench.create("orders", [[2]])?.code == ErrorCode.none)
  }

  @Test("a creation that a controller has begun is ended by the next")
  func creationSurvives() throws {
    let bench = bench()
    bench.create("orders", (0..<5).map { _ in [2, 3] })
    bench.tree.delete("/brokers/topics/orders/partitions/4/state")
    bench.tree.delete("/brokers/topics/orders/partitions/4")
    bench.tree.delete("/brokers/topics/orders/partitions/3/state")
    bench.kill(1)
    bench.settle()
    for number: Int32 in [3, 4] {
      let state = try #require(bench.state("orders", number))
      #expect((state.leader, state.isr, state.partitionEpoch) == (2, [2, 3], 0))
      #expect(try bench.stored("orders", number)?.leader == 2)
    }
  }

  @Test("a topic gets partitions", arguments: [5, 400])
  func grows(count: Int32) throws {
    let bench = bench()
    bench.create("orders", [[1, 2], [2, 3]])
    let result = bench.wait {
      bench.controller.createPartitions(
        PartitionsCreation(topic: "orders", partitionCount: count), validatesOnly: false, $0)
    }
    let topic = try #require(try result?.get())
    #expect(topic.partitions.count == Int(count))
    #expect(topic.partitions.allSatisfy { $0.replicas.count == 2 && $0.leader > 0 })
    #expect(bench.image.topics["orders"] == topic)
    #expect(try bench.stored("orders", count - 1)?.isr == topic.partitions.last?.isr)
    for fewer: Int32 in [count, 1] {
      let refused = bench.wait {
        bench.controller.createPartitions(
          PartitionsCreation(topic: "orders", partitionCount: fewer), validatesOnly: false, $0)
      }
      #expect(refused?.code == .invalidPartitions)
    }
  }

  @Test("settings are changed by compare and set, of topics, brokers and all brokers")
  func configurations() throws {
    let bench = bench()
    bench.create("orders", [[1]], ["a": "1", "b": "2"])
    func alter(
      _ resource: ConfigurationResource, _ change: ConfigurationChange
    ) throws -> [String: String]? {
      try bench.wait {
        bench.controller.alterConfiguration(of: resource, change, validatesOnly: false, $0)
      }?.get()
    }
    #expect(try alter(.topic("orders"), .alter(["a": nil, "c": "3"])) == ["b": "2", "c": "3"])
    #expect(bench.image.topics["orders"]?.configuration == ["b": "2", "c": "3"])
    #expect(bench.tree.stat(of: "/config/topics/orders")?.version == 1)
    #expect(try alter(.topic("orders"), .replace([:])) == [:])
    #expect(try alter(.broker(nil), .alter(["x": "1"])) == ["x": "1"])
    #expect(try alter(.broker(nil), .alter(["y": "2"])) == ["x": "1", "y": "2"])
    #expect(try alter(.broker(2), .replace(["z": "3"])) == ["z": "3"])
    #expect(bench.image.brokerConfigurations == ["": ["x": "1", "y": "2"], "2": ["z": "3"]])
    #expect(try alter(.broker(2), .replace([:])) == [:])
    #expect(bench.image.brokerConfigurations == ["": ["x": "1", "y": "2"]])
    bench.kill(1)
    bench.settle()
    #expect(bench.image.brokerConfigurations == ["": ["x": "1", "y": "2"]])
  }

  @Test("replicas move, and a new controller goes on with it")
  func reassigns() throws {
    let bench = bench([1, 2, 3, 4])
    bench.create("orders", [[2, 3], [3, 2]])
    let results = bench.wait {
      bench.controller.reassign(
        [
          Reassignment(partition: orders, replicas: [4, 3]),
          Reassignment(partition: TopicPartition(topic: "none", partition: 0), replicas: [1]),
          Reassignment(partition: TopicPartition(topic: "orders", partition: 1), replicas: nil),
        ], $0)
    }
    #expect(
      results?.map { $0?.code } == [nil, .unknownTopicOrPartition, .noReassignmentInProgress])
    let moving = try #require(bench.state("orders"))
    #expect((moving.replicas, moving.adding, moving.removing) == ([4, 3, 2], [4], [2]))
    let listed = bench.wait { bench.controller.listReassignments(of: nil, $0) }
    #expect(try listed?.get().map { $0.0 } == [orders])
    bench.kill(1)
    bench.settle()
    #expect(bench.state("orders")?.adding == [4])
    _ = bench.alter("orders", isr: [2, 3, 4])
    let state = try #require(bench.state("orders"))
    #expect((state.replicas, state.isr, state.leader) == ([4, 3], [4, 3], 4))
    #expect(!state.isMoving)
    let node = try TopicNode(
      parsing: try #require(bench.tree.data(at: "/brokers/topics/orders")), at: "orders")
    #expect(node.replicas(of: 0) == [4, 3])
    #expect(node.addingReplicas.isEmpty && node.removingReplicas.isEmpty)
    let none = bench.wait { bench.controller.listReassignments(of: nil, $0) }
    #expect(try none?.get().isEmpty == true)
  }

  @Test("many partitions of a topic are moved in several writes")
  func manyMoves() throws {
    let bench = bench()
    bench.create("orders", (0..<250).map { _ in [1, 2] })
    let results = bench.wait {
      bench.controller.reassign(
        (0..<250).map {
          Reassignment(
            partition: TopicPartition(topic: "orders", partition: $0), replicas: [1, 3])
        }, $0)
    }
    #expect(results?.count == 250)
    #expect(results?.allSatisfy { $0 == nil } == true)
    #expect(bench.image.topics["orders"]?.partitions.allSatisfy { $0.adding == [3] } == true)
  }

  @Test("leadership goes back to the preferred leader, when asked and by itself")
  func preferred() throws {
    let bench = ControllerBench()
    bench.settings.rebalancesLeaders = true
    bench.start([1, 2, 3])
    bench.create("orders", [[2, 3], [3, 2]])
    for isAsked in [true, false] {
      bench.restart(2)
      let moved = try #require(bench.state("orders"))
      #expect(moved.leader == 3)
      #expect(moved.isr == [3])
      _ = bench.alter("orders", isr: [3, 2])
      if isAsked {
        let results = bench.wait { bench.controller.electLeaders(.preferred, of: nil, $0) }
        #expect(try results?.get().map { $0.0 } == [orders])
      } else {
        bench.advance(milliseconds: bench.settings.rebalanceIntervalMilliseconds)
      }
      #expect(bench.state("orders")?.leader == 2)
      #expect(bench.state("orders", 1)?.leader == 3)
    }
  }

  @Test("a broker that is about to stop hands over what it leads, and gets nothing new")
  func shutDown() throws {
    let bench = bench()
    bench.create("orders", [[2, 3], [3, 2], [2, 1]])
    bench.create("single", [[2]])
    _ = bench.alter("orders", 2, isr: [2])
    let stale = bench.wait { bench.controller.shutDown(nodeID: 2, brokerEpoch: 9, $0) }
    #expect(stale?.code == .staleBrokerEpoch)
    let rest = bench.wait { bench.controller.shutDown(nodeID: 2, brokerEpoch: 0, $0) }
    #expect(try rest?.get() == [TopicPartition(topic: "orders", partition: 2)])
    let first = try #require(bench.state("orders"))
    #expect((first.leader, first.isr, first.leaderEpoch) == (3, [3], 1))
    #expect(bench.state("orders", 1)?.isr == [3])
    #expect(bench.state("single")?.leader == 2)
    #expect(bench.image.brokers[2]?.isShuttingDown == true)
    #expect(bench.alter("orders", isr: [3, 2])?.code == .ineligibleReplica)
    let creation = TopicCreation(name: "others", partitionCount: 4, replicationFactor: 2)
    let topic = try #require(try create(creation, on: bench)?.get())
    #expect(topic.partitions.allSatisfy { !$0.replicas.contains(2) })
    bench.restart(2)
    #expect(bench.image.brokers[2]?.isShuttingDown == false)
    #expect(bench.state("single")?.leader == 2)
  }

  @Test("a broker that stops waits for nobody who is down, or about to stop as well")
  func allShutDown() throws {
    let bench = bench()
    bench.create("orders", [[1, 2], [2, 3], [3, 1]])
    func rest(of nodeID: Int32) throws -> [Int32]? {
      try bench.wait { bench.controller.shutDown(nodeID: nodeID, brokerEpoch: 0, $0) }?.get()
        .map(\.partition)
    }
    // A replica that is not in sync may yet be.
    _ = bench.alter("orders", 1, isr: [2])
    #expect(try rest(of: 2) == [1])
    #expect(try rest(of: 3) == [])
    #expect(bench.state("orders", 1)?.leader == 2)
    #expect(try rest(of: 2) == [])
    // Nobody is left for what the last one leads.
    #expect(try rest(of: 1) == [])
    #expect(bench.state("orders", 2)?.leader == 1)
    bench.kill(3)
    #expect(try rest(of: 1) == [])
  }
}

extension EmbeddedTree {
  /// Changes the tree as another hand would.
  func create(_ path: String) { change(.create(path: path, data: [], kind: .persistent)) }

  func delete(_ path: String) { change(.delete(path: path, version: nil)) }

  func set(_ path: String) { change(.set(path: path, data: data(at: path) ?? [], version: nil)) }

  private func change(_ operation: CoordinationOperation) {
    let session = connect(timeoutMilliseconds: 2_000) { _ in }
    session.perform(.write([operation])) { result in
      if case .failure(let error) = result { preconditionFailure("\(error)") }
    }
  }
}
