import MoldauCluster
import MoldauFormat
import MoldauLog
import MoldauProtocol

extension Broker {
  /// As `metadata`, in a cluster: says what the image says. The controller creates what is missing.
  func metadata(
    _ request: MetadataRequest, in replicas: Replicas, _ context: RequestContext,
    into reply: inout Reply
  ) -> Outcome {
    let missing = missingTopics(request)
    guard !missing.isEmpty else {
      reply.answer(metadataAnswer(request, replicas, context.client), to: context.header)
      return .answered
    }
    let cell = AnswerCell<MetadataResponse>(context.waker)
    let client = context.client
    createForClients(missing) { [self] failures in
      cell.settle(metadataAnswer(request, replicas, client, failures))
    }
    return PendingAnswer.outcome(
      of: cell, context, farewell: metadataAnswer(request, replicas, context.client), into: &reply)
  }

  private func metadataAnswer(
    _ request: MetadataRequest, _ replicas: Replicas, _ client: ClientConnection,
    _ failures: [String: ErrorCode] = [:]
  ) -> MetadataResponse {
    let view = ClusterView(replicas.image, nodeID: identity.nodeID, client)
    var response = MetadataResponse()
    response.brokers = view.brokers.map { address in
      var broker = MetadataResponse.Broker()
      broker.nodeID = address.nodeID
      broker.host = address.host
      broker.port = address.port
      return broker
    }
    response.clusterID = clusterID(view.image)
    response.controllerID = view.controllerID
    response.topics =
      request.topics.map { asked in asked.map { describe($0, view, failures) } }
      ?? view.image.topics.keys.sorted().compactMap { view.image.topics[$0] }.map {
        describe($0, view)
      }
    if request.includesClusterAuthorizedOperations {
      response.clusterAuthorizedOperations = AuthorizedOperations.cluster
    }
    if request.includesTopicAuthorizedOperations {
      for index in response.topics.indices where response.topics[index].errorCode == .none {
        response.topics[index].authorizedOperations = AuthorizedOperations.topic
      }
    }
    return response
  }

  /// The cluster's id: the directory's own before the broker has heard of the cluster.
  func clusterID(_ image: ClusterImage) -> String {
    image.clusterID.isEmpty ? identity.clusterID : image.clusterID
  }

  private func describe(
    _ asked: MetadataRequest.Topic, _ view: ClusterView, _ failures: [String: ErrorCode]
  ) -> MetadataResponse.Topic {
    var topic = MetadataResponse.Topic()
    topic.name = asked.name
    topic.id = asked.id
    let found = asked.name.map { view.image.topics[$0] } ?? view.image.topic(asked.id)
    if let found { return describe(found, view) }
    guard let name = asked.name else {
      topic.errorCode = .unknownTopicID
      return topic
    }
    topic.id = .zero
    topic.errorCode =
      failures[name] ?? (isTopicName(name) ? .unknownTopicOrPartition : .invalidTopicException)
    return topic
  }

  private func describe(_ found: TopicImage, _ view: ClusterView) -> MetadataResponse.Topic {
    var topic = MetadataResponse.Topic()
    topic.name = found.name
    topic.id = found.id
    topic.isInternal = HostedTopic.isInternal(found.name)
    topic.partitions = found.partitions.enumerated().map { index, partition in
      var description = MetadataResponse.Partition()
      description.index = Int32(index)
      let leader = view.leader(of: partition)
      description.errorCode = leader == nil ? .leaderNotAvailable : .none
      description.leaderID = leader ?? -1
      description.leaderEpoch = partition.leaderEpoch
      description.replicaNodes = partition.replicas
      description.inSyncReplicaNodes = partition.isr
      description.offlineReplicas = view.offlineReplicas(of: partition)
      return description
    }
    return topic
  }
}
