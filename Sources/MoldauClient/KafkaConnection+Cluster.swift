package import MoldauFormat
package import MoldauProtocol

/// Where replicas are and which of them lead.
extension KafkaConnection {
  /// What a partition is to be, or has become.
  package struct PartitionOutcome: Equatable, Sendable {
    package let partition: TopicPartition
    package let code: ErrorCode
    package let message: String?
  }

  /// Has leaders elected; nil elects in all partitions that the choice fits (KIP-460).
  ///
  /// Returns what became of each partition that was named, or changed.
  package func electLeaders(
    of partitions: [TopicPartition]?, isUnclean: Bool
  ) throws(ClientError) -> [PartitionOutcome] {
    typealias Request = ElectLeadersRequest
    var request = Request()
    request.electionType =
      isUnclean ? Request.ElectionType.unclean : Request.ElectionType.preferred
    request.timeoutMilliseconds = options.timeoutMilliseconds
    request.topics = partitions.map { partitions in
      TopicPartition.grouped(partitions).map { name, indexes in
        var topic = Request.Topic()
        topic.name = name
        topic.partitions = indexes
        return topic
      }
    }
    let response = try call(request, waitMilliseconds: options.timeoutMilliseconds)
    try check(response.errorCode, "an election")
    return response.topics.flatMap { topic in
      topic.partitions.map { one in
        PartitionOutcome(
          partition: TopicPartition(topic: topic.name, partition: one.index), code: one.errorCode,
          message: one.errorMessage)
      }
    }
  }

  /// Begins to move partitions' replicas to these brokers, the preferred leader first; nil calls a
  /// move off (KIP-455).
  package func reassign(
    _ moves: [(partition: TopicPartition, replicas: [Int32]?)]
  ) throws(ClientError) -> [PartitionOutcome] {
    typealias Request = AlterPartitionReassignmentsRequest
    var request = Request()
    request.timeoutMilliseconds = options.timeoutMilliseconds
    for move in moves {
      var partition = Request.Partition()
      partition.index = move.partition.partition
      partition.replicas = move.replicas
      if let place = request.topics.firstIndex(where: { $0.name == move.partition.topic }) {
        request.topics[place].partitions.append(partition)
      } else {
        var topic = Request.Topic()
        topic.name = move.partition.topic
        topic.partitions = [partition]
        request.topics.append(topic)
      }
    }
    let response = try call(request, waitMilliseconds: options.timeoutMilliseconds)
    try check(response.errorCode, "to move replicas", response.errorMessage)
    return response.topics.flatMap { topic in
      topic.partitions.map { one in
        PartitionOutcome(
          partition: TopicPartition(topic: topic.name, partition: one.index), code: one.errorCode,
          message: one.errorMessage)
      }
    }
  }

  /// A partition whose replicas are on the move.
  package struct Reassignment: Equatable, Sendable {
    package let partition: TopicPartition
    package let replicas: [Int32]
    package let adding: [Int32]
    package let removing: [Int32]
  }

  /// Returns the moves that are not over yet, by topic and partition.
  package func reassignments() throws(ClientError) -> [Reassignment] {
    var request = ListPartitionReassignmentsRequest()
    request.timeoutMilliseconds = options.timeoutMilliseconds
    let response = try call(request, waitMilliseconds: options.timeoutMilliseconds)
    try check(response.errorCode, "the moves of replicas", response.errorMessage)
    let found = response.topics.flatMap { topic in
      topic.partitions.map { one in
        Reassignment(
          partition: TopicPartition(topic: topic.name, partition: one.index),
          replicas: one.replicas, adding: one.addingReplicas, removing: one.removingReplicas)
      }
    }
    return found.sorted {
      ($0.partition.topic, $0.partition.partition) < ($1.partition.topic, $1.partition.partition)
    }
  }

  /// Returns how many replicas of the broker at the other end were not all there when it registered; 0
  /// where the broker does not say so.
  package func lostReplicaCount() throws(ClientError) -> Int {
    guard offers(.describeCluster) else { return 0 }
    let response = try call(DescribeClusterRequest())
    try check(response.errorCode, "the cluster", response.errorMessage)
    return Int(response.lostReplicaCount)
  }

  /// Who could lead a partition.
  package struct LeaderCandidates: Sendable {
    /// In sync, or eligible without being in sync (KIP-966).
    package var eligible: [Int32]
    /// Who led last, where nobody is eligible.
    package var lastKnown: [Int32]
  }

  /// Returns who could lead the partitions of some topics; of none where the broker does not say so.
  package func leaderCandidates(
    ofTopics names: [String]
  ) throws(ClientError) -> [TopicPartition: LeaderCandidates] {
    guard !names.isEmpty, offers(.describeTopicPartitions) else { return [:] }
    var request = DescribeTopicPartitionsRequest()
    request.topics = names.map { name in
      var topic = DescribeTopicPartitionsRequest.Topic()
      topic.name = name
      return topic
    }
    var found: [TopicPartition: LeaderCandidates] = [:]
    repeat {
      let response = try call(request)
      for topic in response.topics {
        for one in topic.partitions {
          found[TopicPartition(topic: topic.name ?? "", partition: one.index)] = LeaderCandidates(
            eligible: one.inSyncReplicaNodes + (one.eligibleLeaderReplicas ?? []),
            lastKnown: one.lastKnownEligibleLeaderReplicas ?? [])
        }
      }
      request.cursor = response.nextCursor
    } while request.cursor != nil
    return found
  }
}
