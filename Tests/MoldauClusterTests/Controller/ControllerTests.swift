import MoldauCoordination
import MoldauFormat
import MoldauProtocol
import Testing

@testable import MoldauCluster

struct ControllerTests {
  @Test("one of the candidates is the controller, and all know it")
  func election() throws {
    let bench = ControllerBench()
    bench.start([1, 2, 3])
    #expect(bench.active.map(\.nodeID) == [1])
    for member in bench.members.values {
      #expect(member.told.value == ControllerIdentity(nodeID: 1, epoch: 1))
    }
    let image = bench.image
    #expect(image.controllerID == 1)
    #expect(image.brokers.keys.sorted() == [1, 2, 3])
    #expect(!image.clusterID.isEmpty)
  }

  @Test("when the controller's session ends another takes over with a higher epoch")
  func succession() throws {
    let bench = ControllerBench()
    bench.start([1, 2, 3])
    bench.create("orders", [[1, 2, 3]])
    bench.kill(1)
    bench.settle()
    #expect(bench.active.count == 1)
    let image = bench.image
    #expect(image.controllerEpoch == 2)
    #expect(image.brokers.keys.sorted() == [2, 3])
    #expect(image.topics["orders"]?.partitions.count == 1)
    let state = try #require(bench.state("orders"))
    #expect(state.leader == 2)
    #expect(state.isr == [2, 3])
    #expect(state.leaderEpoch == 1)
  }

  @Test("a topic is made with its nodes, and its replicas are spread")
  func creation() throws {
    let bench = ControllerBench()
    bench.start([1, 2, 3])
    let result = bench.wait {
      bench.controller.createTopic(
        TopicCreation(
          name: "orders", partitionCount: 6, replicationFactor: 3,
          configuration: ["retention.ms": "1000"]), validatesOnly: false, $0)
    }
    let topic = try #require(try result?.get())
    #expect(topic.partitions.count == 6)
    for leader: Int32 in [1, 2, 3] {
      #expect(topic.partitions.count { $0.leader == leader } == 2)
    }
    #expect(topic.partitions.allSatisfy { Set($0.isr) == [1, 2, 3] && $0.partitionEpoch == 0 })
    #expect(bench.image.topics["orders"] == topic)
    let stored = try #require(try bench.stored("orders", 5))
    #expect(stored.leader == topic.partitions[5].leader)
    #expect(
      bench.tree.data(at: "/config/topics/orders").map { String(decoding: $0, as: UTF8.self) }
        == #"{"config":{"retention.ms":"1000"},"version":1}"#)
  }

  @Test("a dead broker leaves the in-sync replicas, and another leads where it led")
  func death() throws {
    let bench = ControllerBench()
    bench.start([1, 2, 3])
    bench.create("orders", [[2, 3, 1], [3, 2, 1]])
    let before = bench.image
    bench.kill(2)
    bench.settle()
    let state = try #require(bench.state("orders", 0))
    #expect(state.leader == 3)
    #expect(state.isr == [3, 1])
    #expect((state.leaderEpoch, state.partitionEpoch) == (1, 1))
    let other = try #require(bench.state("orders", 1))
    #expect(other.leader == 3)
    #expect(other.isr == [3, 1])
    #expect((other.leaderEpoch, other.partitionEpoch) == (0, 1))
    #expect(bench.image.brokers.keys.sorted() == [1, 3])
    #expect(try bench.stored("orders")?.isr == [3, 1])
    let update = bench.wait {
      _ = bench.controller.image(after: before.position, nodeID: 3, brokerEpoch: 0, $0)
    }
    guard case .delta(let delta)? = update else {
      Issue.record("no delta: \(String(describing: update))")
      return
    }
    var image = before
    image.apply(delta)
    #expect(image == bench.image)
  }

  @Test("a leader's change of the in-sync replicas is written, a stale one is not")
  func isrChange() throws {
    let bench = ControllerBench()
    bench.start([1, 2, 3])
    bench.create("orders", [[1, 2, 3]], ["min.insync.replicas": "2"])
    let stale = try #require(bench.change("orders", isr: [1, 2]))
    let shrunk = try #require(try bench.alter("orders", isr: [1])?.get())
    #expect(shrunk.isr == [1])
    #expect(shrunk.elr == [2, 3])
    #expect(shrunk.partitionEpoch == 1)
    #expect(try bench.stored("orders")?.elr == [2, 3])
    let results = bench.wait {
      bench.controller.alterPartitions([stale], from: 1, brokerEpoch: 0, $0)
    }
    #expect(results?.map { $0.code } == [.invalidUpdateVersion])
    let grown = try #require(try bench.alter("orders", isr: [1, 3])?.get())
    #expect(grown.isr == [1, 3])
    #expect(grown.elr == [])
  }

  @Test("an image is waited for until something changes")
  func waits() throws {
    let bench = ControllerBench()
    bench.start([1, 2])
    let position = bench.image.position
    let update = Shared<ImageUpdate?>(nil)
    _ = bench.controller.image(after: position, nodeID: 2, brokerEpoch: 0) { update.value = $0 }
    bench.settle()
    #expect(update.value == nil)
    bench.create("orders", [[1]])
    guard case .delta(let delta)? = update.value else {
      Issue.record("no delta")
      return
    }
    #expect(delta.topics.keys.sorted() == ["orders"])
    #expect(delta.fromVersion == position.version)
    let other = bench.members[2]?.controller
    #expect(
      bench.wait { _ = other?.image(after: nil, nodeID: 2, brokerEpoch: 0, $0) } == .notController)
  }
}

extension Result where Failure == ClusterRefusal {
  /// The code of the refusal; none when it is no refusal.
  var code: ErrorCode {
    if case .failure(let refusal) = self { refusal.code } else { .none }
  }
}
