import MoldauFormat

/// A member as an assignor sees it.
struct AssignmentCandidate {
  let id: String
  let instanceID: String?
  /// What it wants, in the order of the names.
  let topics: [SubscribableTopic]
  /// What it was to own until now.
  let previous: Set<GroupPartition>
}

/// How partitions are shared among the members of a consumer group.
enum ConsumerGroupAssignor: String, Sendable, CaseIterable {
  /// Evenly over all topics, and with as few moves as that takes.
  case uniform
  /// Of each topic a range of its partitions, so that topics of the same number of partitions are
  /// shared alike.
  case range

  /// Returns the shares of the candidates, in their order.
  ///
  /// Every partition that someone wants is in one share, and no other partition is.
  func assign(to candidates: [AssignmentCandidate]) -> [Set<GroupPartition>] {
    guard let first = candidates.first else { return [] }
    switch self {
    case .range:
      return RangeAssignment.shares(of: candidates)
    case .uniform:
      let isAlike = candidates.allSatisfy { $0.topics == first.topics }
      return isAlike
        ? UniformAssignment.shares(of: candidates, all: first.topics)
        : MixedAssignment.shares(of: candidates)
    }
  }
}
