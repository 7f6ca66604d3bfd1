package import MoldauFormat

/// `/brokers/epochs/<id>`: what a broker's last registration said, which stays when the broker
/// goes.
///
/// Its version is the broker epoch. It is set in the write that makes `/brokers/ids/<id>`.
package struct BrokerEpochNode: NodeValue {
  package var version = 1
  package var directoryID: String
  /// Which run of the machine it was, nil when that cannot be told.
  package var bootID: String?
  /// Tells the registration from others; the directory names it too (docs/format/member-file.md).
  package var incarnation: String?
  /// The registration's epoch: the node's version when it was made. A later version tells that the
  /// broker was about to register again.
  package var brokerEpoch: Int64
  package var survivedSince: Int64
  /// nil is `survivedSince`.
  package var directorySince: Int64?
  package var lost: [BrokerNode.Lost]

  private enum CodingKeys: String, CodingKey {
    case version, lost, incarnation
    case brokerEpoch = "broker_epoch"
    case directoryID = "directory_id"
    case bootID = "boot_id"
    case survivedSince = "survived_since"
    case directorySince = "directory_since"
  }

  package init(
    directoryID: TopicID, bootID: String?, incarnation: String?, brokerEpoch: Int64,
    survivedSince: Int64, directorySince: Int64? = nil, lost: [BrokerRegistration.LostReplica]
  ) {
    self.directoryID = directoryID.base64
    self.bootID = bootID
    self.incarnation = incarnation
    self.brokerEpoch = brokerEpoch
    self.survivedSince = survivedSince
    self.directorySince = directorySince
    self.lost = lost.map(BrokerNode.Lost.init)
  }

  package func validate() throws(NodeFault) {
    guard TopicID(base64: directoryID) != nil else {
      throw NodeFault("\"directory_id\": \(directoryID) is not an id")
    }
  }
}

/// What a broker can say of its past when it registers, carried on from the registration before, as
/// the controller may never have seen that.
package struct SurvivalChain: Hashable, Sendable {
  package var survivedSince: Int64
  package var directorySince: Int64
  package var lost: [BrokerRegistration.LostReplica]

  /// - Parameters:
  ///   - brokerEpoch: of the registration that is to be made.
  ///   - previous: the data of `/brokers/epochs/<id>`; nil when the broker registers for the first
  ///     time.
  ///   - survival: what it still has of what it has acknowledged since the registration before, but
  ///     for `lost`.
  ///   - lost: the replicas of which it cannot say so.
  ///   - isInSync: whether the state of a partition has this broker among its in-sync or eligible
  ///     replicas, or as the last leader, with a broker epoch below the given one. What is kept of
  ///     older losses is only what that still concerns.
  package init(
    brokerEpoch: Int64, previous: BrokerEpochNode?, survival: Survival, lost: [TopicPartition],
    isInSync: (TopicPartition, Int64) -> Bool
  ) {
    let known = previous.map { $0.directorySince ?? $0.survivedSince }
    directorySince = survival == .nothing ? brokerEpoch : known ?? brokerEpoch
    guard survival.isProof, let previous else {
      survivedSince = brokerEpoch
      self.lost = []
      return
    }
    survivedSince = previous.survivedSince
    let now = Set(lost)
    self.lost =
      previous.lost.map(\.replica).filter {
        !now.contains($0.partition) && isInSync($0.partition, $0.brokerEpoch)
      }
      + lost.map { BrokerRegistration.LostReplica(partition: $0, brokerEpoch: brokerEpoch) }
  }
}
