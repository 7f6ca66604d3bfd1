import MoldauCoordination
import MoldauFormat
import MoldauProtocol
import Testing

@testable import MoldauCluster

/// What a controller does when brokers, sessions and connections fail.
struct FaultTests {
  private let orders = TopicPartition(topic: "orders", partition: 0)

  @Test("a broker's death with 1,000 partitions costs a handful of writes")
  func failover() throws {
    let bench = ControllerBench()
    bench.start([1, 2, 3])
    bench.create("orders", (0..<1_000).map { _ in [2, 3, 1] })
    #expect(bench.image.topics["orders"]?.partitions.count == 1_000)
    let before = bench.tree.lastChangeID
    bench.kill(2)
    bench.settle()
    let partitions = try #require(bench.image.topics["orders"]).partitions
    #expect(partitions.allSatisfy { $0.leader == 3 && $0.isr == [3, 1] && $0.leaderEpoch == 1 })
    // One change is the end of the session.
    #expect(bench.tree.lastChangeID - before <= 4)
  }

  @Test("a new controller reads 1,000 partitions and moves those of the one that died")
  func controllerFailover() throws {
    let bench = ControllerBench()
    bench.start([1, 2, 3])
    bench.create("orders", (0..<1_000).map { _ in [1, 2, 3] })
    let before = bench.tree.lastChangeID
    bench.kill(1)
    bench.settle()
    #expect(bench.active.map(\.nodeID).count == 1)
    let partitions = try #require(bench.image.topics["orders"]).partitions
    #expect(partitions.count == 1_000)
    #expect(partitions.allSatisfy { $0.leader == 2 && $0.isr == [2, 3] })
    #expect(try bench.stored("orders", 999)?.controllerEpoch == 2)
    #expect(bench.tree.lastChangeID - before <= 5)
  }

  @Test("the expiry of its session ends a controller at once; who waits is told")
  func expiry() throws {
    let bench = ControllerBench()
    bench.start([1, 2])
    bench.create("orders", [[1, 2]])
    let first = try #require(bench.members[1])
    let position = bench.image.position
    let update = Shared<ImageUpdate?>(nil)
    _ = first.controller.image(after: position, nodeID: 2, brokerEpoch: 0) { update.value = $0 }
    bench.settle()
    bench.tree.expire(first.sessionID)
    bench.settle()
    #expect(update.value == .notController)
    #expect(!first.controller.isActive)
    #expect(first.told.value == nil)
    let result = bench.wait {
      first.controller.deleteTopic(.name("orders"), $0)
    }
    #expect(result?.code == .notController)
    #expect(bench.active.map(\.nodeID) == [2])
  }

  @Test(
    "a change whose answer is lost is made once, whether it had been made or not",
    arguments: [LostRequests.dropped, .carriedOut])
  func unknownOutcome(_ outcome: LostRequests) throws {
    let bench = ControllerBench()
    bench.start([1, 2, 3])
    bench.create("orders", [[1, 2, 3]])
    let first = try #require(bench.members[1])
    bench.tree.disconnectAtNextWrite(first.sessionID, outcome)
    let change = try #require(bench.change("orders", isr: [1, 2]))
    let result = Shared<[Result<PartitionImage, ClusterRefusal>]?>(nil)
    first.controller.alterPartitions([change], from: 1, brokerEpoch: 0) { result.value = $0 }
    bench.settle()
    #expect(result.value == nil)
    bench.tree.reconnect(first.sessionID)
    bench.settle()
    let state = try #require(try result.value?.first?.get())
    #expect(state.isr == [1, 2])
    #expect(bench.tree.stat(of: ClusterPath.state(of: orders))?.version == 1)
    #expect(bench.state("orders") == state)
    #expect(bench.active.map(\.nodeID) == [1])
  }

  @Test(
    "a topic whose creation has an unknown outcome is made once",
    arguments: [LostRequests.dropped, .carriedOut])
  func unknownCreation(_ outcome: LostRequests) throws {
    let bench = ControllerBench()
    bench.start([1, 2, 3])
    let first = try #require(bench.members[1])
    bench.tree.disconnectAtNextWrite(first.sessionID, outcome)
    let result = Shared<Result<TopicImage, ClusterRefusal>?>(nil)
    first.controller.createTopic(
      TopicCreation(name: "orders", assignment: [[1, 2]]), validatesOnly: false
    ) { result.value = $0 }
    bench.settle()
    bench.tree.reconnect(first.sessionID)
    bench.settle()
    let topic = try #require(try result.value?.get())
    #expect(bench.image.topics["orders"] == topic)
    let deleted = bench.wait {
      (done: @escaping @Sendable (Result<TopicImage, ClusterRefusal>) -> Void) in
      bench.tree.disconnectAtNextWrite(first.sessionID, outcome)
      first.controller.deleteTopic(.id(topic.id), done)
      bench.settle()
      bench.tree.reconnect(first.sessionID)
    }
    #expect(deleted?.code == ErrorCode.none)
    #expect(bench.tree.stat(of: "/brokers/topics/orders") == nil)
    #expect(bench.tree.stat(of: "/config/topics/orders") == nil)
  }

  @Test(
    "a claim of the office whose answer is lost is seen to be made or made again",
    arguments: [LostRequests.dropped, .carriedOut])
  func unknownClaim(_ outcome: LostRequests) throws {
    let bench = ControllerBench()
    bench.start([1])
    bench.kill(1)
    bench.join(2)
    let second = try #require(bench.members[2])
    // The nodes are there already, so that the claim is the write that finally changes something.
    var writes = 0
    while bench.active.isEmpty, writes < 40 {
      writes += 1
      bench.tree.disconnectAtNextWrite(second.sessionID, outcome)
      bench.settle()
      bench.tree.reconnect(second.sessionID)
      bench.settle()
    }
    #expect(bench.active.map(\.nodeID) == [2])
    #expect(bench.image.controllerEpoch == 2)
    #expect(second.told.value == ControllerIdentity(nodeID: 2, epoch: 2))
  }

