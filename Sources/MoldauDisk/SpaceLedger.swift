import Synchronization

/// How much of a simulated disk is taken, in pages.
final class SpaceLedger: Sendable {
  private let taken = Atomic(0)
  private let limit: Atomic<Int>

  init(limit: Int) {
    self.limit = Atomic(limit)
  }

  var takenPageCount: Int { taken.load(ordering: .relaxed) }

  var pageLimit: Int {
    get { limit.load(ordering: .relaxed) }
    set { limit.store(newValue, ordering: .relaxed) }
  }

  /// Takes up to `count` pages; returns how many there were.
  func take(_ count: Int) -> Int {
    var current = taken.load(ordering: .relaxed)
    while true {
      let granted = max(0, min(count, pageLimit - current))
      let (exchanged, original) = taken.compareExchange(
        expected: current, desired: current + granted, ordering: .relaxed)
      if exchanged { return granted }
      current = original
    }
  }

  /// Takes `count` pages whether there are as many or not: a store through a map cannot be refused.
  func takeRegardless(_ count: Int) {
    taken.add(count, ordering: .relaxed)
  }

  func giveBack(_ count: Int) {
    let (_, left) = taken.subtract(count, ordering: .relaxed)
    precondition(left >= 0, "more given back than taken")
  }
}
