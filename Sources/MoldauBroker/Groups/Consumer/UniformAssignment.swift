/// Equal shares of all partitions among members that all want the same topics.
enum UniformAssignment {
  /// Returns the shares of the candidates, in their order.
  ///
  /// The counts differ by one at most. A member keeps what it had up to its count; where some get
  /// one more, those get it that had more.
  /// - Complexity: O(p log p + n log n) in the numbers of partitions and candidates.
  static func shares(
    of candidates: [AssignmentCandidate], all topics: [SubscribableTopic]
  ) -> [Set<GroupPartition>] {
    let existing = topics.flatMap(\.partitions)
    let existingSet = Set(existing)
    let quota = existing.count / candidates.count
    var extra = existing.count % candidates.count
    let before = candidates.map { $0.previous.intersection(existingSet) }

    var shares = before
    var limits = [Int](repeating: quota, count: candidates.count)
    let byCount = candidates.indices.sorted { (-before[$0].count, $0) < (-before[$1].count, $1) }
    for index in byCount where extra > 0 {
      limits[index] += 1
      extra -= 1
    }
    var taken: Set<GroupPartition> = []
    for index in candidates.indices {
      if shares[index].count > limits[index] {
        shares[index] = Set(shares[index].sorted().prefix(limits[index]))
      }
      taken.formUnion(shares[index])
    }

    // Around the members that have room, so that the partitions of a topic are spread.
    var open = candidates.indices.filter { shares[$0].count < limits[$0] }
    var turn = 0
    for partition in existing where !taken.contains(partition) {
      let position = turn % open.count
      let index = open[position]
      shares[index].insert(partition)
      if shares[index].count == limits[index] {
        open.remove(at: position)
        turn = position
      } else {
        turn = position + 1
      }
    }
    return shares
  }
}
