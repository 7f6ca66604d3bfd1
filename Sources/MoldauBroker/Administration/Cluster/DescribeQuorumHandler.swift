import MoldauProtocol

extension Broker {
  /// Says who votes on the cluster's metadata: this broker alone (KIP-595). Brokers of a cluster do not
  /// vote: their coordination service keeps the metadata.
  ///
  /// Its metadata has no log of its own, so that offsets are 0. docs/decisions/single-node-cluster.md
  func describeQuorum(
    _ request: DescribeQuorumRequest, _ context: RequestContext, into reply: inout Reply
  ) -> Outcome {
    var response = DescribeQuorumResponse()
    if replicas != nil {
      response.errorCode = .unsupportedVersion
      response.errorMessage = "the coordination service keeps the metadata; no broker votes on it"
      reply.answer(response, to: context.header)
      return .answered
    }
    response.topics = request.topics.map { topic in
      var answer = DescribeQuorumResponse.Topic()
      answer.name = topic.name
      answer.partitions = topic.partitions.map { asked in
        var partition = DescribeQuorumResponse.Partition()
        partition.index = asked.index
        guard topic.name == HostedTopic.clusterMetadataName, asked.index == 0 else {
          partition.errorCode = .unknownTopicOrPartition
          return partition
        }
        var voter = DescribeQuorumResponse.Replica()
        voter.id = identity.nodeID
        partition.leaderID = identity.nodeID
        partition.leaderEpoch = 1
        partition.currentVoters = [voter]
        return partition
      }
      return answer
    }
    var listener = DescribeQuorumResponse.Listener()
    listener.name = "PLAINTEXT"
    listener.host = context.client.advertisedHost
    listener.port = UInt16(clamping: context.client.advertisedPort)
    var node = DescribeQuorumResponse.Node()
    node.id = identity.nodeID
    node.listeners = [listener]
    response.nodes = [node]
    reply.answer(response, to: context.header)
    return .answered
  }
}
