import MoldauLog
import MoldauProtocol

extension Broker {
  /// Creates topics, each on its own: one that is refused does not keep the others from being made.
  ///
  /// Making folders waits for the disk, for many partitions long, so it has a thread of its own. The
  /// answer comes when the topics can be used.
  func createTopics(
    _ request: CreateTopicsRequest, _ context: RequestContext, into reply: inout Reply
  ) -> Outcome {
    PendingWork.start(
      context, on: topicWork, into: &reply,
      refusal: self.createTopics(request) { _ throws(AdministrationRefusal) in throw .busy }
    ) { [self] in
      createTopics(request) { asked throws(AdministrationRefusal) in
        try create(asked, validatesOnly: request.validatesOnly)
      }
    }
  }

  private func createTopics(
    _ request: CreateTopicsRequest,
    _ create: (CreateTopicsRequest.Topic) throws(AdministrationRefusal)
      -> CreateTopicsResponse.Topic
  ) -> CreateTopicsResponse {
    let repeated = request.topics.map(\.name).repeated
    var response = CreateTopicsResponse()
    response.topics = request.topics.map { asked in
      do throws(AdministrationRefusal) {
        guard !repeated.contains(asked.name) else { throw .repeatedTopic }
        return try create(asked)
      } catch {
        var answer = CreateTopicsResponse.Topic()
        answer.name = asked.name
        answer.errorCode = error.code
        answer.errorMessage = error.message
        return answer
      }
    }
    return response
  }

  private func create(
    _ asked: CreateTopicsRequest.Topic, validatesOnly: Bool
  ) throws(AdministrationRefusal) -> CreateTopicsResponse.Topic {
    let plan = try TopicPlan(asked, topicSettings, nodeID: identity.nodeID)
    try checkIsFree(plan.name)
    var answer = CreateTopicsResponse.Topic()
    if !validatesOnly {
      let topic: Topic
      do throws(LogError) { topic = try store.createTopic(plan.name, plan.configuration) } catch {
        throw AdministrationRefusal(error)
      }
      answer.id = topic.id
      logger.info("topic \"\(plan.name)\" created, \(topic.partitionCount) partitions")
      if plan.missingReplicaCount > 0 {
        logger.warning(
          """
          topic "\(plan.name)": \(plan.missingReplicaCount + 1) replicas were asked for and there is \
          1, as this is a single broker in development
          """)
      }
    }
    answer.name = plan.name
    answer.partitionCount = Int32(plan.configuration.partitionCount)
    answer.replicationFactor = 1
    answer.configurations = TopicConfigKey.all.map { setting in
      var entry = CreateTopicsResponse.Configuration()
      entry.name = setting.name
      entry.value = topicSettings.value(of: setting, in: plan.configuration)
      entry.source = topicSettings.source(of: setting, in: plan.configuration)
      return entry
    }
    return answer
  }

  /// Throws when there is a topic of this name, or one from which metrics could not tell it.
  func checkIsFree(_ name: String) throws(AdministrationRefusal) {
    if topics.topic(named: name) != nil {
      throw AdministrationRefusal(.topicAlreadyExists, "topic \"\(name)\" exists already")
    }
    if let other = topics.name(collidingWith: name) {
      throw AdministrationRefusal(
        .invalidTopicException,
        "topic \"\(name)\" differs from topic \"\(other)\" only in '.' and '_', which names of"
          + " metrics do not tell apart")
    }
  }
}

extension Sequence where Element: Hashable {
  /// Those that come more than once.
  var repeated: Set<Element> {
    var seen: Set<Element> = []
    return Set(filter { !seen.insert($0).inserted })
  }
}
