import MoldauDisk
import MoldauFormat
import Testing

@testable import MoldauLog

/// A compacted log agrees with a plain model, whatever is written to it.
struct CompactionModelTests {
  @Test(
    "the newest record of each key stays, at its offset, and what was aborted goes",
    arguments: ModelEffort.seeds(12, long: 200))
  func agreesWithModel(seed: UInt64) {
    ModelEffort.replayable(seed) {
      let history = try CompactedHistory(seed: seed)
      for _ in 0..<6 {
        try history.run(stepCount: 60)
        try history.check()
      }
      try history.endTransactions()
      try history.topic.compactBlocking()
      try history.check(isDone: true)
      try history.reopen()
      try history.check(isDone: true)
      try history.store.closeBlocking()
    }
  }

  @Test(
    "a log with more keys than the map takes is compacted in parts",
    arguments: ModelEffort.seeds(4, long: 60))
  func smallMap(seed: UInt64) {
    ModelEffort.replayable(seed) {
      let history = try CompactedHistory(seed: seed, keyCount: 60, compactionMemoryBytes: 1)
      try history.run(stepCount: 150, compacts: false)
      try history.endTransactions()
      let report = try history.topic.compactBlocking()
      try hold(report.passCount > 1, "one pass was enough")
      try history.check(isDone: true)
      try history.run(stepCount: 100)
      try history.check()
      try history.store.closeBlocking()
    }
  }
}
