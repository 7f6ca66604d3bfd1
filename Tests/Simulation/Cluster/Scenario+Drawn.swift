import MoldauDisk
import MoldauLog

extension Scenario {
  /// A scenario of the kind that a seed draws. Each leaves out some of what can go wrong, and has
  /// more of the rest: what hides behind frequent faults is found where these are missing.
  static func drawn(from seed: UInt64) -> Scenario {
    var random = SeededGenerator(seed: seed ^ 0x2545_f491_4f6c_dd1d)
    func oneIn(_ count: Int) -> Bool { Int.random(in: 0..<count, using: &random) == 0 }
    var scenario = Scenario()
    if oneIn(3) { scenario.durability = .buffered }
    if oneIn(3) { scenario.minInSyncReplicas = 1 }
    if oneIn(4) { scenario.nodeCount = Int.random(in: 4...5, using: &random) }
    if oneIn(6) { scenario.replicationFactor = 2 }
    if oneIn(3) {
      scenario.faultPause = 20_000...Int64.random(in: 100_000...400_000, using: &random)
    }
    if oneIn(4) { return scenario }
    scenario.faults = []
    for fault in Fault.allCases where !oneIn(2) {
      for _ in 0..<Int.random(in: 1...4, using: &random) { scenario.faults.append(fault) }
    }
    return scenario
  }
}
