import MoldauCoordination
import MoldauFormat
import MoldauProtocol
import Testing

@testable import MoldauCluster

/// What those are told who wait for a controller that loses its office.
struct ResignationTests {
  private typealias TopicResult = Result<TopicImage, ClusterRefusal>

  private func create(
    _ name: String, partitions: Int, on controller: ClusterController
  ) -> Shared<TopicResult?> {
    let result = Shared<TopicResult?>(nil)
    let assignment = Array(repeating: [2 as Int32, 3], count: partitions)
    controller.createTopic(
      TopicCreation(name: name, assignment: assignment), validatesOnly: false
    ) { result.value = $0 }
    return result
  }

  @Test(
    "of what may have been made that this is not known; what has not been begun is for the next",
    arguments: [LostRequests.dropped, .carriedOut])
  func expires(_ outcome: LostRequests) throws {
    let bench = ControllerBench()
    bench.start([1, 2, 3])
    let first = try #require(bench.members[1])
    bench.tree.disconnectAtNextWrite(first.sessionID, outcome)
    let begun = create("begun", partitions: 1, on: first.controller)
    bench.settle()
    // It comes while a round is under way.
    let waiting = create("waiting", partitions: 1, on: first.controller)
    bench.settle()
    #expect(begun.value == nil)
    #expect(waiting.value == nil)
    bench.kill(1)
    bench.settle()
    bench.tree.reconnect(first.sessionID)
    bench.settle()
    #expect(begun.value?.code == .requestTimedOut)
    #expect(waiting.value?.code == .notController)
    #expect((bench.image.topics["begun"] != nil) == (outcome == .carriedOut))
    #expect(bench.image.topics["waiting"] == nil)
  }

  @Test("a topic of which a part is made is not known to be made, and is made by the next")
  func partly() throws {
    let bench = ControllerBench()
    bench.start([1, 2, 3])
    let first = try #require(bench.members[1])
    let result = create("orders", partitions: 300, on: first.controller)
    // The topic's own node is there, and the partitions behind it are not.
    while bench.tree.stat(of: ClusterPath.topic("orders")) == nil, bench.queue.runNext() {}
    bench.tree.disconnectAtNextWrite(first.sessionID, .dropped)
    bench.settle()
    #expect(result.value == nil)
    bench.kill(1)
    bench.settle()
    bench.tree.reconnect(first.sessionID)
    bench.settle()
    #expect(result.value?.code == .requestTimedOut)
    let partitions = try #require(bench.image.topics["orders"]).partitions
    #expect(partitions.count == 300)
    #expect(partitions.allSatisfy { $0.leader == 2 })
  }
}
