import MoldauProtocol

extension Broker {
  /// Describes partitions in the order of the topics' names, in portions (KIP-966).
  func describeTopicPartitions(
    _ request: DescribeTopicPartitionsRequest, _ context: RequestContext, into reply: inout Reply
  ) -> Outcome {
    var response = DescribeTopicPartitionsResponse()
    var left = min(
      max(1, Int(request.responsePartitionLimit)), Limits.describedPartitionsPerRequest)
    let view = view(for: context)
    for name in names(request, view) {
      let first =
        name == request.cursor?.topicName ? max(0, Int(request.cursor?.partitionIndex ?? 0)) : 0
      guard left > 0 else {
        response.nextCursor = cursor(name, first)
        break
      }
      guard let topic = knownTopic(named: name) else {
        // A topic that was listed and is gone since is no error; one that was named is.
        if !request.topics.isEmpty { response.topics.append(missing(name)) }
        continue
      }
      let rest = describedPartitions(of: topic, view).drop { Int($0.index) < first }
      let partitions = rest.prefix(left)
      response.topics.append(describe(topic, partitions))
      left -= partitions.count
      if let next = rest.dropFirst(partitions.count).first {
        response.nextCursor = cursor(name, Int(next.index))
        break
      }
    }
    reply.answer(response, to: context.header)
    return .answered
  }

  /// The topics that the answer may speak of, in order, from the cursor on.
  private func names(
    _ request: DescribeTopicPartitionsRequest, _ view: ClusterView?
  ) -> [String] {
    let known = view.map { $0.image.topics.keys.sorted() } ?? store.topics.map(\.name)
    let all = request.topics.isEmpty ? known : Set(request.topics.map(\.name)).sorted()
    guard let cursor = request.cursor else { return all }
    return all.filter { $0 >= cursor.topicName }
  }

  private func cursor(_ name: String, _ index: Int) -> DescribeTopicPartitionsRequest.Cursor {
    var cursor = DescribeTopicPartitionsRequest.Cursor()
    cursor.topicName = name
    cursor.partitionIndex = Int32(index)
    return cursor
  }

  private func missing(_ name: String) -> DescribeTopicPartitionsResponse.Topic {
    var topic = DescribeTopicPartitionsResponse.Topic()
    topic.name = name
    topic.errorCode = isTopicName(name) ? .unknownTopicOrPartition : .invalidTopicException
    return topic
  }

  private func describe(
    _ known: KnownTopic, _ partitions: ArraySlice<DescribeTopicPartitionsResponse.Partition>
  ) -> DescribeTopicPartitionsResponse.Topic {
    var topic = DescribeTopicPartitionsResponse.Topic()
    topic.name = known.name
    topic.id = known.id
    topic.isInternal = HostedTopic.isInternal(known.name)
    topic.authorizedOperations = AuthorizedOperations.topic
    topic.partitions = Array(partitions)
    return topic
  }

  private func describedPartitions(
    of known: KnownTopic, _ view: ClusterView?
  ) -> [DescribeTopicPartitionsResponse.Partition] {
    switch known {
    case .ofCluster(let topic):
      guard let view else { preconditionFailure("a topic of a cluster is seen in one") }
      return topic.partitions.enumerated().map { describe(Int32($0), $1, view) }
    case .hosted(let hosted):
      return hosted.partitions.map { partition in
        var answer = DescribeTopicPartitionsResponse.Partition()
        answer.index = partition.index
        answer.leaderID = identity.nodeID
        answer.leaderEpoch = partition.leaderEpoch
        answer.replicaNodes = [identity.nodeID]
        answer.inSyncReplicaNodes = [identity.nodeID]
        answer.eligibleLeaderReplicas = []
        answer.lastKnownEligibleLeaderReplicas = []
        return answer
      }
    }
  }
}
