import MoldauFormat
import MoldauLog
import MoldauProtocol

extension Broker {
  /// Says where topics are, creating those that are missing when both sides want it.
  ///
  /// Creating a topic waits for the disk, so it goes to the thread for that; the answer comes when
  /// the topic can be used.
  func metadata(
    _ request: MetadataRequest, _ context: RequestContext, into reply: inout Reply
  ) -> Outcome {
    if let replicas { return metadata(request, in: replicas, context, into: &reply) }
    let missing = missingTopics(request)
    guard !missing.isEmpty else {
      reply.answer(metadataAnswer(request, context), to: context.header)
      return .answered
    }
    return PendingWork.start(
      context, on: topicWork, into: &reply, refusal: self.metadataAnswer(request, context)
    ) { [self] in
      var failures: [String: ErrorCode] = [:]
      for name in missing {
        if let code = refusal(ofNew: name) {
          failures[name] = code
          continue
        }
        do throws(LogError) { try createIfMissing(name) } catch {
          logger.warning("topic \"\(name)\" could not be created: \(error)")
          failures[name] = ErrorCode(error)
        }
      }
      return metadataAnswer(request, context, failures)
    }
  }

  /// The topics that are to be created for a request.
  func missingTopics(_ request: MetadataRequest) -> [String] {
    guard configuration.createsTopics, request.allowsAutoTopicCreation,
      let asked = request.topics
    else { return [] }
    let names = asked.compactMap(\.name)
    let missing = names.filter { knownTopic(named: $0) == nil && isTopicName($0) }
    return Array(missing.prefix(Limits.createdTopicsPerRequest))
  }

  /// Why a topic of this name does not come into being by being asked for, if it does not.
  private func refusal(ofNew name: String) -> ErrorCode? {
    if name == GroupOffsets.topicName { return nil }
    let isTaken = topics.name(collidingWith: name) != nil
    return isTaken || HostedTopic.isInternal(name) ? .invalidTopicException : nil
  }

  private func createIfMissing(_ name: String) throws(LogError) {
    do throws(LogError) {
      if name == GroupOffsets.topicName {
        // It is not like other topics.
        _ = try store.groupOffsets()
        return
      }
      _ = try store.createTopic(name, configuration.newTopics)
      logger.info("topic \"\(name)\" created for a client")
    } catch .topicExists {
      // Another client was faster.
    }
  }

  /// Whether a topic can have the name.
  func isTopicName(_ name: String) -> Bool {
    do throws(FormatError) {
      try TopicName.validate(name)
      return true
    } catch {
      return false
    }
  }

  // MARK: The answer

  private func metadataAnswer(
    _ request: MetadataRequest, _ context: RequestContext, _ failures: [String: ErrorCode] = [:]
  ) -> MetadataResponse {
    var broker = MetadataResponse.Broker()
    broker.nodeID = identity.nodeID
    broker.host = context.client.advertisedHost
    broker.port = context.client.advertisedPort
    var response = MetadataResponse()
    response.brokers = [broker]
    response.clusterID = identity.clusterID
    response.controllerID = identity.nodeID
    response.topics =
      request.topics.map { asked in asked.map { describe($0, failures) } }
      ?? topics.all.map { describe($0) }
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

  private func describe(
    _ asked: MetadataRequest.Topic, _ failures: [String: ErrorCode]
  ) -> MetadataResponse.Topic {
    var topic = MetadataResponse.Topic()
    topic.name = asked.name
    topic.id = asked.id
    if let name = asked.name {
      if let found = topics.topic(named: name) { return describe(found) }
      topic.id = .zero
      topic.errorCode =
        failures[name] ?? (isTopicName(name) ? .unknownTopicOrPartition : .invalidTopicException)
    } else {
      if let found = topics.topic(asked.id) { return describe(found) }
      topic.errorCode = .unknownTopicID
    }
    return topic
  }

  private func describe(_ hosted: HostedTopic) -> MetadataResponse.Topic {
    var topic = MetadataResponse.Topic()
    topic.name = hosted.topic.name
    topic.id = hosted.topic.id
    topic.isInternal = hosted.isInternal
    topic.partitions = hosted.partitions.map { partition in
      var description = MetadataResponse.Partition()
      description.index = partition.index
      description.leaderID = identity.nodeID
      description.leaderEpoch = partition.leaderEpoch
      description.replicaNodes = [identity.nodeID]
      description.inSyncReplicaNodes = [identity.nodeID]
      return description
    }
    return topic
  }
}
