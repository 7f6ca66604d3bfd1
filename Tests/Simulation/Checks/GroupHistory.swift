import MoldauFormat

/// What members of groups were told: who owns what in which generation, and which commits were
/// acknowledged.
final class GroupHistory {
  private struct Ownership: Hashable {
    var group: String
    var generation: Int32
    var partition: Int32
  }

  private struct Place: Hashable {
    var group: String
    var partition: Int32
  }

  private let history: History
  private var owners: [Ownership: String] = [:]
  private var newest: [String: Int32] = [:]
  private var acknowledged: [Place: Int64] = [:]
  private var lastCommit: Int64 = 0
  /// The epochs in which a node leads what groups keep; nil when it leads something no longer and has
  /// not heard of that: it may coordinate groups that have another coordinator.
  var standing: (Int32) -> [Int32]? = { _ in nil }

  init(_ history: History) {
    self.history = history
  }

  // MARK: Generations of classic groups

  /// The newest generation in which a member has got its assignment: it is committed.
  func newestGeneration(of group: String) -> Int32 { newest[group] ?? -1 }

  /// A member has got its assignment. `newestBefore` is the newest generation when it asked for it.
  func assigned(
    _ partitions: Set<Int32>, to owner: String, of group: String, generation: Int32,
    newestBefore: Int32
  ) {
    if generation < newestBefore {
      history.fail(
        "\(group): \(owner) gets an assignment of generation \(generation), when "
          + "\(newestBefore) had begun", law: "I9")
    }
    newest[group] = max(newestGeneration(of: group), generation)
    for partition in partitions.sorted() {
      let ownership = Ownership(group: group, generation: generation, partition: partition)
      if let other = owners.updateValue(owner, forKey: ownership), other != owner {
        history.fail(
          "\(group): \(other) and \(owner) both own partition \(partition) in generation "
            + "\(generation)", law: "I9")
      }
    }
  }

  /// A commit was acknowledged. `newestBefore` is the newest generation when it was sent.
  func acknowledgedCommit(of group: String, generation: Int32, newestBefore: Int32) {
    if generation < newestBefore {
      history.fail(
        "\(group): a commit of generation \(generation) is taken, when \(newestBefore) had begun",
        law: "I9")
    }
  }

  // MARK: What is committed

  /// What a member commits: later ones of a group are greater, and those of a later generation.
  func nextCommit(generation: Int32) -> Int64 {
    lastCommit += 1
    return Int64(generation) * 1_000_000_000 + lastCommit
  }

  /// The greatest offset that was acknowledged.
  func acknowledged(of group: String, _ partition: Int32) -> Int64 {
    acknowledged[Place(group: group, partition: partition)] ?? -1
  }

  func acknowledged(_ offset: Int64, of group: String, _ partition: Int32) {
    let place = Place(group: group, partition: partition)
    acknowledged[place] = max(acknowledged[place] ?? -1, offset)
  }

  /// A member was told what is committed; `known` was acknowledged before it asked.
  func fetched(_ offset: Int64, of group: String, _ partition: Int32, known: Int64) {
    if offset < known {
      history.fail(
        "\(group): \(known) was committed for \(partition), and \(offset) is told", law: "I9")
    }
  }
}
