import Testing

@testable import moldau_simulate

/// What holds a world together is gone when the world is over. What its disks had is not
/// (docs/simulation.md).
struct EndTests {
  private struct Part {
    let name: String
    weak var object: AnyObject?
  }

  @Test("of a world that is over no node or broker is left", arguments: 0..<2 as Range<UInt64>)
  func noPartIsLeft(seed: UInt64) {
    let parts = Self.run(seed)
    let left = parts.filter { $0.object != nil }
    #expect(parts.count > 10)
    #expect(left.isEmpty, "\(left.map(\.name).sorted())")
  }

  private static func run(_ seed: UInt64) -> [Part] {
    let run = ClusterRun(seed: seed, .drawn(from: seed))
    var parts = [
      Part(name: "run", object: run), Part(name: "world", object: run.world),
      Part(name: "ensemble", object: run.ensemble),
      Part(name: "inspector", object: run.inspector),
    ]
    var lives: [Int32: Int] = [:]
    run.world.afterStep.append { [weak run] in
      for node in run?.nodes ?? [] where lives[node.id] != node.startCount {
        guard let life = node.life else { continue }
        lives[node.id] = node.startCount
        let name = "\(node.id), start \(node.startCount)"
        parts.append(Part(name: "node \(name)", object: node))
        parts.append(Part(name: "life of \(name)", object: life))
      }
    }
    run.run()
    return parts
  }
}
