/// Where the replicas of new partitions go when nobody says it: Kafka's way without racks.
///
/// The first replica of the partitions goes round the brokers from a random start, the others
/// follow it at a distance that grows with each round, so that the brokers that share one broker's
/// partitions are as many as can be.
package struct ReplicaPlacement: Sendable {
  private let brokers: [Int32]
  private let start: Int
  private let shift: Int

  /// - Parameters:
  ///   - brokers: those that are up and not about to stop.
  package init(brokers: [Int32], using generator: inout some RandomNumberGenerator) {
    self.brokers = brokers.sorted()
    start = brokers.isEmpty ? 0 : Int.random(in: 0..<brokers.count, using: &generator)
    shift = brokers.isEmpty ? 0 : Int.random(in: 0..<brokers.count, using: &generator)
  }

  /// For further partitions of a topic: goes on from its first partition's first replica, as Kafka
  /// does.
  package init(brokers: [Int32], after first: Int32) {
    self.brokers = brokers.sorted()
    start = self.brokers.firstIndex { $0 >= first } ?? 0
    shift = start
  }

  /// The brokers of the partitions `numbers`, the preferred leader first.
  ///
  /// - Precondition: there are that many brokers.
  package func replicas(of numbers: Range<Int>, factor: Int) -> [[Int32]] {
    precondition((1...max(1, brokers.count)).contains(factor) && !brokers.isEmpty)
    return numbers.map { number in
      let first = (number + start) % brokers.count
      let distance = shift + number / brokers.count
      let others = (0..<(factor - 1)).map { replica in
        let step = 1 + (distance + replica) % (brokers.count - 1)
        return brokers[(first + step) % brokers.count]
      }
      return [brokers[first]] + others
    }
  }
}
