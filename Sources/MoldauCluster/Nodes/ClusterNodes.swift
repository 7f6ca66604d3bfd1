/// `/controller`: who the controller is; Kafka's version 1, with the epoch, so that both are one
/// read, and with what tells one claim from another of the same broker.
package struct ControllerNode: NodeValue {
  package var version = 1
  package var brokerID: Int32
  package var timestamp: String
  package var controllerEpoch: Int32?
  package var instance: String?

  private enum CodingKeys: String, CodingKey {
    case version, timestamp, instance
    case brokerID = "brokerid"
    case controllerEpoch = "controller_epoch"
  }

  package init(
    brokerID: Int32, controllerEpoch: Int32, instance: String, timestampMilliseconds: Int64
  ) {
    self.brokerID = brokerID
    self.controllerEpoch = controllerEpoch
    self.instance = instance
    timestamp = "\(timestampMilliseconds)"
  }

  package var identity: ControllerIdentity {
    ControllerIdentity(nodeID: brokerID, epoch: controllerEpoch ?? -1)
  }
}

/// `/controller_epoch`: how many controllers there were, in decimal digits.
package enum ControllerEpochNode {
  package static func data(_ epoch: Int32) -> [UInt8] { Array("\(epoch)".utf8) }

  package static func parse(_ data: [UInt8]) throws(NodeError) -> Int32 {
    guard let epoch = Int32(String(decoding: data, as: UTF8.self)), epoch >= 0 else {
      throw NodeError(path: ClusterPath.controllerEpoch, reason: "it is no number of a controller")
    }
    return epoch
  }
}

/// `/config/topics/<topic>`, `/config/brokers/<id or <default>>`: what was set, by Kafka's names.
package struct ConfigurationNode: NodeValue {
  package var version = 1
  package var config: [String: String]

  package init(_ config: [String: String]) {
    self.config = config
  }
}

/// `/cluster/id`.
package struct ClusterIDNode: NodeValue {
  package var version = "1"
  package var id: String

  package init(_ id: String) {
    self.id = id
  }

  package func validate() throws(NodeFault) {
    guard !id.isEmpty else { throw NodeFault("\"id\" is empty") }
  }
}

/// `/latest_producer_id_block`: the producer ids that were given to a broker last.
package struct ProducerIDBlockNode: NodeValue {
  package var version = 1
  package var broker: Int32
  package var blockStart: String
  /// The last of the block.
  package var blockEnd: String

  private enum CodingKeys: String, CodingKey {
    case version, broker
    case blockStart = "block_start"
    case blockEnd = "block_end"
  }

  package init(broker: Int32, first: Int64, last: Int64) {
    self.broker = broker
    blockStart = "\(first)"
    blockEnd = "\(last)"
  }

  package func validate() throws(NodeFault) {
    guard let first = Int64(blockStart), let last = Int64(blockEnd), 0 <= first, first <= last
    else {
      throw NodeFault("\(blockStart) to \(blockEnd) is no block of producer ids")
    }
  }

  package var first: Int64 { Int64(blockStart) ?? 0 }
  package var last: Int64 { Int64(blockEnd) ?? 0 }
}
