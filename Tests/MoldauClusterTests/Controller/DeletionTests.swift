import MoldauCoordination
import MoldauFormat
import Testing

@testable import MoldauCluster

/// Topics that go though their controller died while it made them.
struct DeletionTests {
  private let orders = "orders"

  /// A topic of which the partitions on broker 3 have no node, or a node without a state, as the
  /// controller that made it did not get to them; it is gone, and so is broker 3.
  private func halfMade(
    partitions count: Int32, hasNodes: Bool
  ) throws -> ControllerBench {
    let bench = ControllerBench()
    bench.start([1, 2, 3])
    bench.create(orders, (0..<count).map { $0 % 2 == 0 ? [2] : [3] })
    let session = try #require(bench.members[1]).session
    for number in 0..<count where number % 2 == 1 {
      let partition = TopicPartition(topic: orders, partition: number)
      var gone: [CoordinationOperation] = [
        .delete(path: ClusterPath.state(of: partition), version: nil)
      ]
      if !hasNodes { gone.append(.delete(path: ClusterPath.partition(partition), version: nil)) }
      session.perform(.write(gone)) { #expect(throws: Never.self, performing: $0.get) }
    }
    bench.kill(3)
    bench.kill(1)
    bench.settle()
    try #require(bench.state(orders, 1)?.partitionEpoch == -1)
    return bench
  }

  @Test(
    "a topic that is half made is deleted while the brokers of the rest are down",
    arguments: [2, 300] as [Int32], [true, false])
  func halfMade(count: Int32, hasNodes: Bool) throws {
    let bench = try halfMade(partitions: count, hasNodes: hasNodes)
    let deleted = bench.wait { bench.controller.deleteTopic(.name(orders), $0) }
    #expect(throws: Never.self) { try deleted?.get() }
    #expect(bench.image.topics.isEmpty)
    #expect(bench.tree.stat(of: ClusterPath.topic(orders)) == nil)
    #expect(bench.tree.stat(of: ClusterPath.deletion(of: orders)) == nil)
    // One of its name, all of which is there, goes as well.
    bench.create(orders, (0..<count).map { _ in [2] })
    #expect(bench.image.topics[orders]?.partitions.count == Int(count))
    let again = bench.wait { bench.controller.deleteTopic(.name(orders), $0) }
    #expect(throws: Never.self) { try again?.get() }
    #expect(bench.tree.stat(of: ClusterPath.topic(orders)) == nil)
  }

  @Test("a topic that was half made, and then wholly, is deleted")
  func made() throws {
    let bench = try halfMade(partitions: 2, hasNodes: false)
    bench.restart(3)
    #expect(bench.state(orders, 1)?.leader == 3)
    let deleted = bench.wait { bench.controller.deleteTopic(.name(orders), $0) }
    #expect(throws: Never.self) { try deleted?.get() }
    #expect(bench.tree.stat(of: ClusterPath.topic(orders)) == nil)
  }
}
