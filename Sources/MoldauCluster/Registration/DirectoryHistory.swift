package import MoldauFormat

/// What a data directory can show of its past, when its broker registers.
package struct DirectoryHistory: Hashable, Sendable {
  package var directoryID: TopicID
  /// The cluster that the directory was a member of; nil when it was of none.
  package var clusterID: String?
  /// Which run of the machine it is now; nil when that cannot be told.
  package var bootID: String?
  /// The broker epoch that the marker of a clean stop names; nil when the stop was none.
  package var cleanStopEpoch: Int64?
  /// The registrations that the directory takes for its last (`MemberFile`).
  package var incarnations: Set<String>
  /// Those that this process has tried to make. It has lost nothing since, as it still runs; what was
  /// lost before it began the first of them has said.
  package var triedIncarnations: Set<String> = []
  /// Replicas of which an opening has found that something is missing.
  package var lost: Set<TopicPartition> = []
  /// Whether so much was damaged that nothing can be said of any log.
  package var isDamaged: Bool

  package init(
    directoryID: TopicID, clusterID: String?, bootID: String?, cleanStopEpoch: Int64?,
    incarnations: Set<String>, isDamaged: Bool
  ) {
    self.directoryID = directoryID
    self.clusterID = clusterID
    self.bootID = bootID
    self.cleanStopEpoch = cleanStopEpoch
    self.incarnations = incarnations
    self.isDamaged = isDamaged
  }
}

/// What a directory still has of what its broker has acknowledged since its last registration.
package enum Survival: Hashable, Sendable {
  /// Everything, as the process of that registration is this one.
  case running
  /// Everything that was written: the broker was stopped in order, or the machine ran on.
  case all
  /// What was synced before it was acknowledged.
  case synced
  /// Something, of which nothing can be said: it is the directory, and badly damaged.
  case damaged
  /// Nothing: it is another directory, or an older copy.
  case nothing

  /// Whether it says anything of what was acknowledged.
  package var isProof: Bool {
    switch self {
    case .running, .all, .synced: true
    case .damaged, .nothing: false
    }
  }
}

extension DirectoryHistory {
  /// What can be proved of the time since a registration (docs/decisions/cluster-member.md).
  ///
  /// - Parameter last: the broker's last registration; nil when this is its first.
  package func survival(since last: BrokerEpochNode?) -> Survival {
    guard let last, last.directoryID == directoryID.base64, let incarnation = last.incarnation
    else { return .nothing }
    if triedIncarnations.contains(incarnation) { return .running }
    guard incarnations.contains(incarnation) else { return .nothing }
    if isDamaged { return .damaged }
    if let cleanStopEpoch, cleanStopEpoch == last.brokerEpoch { return .all }
    if let bootID, bootID == last.bootID { return .all }
    return .synced
  }
}
