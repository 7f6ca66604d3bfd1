import MoldauDisk
import Testing

@testable import MoldauLog

/// Random operations, crash after crash on the same directory, against a plain model in memory.
struct ModelTests {
  @Test(
    "a store does what its model does, through crashes of all kinds",
    arguments: ModelEffort.seeds(12, long: 200))
  func randomOperations(seed: UInt64) {
    ModelEffort.replayable(seed) { try run(ModelStore(seed: seed), seed: seed) }
  }

  private func run(_ run: ModelStore, seed: UInt64) throws {
    var generator = SeededGenerator(seed: ~seed)
    for round in 0..<5 {
      let style = CrashStyle.allCases[Int.random(in: 0..<4, using: &generator)]
      run.disk.onCall = DiskFault.crashing(nth: Int.random(in: 1...400, using: &generator))
      try run.run(stepCount: Int.random(in: 1...40, using: &generator))
      if !run.disk.isDown { try run.check() }
      do {
        try run.restart(
          on: run.disk.crash(style, using: &generator), keepsAll: style == .keepAll)
      } catch {
        throw BrokenPromise("round \(round), \(style): \(error)")
      }
    }
    try run.run(stepCount: 20)
    try run.check()
    run.stop()
  }

  @Test(
    "what a seed does, it does each time: the same steps, with as many calls to the disk",
    arguments: ModelEffort.seeds(12, long: 100))
  func isTheSameAgain(seed: UInt64) throws {
    let runs = [ModelStore(seed: seed), ModelStore(seed: seed)]
    for one in runs { try run(one, seed: seed) }
    #expect(runs[0].history == runs[1].history)
  }
}
