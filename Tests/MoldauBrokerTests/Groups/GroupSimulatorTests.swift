import Foundation
import Testing

@testable import MoldauBroker

/// Random lives of a classic group. `MOLDAU_SEED` replays one of them, `MOLDAU_LONG_TESTS=1` tries
/// more.
struct GroupSimulatorTests {
  private static var seeds: [ClosedRange<UInt64>] {
    let environment = ProcessInfo.processInfo.environment
    if let seed = environment["MOLDAU_SEED"].flatMap(UInt64.init) { return [seed...seed] }
    let blocks: UInt64 = environment["MOLDAU_LONG_TESTS"] == nil ? 8 : 200
    return (0..<blocks).map { ($0 * 50)...($0 * 50 + 49) }
  }

  @Test(
    "partitions have one owner, old commits are refused, nobody waits for ever, all settles",
    arguments: seeds)
  func lives(seeds: ClosedRange<UInt64>) {
    for seed in seeds {
      var simulation = GroupSimulation(seed: seed)
      do { try simulation.run() } catch { Issue.record("MOLDAU_SEED=\(seed): \(error)") }
    }
  }
}
