import MoldauCluster
import MoldauFormat

/// The cluster as the client of one listener sees it.
struct ClusterView: Sendable {
  let image: ClusterImage
  private let nodeID: Int32
  private let client: ClientConnection

  init(_ image: ClusterImage, nodeID: Int32, _ client: ClientConnection) {
    self.image = image
    self.nodeID = nodeID
    self.client = client
  }

  // MARK: Brokers

  struct Address: Hashable, Sendable {
    let nodeID: Int32
    let host: String
    let port: Int32
  }

  /// Where the client finds the live brokers, in the order of their numbers; this one before it has
  /// heard of the cluster.
  var brokers: [Address] {
    let live = image.brokers.keys.sorted().compactMap(address)
    return live.isEmpty ? [ownAddress] : live
  }

  /// Where the client finds a broker; nil when it is not up, or has no listener of this name.
  func address(of id: Int32) -> Address? {
    guard let broker = image.brokers[id] else { return nil }
    if id == nodeID { return ownAddress }
    let endpoint =
      client.isPeer ? broker.replication : broker.endpoints.first { $0.name == listenerName }
    return endpoint.map { Address(nodeID: id, host: $0.host, port: $0.port) }
  }

  private var ownAddress: Address {
    Address(nodeID: nodeID, host: client.advertisedHost, port: client.advertisedPort)
  }

  /// All brokers have the same listeners by name.
  private var listenerName: String {
    let own = image.brokers[nodeID]?.endpoints ?? []
    if own.indices.contains(client.listener) { return own[client.listener].name }
    return BrokerRegistration.Endpoint.name(ofListener: client.listener)
  }

  /// Whom to ask for changes of the cluster: the controller, or this broker, which asks it.
  var controllerID: Int32 {
    address(of: image.controllerID) == nil ? nodeID : image.controllerID
  }

  // MARK: Partitions

  /// Who leads a partition, if someone does that the client can reach.
  func leader(of partition: PartitionImage) -> Int32? {
    address(of: partition.leader)?.nodeID
  }

  /// Those of a partition's replicas whose broker is not up.
  func offlineReplicas(of partition: PartitionImage) -> [Int32] {
    partition.replicas.filter { image.brokers[$0] == nil }
  }
}

extension BrokerRegistration.Endpoint {
  /// What a listener for clients is called: CLIENT, CLIENT2 and so on.
  package static func name(ofListener index: Int) -> String {
    index == 0 ? "CLIENT" : "CLIENT\(index + 1)"
  }
}
