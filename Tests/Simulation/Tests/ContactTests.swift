import MoldauBroker
import Synchronization
import Testing

@testable import moldau_simulate

/// Brokers that reach the coordination service, and no other broker.
struct ContactTests {
  /// What was seen of the cluster while the broker was alone.
  private final class Seen: Sendable {
    let acknowledged = Mutex<[Int]>([])
    let leader = Mutex<Int32?>(nil)
    let controllers = Mutex<[Int32]>([])

    func look(at run: ClusterRun) {
      acknowledged.withLock { $0.append(run.history.acknowledgedCount) }
      leader.withLock { $0 = run.leader(accordingTo: 2) }
      controllers.withLock { $0 = run.controllers }
    }
  }

  @Test("a leader, or a controller, that no other broker hears makes way", arguments: [1, 4])
  func alone(node: Int32) throws {
    let seen = Seen()
    let scenario = Scenario.scripted(3) { run in
      run.at(500) { run in
        for other in 1...4 as ClosedRange<Int32> where other != node { run.block(node, other) }
      }
      run.at(3_500) { seen.look(at: $0) }
      run.at(5_500) { seen.look(at: $0) }
    }
    let run = ClusterRun(seed: 1, scenario)
    run.run()
    if let violation = run.history.violation { Issue.record("\(violation)") }
    let acknowledged = seen.acknowledged.withLock { $0 }
    #expect(acknowledged[1] > acknowledged[0] + 20)
    #expect(seen.leader.withLock { $0 } == (node == 1 ? 2 : 1))
    let controllers = seen.controllers.withLock { $0 }
    #expect(controllers.count == 1)
    #expect(!controllers.contains(node))
  }
}

extension ClusterRun {
  /// The brokers that are controller in office, as they say.
  fileprivate var controllers: [Int32] {
    nodes.filter { $0.life?.broker.isController == true }.map(\.id)
  }

  /// Who leads the first partition, as a broker was told.
  fileprivate func leader(accordingTo id: Int32) -> Int32? {
    node(id).life?.broker.replicas?.image.partition(partitions[0])?.leader
  }
}
