/// Ranges of each topic's partitions.
enum RangeAssignment {
  /// Returns the shares of the candidates, in their order.
  ///
  /// Static members come first, in the order of their instance ids, so that they keep their ranges
  /// when others come and go behind them; then the others, in the order of their ids.
  static func shares(of candidates: [AssignmentCandidate]) -> [Set<GroupPartition>] {
    var shares = [Set<GroupPartition>](repeating: [], count: candidates.count)
    let order = candidates.indices.sorted { rank(candidates[$0]) < rank(candidates[$1]) }
    var subscribers: [SubscribableTopic: [Int]] = [:]
    for index in order {
      for topic in candidates[index].topics { subscribers[topic, default: []].append(index) }
    }
    for (topic, indices) in subscribers {
      let quota = topic.partitionCount / Int32(indices.count)
      let extra = topic.partitionCount % Int32(indices.count)
      var next: Int32 = 0
      for (position, index) in indices.enumerated() {
        let count = quota + (position < extra ? 1 : 0)
        for number in next..<(next + count) {
          shares[index].insert(GroupPartition(topic: topic.id, number: number))
        }
        next += count
      }
    }
    return shares
  }

  private static func rank(_ candidate: AssignmentCandidate) -> (Int, String) {
    candidate.instanceID.map { (0, $0) } ?? (1, candidate.id)
  }
}
