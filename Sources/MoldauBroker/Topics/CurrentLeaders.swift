import MoldauCluster
import MoldauFormat
import MoldauProtocol

/// The leaders that an answer names beside its errors, so that clients need not ask (KIP-951).
struct CurrentLeaders {
  private let image: ClusterImage
  /// Who names them, which is not itself.
  private let nodeID: Int32
  private let listener: Int
  /// Where the leaders that were named are reached, in the order of their numbers.
  private(set) var endpoints: [NodeEndpoint] = []

  init(_ replicas: Replicas, for client: ClientConnection) {
    image = replicas.image
    nodeID = replicas.nodeID
    listener = client.listener
  }

  /// The leader of a partition, whose topic has a name or an id; nobody when it is not known.
  mutating func leader(of name: String, _ id: TopicID, _ partition: Int32) -> LeaderIDAndEpoch {
    var named = LeaderIDAndEpoch()
    let topic = name.isEmpty ? image.topic(id) : image.topics[name]
    guard let found = topic?.partition(partition), found.leader != nodeID,
      let broker = image.brokers[found.leader],
      broker.endpoints.indices.contains(listener)
    else { return named }
    named.leaderID = found.leader
    named.leaderEpoch = found.leaderEpoch
    if !endpoints.contains(where: { $0.nodeID == found.leader }) {
      var endpoint = NodeEndpoint()
      endpoint.nodeID = found.leader
      endpoint.host = broker.endpoints[listener].host
      endpoint.port = broker.endpoints[listener].port
      endpoints.append(endpoint)
      endpoints.sort { $0.nodeID < $1.nodeID }
    }
    return named
  }

  /// Whether an error says that another broker leads.
  static func isNamed(with code: ErrorCode) -> Bool {
    code == .notLeaderOrFollower || code == .fencedLeaderEpoch
  }
}

extension ProduceResponse {
  /// Names the leaders of the partitions that are led elsewhere.
  mutating func nameLeaders(_ replicas: Replicas, _ context: RequestContext) {
    let isAny = topics.contains { topic in
      topic.partitions.contains { CurrentLeaders.isNamed(with: $0.errorCode) }
    }
    guard isAny, context.header.version >= 10 else { return }
    var leaders = CurrentLeaders(replicas, for: context.client)
    for place in topics.indices {
      for index in topics[place].partitions.indices {
        let partition = topics[place].partitions[index]
        guard CurrentLeaders.isNamed(with: partition.errorCode) else { continue }
        topics[place].partitions[index].currentLeader = leaders.leader(
          of: topics[place].name, topics[place].id, partition.index)
      }
    }
    nodeEndpoints = leaders.endpoints
  }
}

extension FetchResponse {
  /// Names the leaders of the partitions that are led elsewhere.
  mutating func nameLeaders(_ replicas: Replicas, _ context: RequestContext) {
    let isAny = topics.contains { topic in
      topic.partitions.contains { CurrentLeaders.isNamed(with: $0.errorCode) }
    }
    guard isAny, context.header.version >= 12 else { return }
    var leaders = CurrentLeaders(replicas, for: context.client)
    for place in topics.indices {
      for index in topics[place].partitions.indices {
        let partition = topics[place].partitions[index]
        guard CurrentLeaders.isNamed(with: partition.errorCode) else { continue }
        topics[place].partitions[index].currentLeader = leaders.leader(
          of: topics[place].name, topics[place].id, partition.index)
      }
    }
    if context.header.version >= 16 { nodeEndpoints = leaders.endpoints }
  }
}
