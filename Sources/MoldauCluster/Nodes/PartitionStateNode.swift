/// `/brokers/topics/<topic>/partitions/<p>/state`: who leads a partition and who is in sync. The
/// node's version is the partition epoch.
///
/// Kafka's version 1, with fields of our own: the eligible leader replicas, the last leader, and
/// the registrations in which the brokers were last known to have everything.
package struct PartitionStateNode: NodeValue {
  package var version = 1
  package var controllerEpoch: Int32
  package var leader: Int32
  package var leaderEpoch: Int32
  package var isr: [Int32]
  package var elr: [Int32]
  package var lastKnownLeader: Int32
  package var brokerEpochs: [String: Int64]

  private enum CodingKeys: String, CodingKey {
    case version, leader, isr, elr
    case controllerEpoch = "controller_epoch"
    case leaderEpoch = "leader_epoch"
    case lastKnownLeader = "last_known_leader"
    case brokerEpochs = "broker_epochs"
  }

  package init(_ partition: PartitionImage, controllerEpoch: Int32) {
    self.controllerEpoch = controllerEpoch
    leader = partition.leader
    leaderEpoch = partition.leaderEpoch
    isr = partition.isr
    elr = partition.elr
    lastKnownLeader = partition.lastKnownLeader
    brokerEpochs = Dictionary(
      partition.brokerEpochs.map { ("\($0)", $1) }, uniquingKeysWith: { first, _ in first })
  }

  package init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    version = try fields.decode(Int.self, forKey: .version)
    controllerEpoch = try fields.decode(Int32.self, forKey: .controllerEpoch)
    leader = try fields.decode(Int32.self, forKey: .leader)
    leaderEpoch = try fields.decode(Int32.self, forKey: .leaderEpoch)
    isr = try fields.decode([Int32].self, forKey: .isr)
    elr = try fields.decodeIfPresent([Int32].self, forKey: .elr) ?? []
    lastKnownLeader = try fields.decodeIfPresent(Int32.self, forKey: .lastKnownLeader) ?? -1
    brokerEpochs =
      try fields.decodeIfPresent([String: Int64].self, forKey: .brokerEpochs) ?? [:]
  }

  package func validate() throws(NodeFault) {
    guard Set(isr).count == isr.count else { throw NodeFault("\"isr\": \(isr)") }
    guard leader == -1 || isr.contains(leader) else {
      throw NodeFault("\"leader\": \(leader) is not in sync: \(isr)")
    }
    for id in brokerEpochs.keys where Int32(id) == nil {
      throw NodeFault("\"broker_epochs\": \(id) is no broker's number")
    }
  }

  /// The partition in this state.
  ///
  /// - Parameter partitionEpoch: the node's version.
  package func image(
    replicas: [Int32], adding: [Int32], removing: [Int32], partitionEpoch: Int32
  ) -> PartitionImage {
    var image = PartitionImage(
      replicas: replicas, leader: leader, leaderEpoch: leaderEpoch,
      partitionEpoch: partitionEpoch, isr: isr)
    image.adding = adding
    image.removing = removing
    image.elr = elr
    image.lastKnownLeader = lastKnownLeader
    for (id, epoch) in brokerEpochs {
      if let id = Int32(id) { image.brokerEpochs[id] = epoch }
    }
    return image
  }
}
