import MoldauCluster
import MoldauProtocol

/// What is described of a cluster, as its image says.
extension Broker {
  /// The cluster as the client of a request sees it; nil for a broker that stands alone.
  func view(for context: RequestContext) -> ClusterView? {
    replicas.map { ClusterView($0.image, nodeID: identity.nodeID, context.client) }
  }

  /// Puts the brokers of a cluster into an answer.
  func describe(_ view: ClusterView, in response: inout DescribeClusterResponse) {
    response.brokers = view.brokers.map { address in
      var broker = DescribeClusterResponse.Broker()
      broker.id = address.nodeID
      broker.host = address.host
      broker.port = address.port
      return broker
    }
    response.clusterID = clusterID(view.image)
    response.controllerID = view.controllerID
    response.lostReplicaCount = Int32(clamping: member?.lostCount ?? 0)
  }

  /// Describes one partition of a cluster (KIP-966).
  func describe(
    _ index: Int32, _ partition: PartitionImage, _ view: ClusterView
  ) -> DescribeTopicPartitionsResponse.Partition {
    var answer = DescribeTopicPartitionsResponse.Partition()
    let leader = view.leader(of: partition)
    answer.index = index
    answer.errorCode = leader == nil ? .leaderNotAvailable : .none
    answer.leaderID = leader ?? -1
    answer.leaderEpoch = partition.leaderEpoch
    answer.replicaNodes = partition.replicas
    answer.inSyncReplicaNodes = partition.isr
    answer.eligibleLeaderReplicas = partition.elr
    answer.lastKnownEligibleLeaderReplicas =
      partition.lastKnownLeader >= 0 ? [partition.lastKnownLeader] : []
    answer.offlineReplicas = view.offlineReplicas(of: partition)
    return answer
  }
}
