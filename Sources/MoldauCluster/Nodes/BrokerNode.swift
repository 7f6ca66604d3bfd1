internal import MoldauFormat

/// `/brokers/ids/<id>`: a broker that is up, as it says of itself.
///
/// Kafka's version 5, with fields of our own: the epoch, the data directory, the listener for
/// brokers, and what the broker has lost.
package struct BrokerNode: NodeValue {
  package struct Lost: Codable, Hashable, Sendable {
    package var topic: String
    package var partition: Int32
    package var brokerEpoch: Int64

    private enum CodingKeys: String, CodingKey {
      case topic, partition
      case brokerEpoch = "broker_epoch"
    }

    package init(_ lost: BrokerRegistration.LostReplica) {
      topic = lost.partition.topic
      partition = lost.partition.partition
      brokerEpoch = lost.brokerEpoch
    }

    package var replica: BrokerRegistration.LostReplica {
      BrokerRegistration.LostReplica(
        partition: TopicPartition(topic: topic, partition: partition), brokerEpoch: brokerEpoch)
    }
  }

  package var version = 5
  package var host: String
  package var port: Int32
  package var endpoints: [String]
  package var listenerSecurityProtocolMap: [String: String]
  package var jmxPort: Int32 = -1
  package var timestamp: String
  package var features: [String: String]? = [:]
  package var brokerEpoch: Int64
  package var directoryID: String
  package var replicationEndpoint: String
  package var survivedSince: Int64
  /// nil is `survivedSince`.
  package var directorySince: Int64?
  package var lost: [Lost]

  private enum CodingKeys: String, CodingKey {
    case version, host, port, endpoints, timestamp, features, lost
    case listenerSecurityProtocolMap = "listener_security_protocol_map"
    case jmxPort = "jmx_port"
    case brokerEpoch = "broker_epoch"
    case directoryID = "directory_id"
    case replicationEndpoint = "replication_endpoint"
    case survivedSince = "survived_since"
    case directorySince = "directory_since"
  }

  /// - Parameter timestampMilliseconds: when it registers.
  package init(_ registration: BrokerRegistration, timestampMilliseconds: Int64) {
    host = registration.endpoints.first?.host ?? registration.replication.host
    port = registration.endpoints.first?.port ?? registration.replication.port
    endpoints = registration.endpoints.map(\.text)
    listenerSecurityProtocolMap = Dictionary(
      registration.endpoints.map { ($0.name, "PLAINTEXT") }, uniquingKeysWith: { first, _ in first }
    )
    timestamp = "\(timestampMilliseconds)"
    brokerEpoch = registration.brokerEpoch
    directoryID = registration.directoryID.base64
    replicationEndpoint = registration.replication.text
    survivedSince = registration.survivedSince
    directorySince = registration.directorySince
    lost = registration.lost.map(Lost.init)
  }

  package func validate() throws(NodeFault) {
    guard TopicID(base64: directoryID) != nil else {
      throw NodeFault("\"directory_id\": \(directoryID) is not an id")
    }
    if let directorySince, directorySince > survivedSince {
      throw NodeFault("\"directory_since\": \(directorySince) is above \"survived_since\"")
    }
    for text in endpoints + [replicationEndpoint]
    where BrokerRegistration.Endpoint(text: text) == nil {
      throw NodeFault("\(text) is not NAME://HOST:PORT")
    }
  }

  /// The registration of broker `id`, or the reason why the node says none.
  package static func registration(
    of id: Int32, parsing data: [UInt8]
  ) throws(NodeError) -> BrokerRegistration {
    let path = ClusterPath.broker(id)
    let node = try BrokerNode(parsing: data, at: path)
    guard let directoryID = TopicID(base64: node.directoryID),
      let replication = BrokerRegistration.Endpoint(text: node.replicationEndpoint)
    else { throw NodeError(path: path, reason: "\"directory_id\" or \"replication_endpoint\"") }
    return BrokerRegistration(
      nodeID: id, brokerEpoch: node.brokerEpoch, directoryID: directoryID,
      endpoints: node.endpoints.compactMap { BrokerRegistration.Endpoint(text: $0) },
      replication: replication, survivedSince: node.survivedSince, lost: node.lost.map(\.replica),
      directorySince: node.directorySince)
  }
}
