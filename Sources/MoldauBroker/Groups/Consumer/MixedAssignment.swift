/// Even shares among members that want different topics.
struct MixedAssignment {
  private var shares: [Set<GroupPartition>]
  /// By topic, who wants it; the topics in the order of their names.
  private let topics: [(topic: SubscribableTopic, subscribers: [Int])]

  /// Returns the shares of the candidates, in their order.
  ///
  /// In the end nobody has two partitions more than another who could take one of them. Members
  /// keep what they had, except for what evens out the counts.
  /// - Complexity: O((p + m) · n) in partitions, moves and candidates.
  static func shares(of candidates: [AssignmentCandidate]) -> [Set<GroupPartition>] {
    var assignment = MixedAssignment(candidates)
    assignment.keep(candidates)
    assignment.fill()
    assignment.even()
    return assignment.shares
  }

  private init(_ candidates: [AssignmentCandidate]) {
    shares = Array(repeating: [], count: candidates.count)
    var subscribers: [SubscribableTopic: [Int]] = [:]
    for (index, candidate) in candidates.enumerated() {
      for topic in candidate.topics { subscribers[topic, default: []].append(index) }
    }
    topics = subscribers.sorted { $0.key.name < $1.key.name }.map { ($0.key, $0.value) }
  }

  private mutating func keep(_ candidates: [AssignmentCandidate]) {
    for (index, candidate) in candidates.enumerated() where !candidate.previous.isEmpty {
      let wanted = Dictionary(
        candidate.topics.map { ($0.id, $0.partitionCount) }, uniquingKeysWith: { $1 })
      shares[index] = candidate.previous.filter { partition in
        wanted[partition.topic].map { partition.number < $0 } ?? false
      }
    }
  }

  /// Gives each partition that has nobody to the subscriber that has least; first those of topics
  /// that few want.
  private mutating func fill() {
    let taken = shares.reduce(into: Set<GroupPartition>()) { $0.formUnion($1) }
    let byDemand = topics.sorted { left, right in
      (left.subscribers.count, left.topic.name) < (right.subscribers.count, right.topic.name)
    }
    for (topic, subscribers) in byDemand {
      for partition in topic.partitions where !taken.contains(partition) {
        if let index = poorest(of: subscribers) { shares[index].insert(partition) }
      }
    }
  }

  /// Moves partitions from those who have more to those who have less.
  ///
  /// Each move lowers the sum of the counts' squares, so it ends; the bound is for groups so odd
  /// that it would take too long, which stay a little uneven.
  private mutating func even() {
    var moves = 0
    var hasMoved = true
    while hasMoved && moves < Limits.assignmentMoves {
      hasMoved = false
      for (topic, subscribers) in topics {
        while moves < Limits.assignmentMoves, let move = move(of: topic, among: subscribers) {
          shares[move.from].remove(move.partition)
          shares[move.to].insert(move.partition)
          moves += 1
          hasMoved = true
        }
      }
    }
  }

  private func move(
    of topic: SubscribableTopic, among subscribers: [Int]
  ) -> (partition: GroupPartition, from: Int, to: Int)? {
    guard let to = poorest(of: subscribers) else { return nil }
    let rich = subscribers.filter { shares[$0].count >= shares[to].count + 2 }
      .sorted { (-shares[$0].count, $0) < (-shares[$1].count, $1) }
    for from in rich {
      let own = shares[from].lazy.filter { $0.topic == topic.id }
      if let partition = own.max() { return (partition, from, to) }
    }
    return nil
  }

  private func poorest(of subscribers: [Int]) -> Int? {
    subscribers.min { (shares[$0].count, $0) < (shares[$1].count, $1) }
  }
}
