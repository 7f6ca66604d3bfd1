import Synchronization
import Testing

@testable import moldau_simulate

/// Brokers that are stopped, all at once.
struct StopTests {
  @Test("brokers that are stopped at once do not wait for each other; the controller goes last")
  func all() throws {
    let left = Mutex<[[Int32]]>([])
    var scenario = Scenario.scripted(3) { run in
      run.at(1_000) { for node in $0.nodes { node.stop() } }
      // While the controller is there still, and soon after.
      for milliseconds in [1_015, 1_150] as [Int64] {
        run.at(milliseconds) { run in
          left.withLock { $0.append(run.nodes.filter(\.isUp).map(\.id)) }
        }
      }
      run.at(1_200) { run in
        for node in run.nodes { run.restart(node, within: 0...1_000) }
      }
    }
    scenario.assignment = [[1, 2, 3], [2, 3, 1], [3, 1, 2]]
    scenario.partitionCount = 3
    let run = ClusterRun(seed: 1, scenario)
    run.run()
    if let violation = run.history.violation { Issue.record("\(violation)") }
    let seen = left.withLock { $0 }
    #expect(seen.first?.contains(4) == true)
    #expect(seen.last == [])
  }
}