  @Test("a controller that another has replaced writes nothing any more")
  func fencing() throws {
    let bench = ControllerBench()
    bench.start([1, 2])
    bench.create("orders", [[1, 2]])
    let first = try #require(bench.members[1])
    let change = try #require(bench.change("orders", isr: [1]))
    let result = Shared<[Result<PartitionImage, ClusterRefusal>]?>(nil)
    // It has not heard yet that it was replaced when it is asked for a change.
    first.controller.alterPartitions([change], from: 1, brokerEpoch: 0) { result.value = $0 }
    let claim = ControllerNode(
      brokerID: 9, controllerEpoch: 2, instance: "other", timestampMilliseconds: 0)
    let other = bench.tree.connect(timeoutMilliseconds: 2_000) { _ in }
    let version = bench.tree.stat(of: ClusterPath.controllerEpoch)?.version
    other.perform(
      .write([
        .delete(path: ClusterPath.controller, version: nil),
        .create(path: ClusterPath.controller, data: claim.data, kind: .ephemeral),
        .set(
          path: ClusterPath.controllerEpoch, data: ControllerEpochNode.data(2), version: version),
      ])
    ) { _ in }
    bench.settle()
    #expect(result.value?.map { $0.code } == [.notController])
    #expect(bench.active.isEmpty)
    #expect(try bench.stored("orders")?.isr == [1, 2])
    #expect(first.told.value == ControllerIdentity(nodeID: 9, epoch: 2))
    other.close()
    bench.settle()
    #expect(bench.active.count == 1)
    #expect(bench.image.controllerEpoch == 3)
  }

  @Test("a controller that was cut off and comes back after its session has ended is none")
  func zombie() throws {
    let bench = ControllerBench()
    bench.start([1, 2, 3])
    bench.create("orders", [[1, 2, 3]])
    let first = try #require(bench.members[1])
    bench.tree.disconnect(first.sessionID)
    bench.settle()
    #expect(first.controller.isActive)
    bench.tree.expire(first.sessionID)
    bench.settle()
    let change = try #require(bench.change("orders", isr: [1]))
    let result = Shared<[Result<PartitionImage, ClusterRefusal>]?>(nil)
    first.controller.alterPartitions([change], from: 1, brokerEpoch: 0) { result.value = $0 }
    bench.settle()
    bench.tree.reconnect(first.sessionID)
    bench.settle()
    #expect(!first.controller.isActive)
    #expect(result.value?.map { $0.code } == [.notController])
    let state = try #require(try bench.stored("orders"))
    #expect(state.controllerEpoch == 2)
    #expect(state.isr == [2, 3])
  }

  @Test("who asks while the service cannot be reached is told so after a while")
  func patience() throws {
    let bench = ControllerBench()
    bench.start([1, 2])
    bench.tree.setAvailable(false)
    bench.settle()
    let result = Shared<Result<TopicImage, ClusterRefusal>?>(nil)
    bench.controller.createTopic(TopicCreation(name: "orders"), validatesOnly: false) {
      result.value = $0
    }
    bench.settle()
    #expect(result.value == nil)
    bench.advance(milliseconds: bench.settings.patienceMilliseconds)
    #expect(result.value?.code == .requestTimedOut)
    bench.tree.setAvailable(true)
    bench.settle()
    #expect(bench.controller.isActive)
    #expect(bench.create("orders", [[1]])?.code == ErrorCode.none)
  }

  @Test("a node that is damaged keeps a controller from its office, and is left as it is")
  func damage() throws {
    let bench = ControllerBench()
    bench.start([1, 2])
    bench.create("orders", [[1, 2]])
    let path = ClusterPath.state(of: orders)
    let whole = try #require(bench.tree.data(at: path))
    let other = bench.tree.connect(timeoutMilliseconds: 2_000) { _ in }
    other.perform(.write([.set(path: path, data: Array("{".utf8), version: nil)])) { _ in }
    bench.kill(1)
    bench.settle()
    bench.advance(milliseconds: bench.settings.retryMilliseconds)
    #expect(bench.active.isEmpty)
    #expect(bench.tree.data(at: path) == Array("{".utf8))
    other.perform(.write([.set(path: path, data: whole, version: nil)])) { _ in }
    bench.advance(milliseconds: bench.settings.retryMilliseconds)
    #expect(bench.active.map(\.nodeID) == [2])
    #expect(bench.state("orders")?.leader == 2)
  }

  @Test("what another hand has written is read again and decided anew")
  func otherHand() throws {
    let bench = ControllerBench()
    bench.start([1, 2, 3])
    bench.create("orders", [[1, 2, 3]])
    let state = try #require(bench.state("orders"))
    var changed = PartitionStateNode(state, controllerEpoch: 1)
    changed.isr = [1, 3]
    let other = bench.tree.connect(timeoutMilliseconds: 2_000) { _ in }
    other.perform(
      .write([.set(path: ClusterPath.state(of: orders), data: changed.data, version: nil)])
    ) { _ in }
    let refused = bench.alter("orders", isr: [1])
    #expect(refused?.code == .invalidUpdateVersion)
    #expect(bench.state("orders")?.isr == [1, 3])
    #expect(bench.alter("orders", isr: [1])?.code == ErrorCode.none)
    #expect(bench.state("orders")?.isr == [1])
  }
}
