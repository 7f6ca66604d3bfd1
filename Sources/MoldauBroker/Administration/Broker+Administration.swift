import MoldauProtocol

extension Broker {
  /// Answers the requests that look after topics, configurations, producers and the cluster.
  func answerAdministration(
    _ api: ApiKey, _ reader: inout ProtocolReader, _ frame: RawSpan, _ context: RequestContext,
    into reply: inout Reply
  ) throws(RequestFailure) -> Outcome {
    if let member,
      let outcome = try answerChange(api, &reader, frame, context, member, into: &reply)
    {
      return outcome
    }
    return try answerAlone(api, &reader, context, into: &reply)
  }

  /// Answers the requests that change a cluster, which its controller decides; nil when it is none of
  /// them.
  private func answerChange(
    _ api: ApiKey, _ reader: inout ProtocolReader, _ frame: RawSpan, _ context: RequestContext,
    _ member: ClusterMember, into reply: inout Reply
  ) throws(RequestFailure) -> Outcome? {
    switch api {
    case .createTopics:
      createTopics(try decode(&reader, context), in: member, frame, context, into: &reply)
    case .deleteTopics:
      deleteTopics(try decode(&reader, context), in: member, frame, context, into: &reply)
    case .createPartitions:
      createPartitions(try decode(&reader, context), in: member, frame, context, into: &reply)
    case .alterConfigs:
      alterConfigs(try decode(&reader, context), in: member, frame, context, into: &reply)
    case .incrementalAlterConfigs:
      incrementalAlterConfigs(
        try decode(&reader, context), in: member, frame, context, into: &reply)
    case .electLeaders:
      electLeaders(try decode(&reader, context), in: member, frame, context, into: &reply)
    case .alterPartitionReassignments:
      alterPartitionReassignments(
        try decode(&reader, context), in: member, frame, context, into: &reply)
    case .listPartitionReassignments:
      listPartitionReassignments(
        try decode(&reader, context), in: member, frame, context, into: &reply)
    default:
      nil
    }
  }

  private func answerAlone(
    _ api: ApiKey, _ reader: inout ProtocolReader, _ context: RequestContext,
    into reply: inout Reply
  ) throws(RequestFailure) -> Outcome {
    switch api {
    case .createTopics:
      createTopics(try decode(&reader, context), context, into: &reply)
    case .deleteTopics:
      deleteTopics(try decode(&reader, context), context, into: &reply)
    case .createPartitions:
      createPartitions(try decode(&reader, context), context, into: &reply)
    case .deleteRecords:
      deleteRecords(try decode(&reader, context), context, into: &reply)
    case .describeConfigs:
      describeConfigs(try decode(&reader, context), context, into: &reply)
    case .alterConfigs:
      alterConfigs(try decode(&reader, context), context, into: &reply)
    case .incrementalAlterConfigs:
      incrementalAlterConfigs(try decode(&reader, context), context, into: &reply)
    case .listConfigResources:
      listConfigResources(try decode(&reader, context), context, into: &reply)
    case .initProducerID:
      initProducerID(try decode(&reader, context), context, into: &reply)
    case .offsetForLeaderEpoch:
      offsetForLeaderEpoch(try decode(&reader, context), context, into: &reply)
    default:
      try answerCluster(api, &reader, context, into: &reply)
    }
  }

  private func answerCluster(
    _ api: ApiKey, _ reader: inout ProtocolReader, _ context: RequestContext,
    into reply: inout Reply
  ) throws(RequestFailure) -> Outcome {
    switch api {
    case .describeCluster:
      describeCluster(try decode(&reader, context), context, into: &reply)
    case .describeLogDirs:
      describeLogDirs(try decode(&reader, context), context, into: &reply)
    case .electLeaders:
      electLeaders(try decode(&reader, context), context, into: &reply)
    case .alterPartitionReassignments:
      alterPartitionReassignments(try decode(&reader, context), context, into: &reply)
    case .listPartitionReassignments:
      listPartitionReassignments(try decode(&reader, context), context, into: &reply)
    case .describeQuorum:
      describeQuorum(try decode(&reader, context), context, into: &reply)
    case .describeTopicPartitions:
      describeTopicPartitions(try decode(&reader, context), context, into: &reply)
    default:
      throw .unsupported(apiKey: api.rawValue, version: context.header.version)
    }
  }
}
