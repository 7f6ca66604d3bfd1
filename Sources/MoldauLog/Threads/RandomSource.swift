package import MoldauDisk
import Synchronization

/// Where chance comes from, handed in so that a simulation repeats itself. Thread-safe.
package final class RandomSource: RandomNumberGenerator, Sendable {
  /// Nil for the system's.
  private let seeded: Mutex<SeededGenerator?>

  /// The system's random numbers.
  package init() {
    seeded = Mutex(nil)
  }

  /// Numbers that follow from those of `generator`.
  package init(_ generator: SeededGenerator) {
    seeded = Mutex(generator)
  }

  package func next() -> UInt64 {
    seeded.withLock { seeded in
      var system = SystemRandomNumberGenerator()
      return seeded?.next() ?? system.next()
    }
  }
}
