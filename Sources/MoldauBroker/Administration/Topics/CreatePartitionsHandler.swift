import MoldauLog
import MoldauProtocol

extension Broker {
  /// Adds partitions to topics, each on its own. When the answer comes they can be used.
  func createPartitions(
    _ request: CreatePartitionsRequest, _ context: RequestContext, into reply: inout Reply
  ) -> Outcome {
    PendingWork.start(
      context, on: topicWork, into: &reply,
      refusal: self.createPartitions(request) { _ throws(AdministrationRefusal) in throw .busy }
    ) { [self] in
      createPartitions(request) { asked throws(AdministrationRefusal) in
        try addPartitions(asked, validatesOnly: request.validatesOnly)
      }
    }
  }

  private func createPartitions(
    _ request: CreatePartitionsRequest,
    _ add: (CreatePartitionsRequest.Topic) throws(AdministrationRefusal) -> Void
  ) -> CreatePartitionsResponse {
    let repeated = request.topics.map(\.name).repeated
    var response = CreatePartitionsResponse()
    response.topics = request.topics.map { asked in
      var answer = CreatePartitionsResponse.Topic()
      answer.name = asked.name
      do throws(AdministrationRefusal) {
        guard !repeated.contains(asked.name) else { throw .repeatedTopic }
        try add(asked)
      } catch {
        answer.errorCode = error.code
        answer.errorMessage = error.message
      }
      return answer
    }
    return response
  }

  /// Throws when a topic of this name keeps the partitions that it has.
  func checkCanGrow(_ name: String) throws(AdministrationRefusal) {
    guard !HostedTopic.isInternal(name) else {
      throw AdministrationRefusal(
        .invalidRequest,
        "topic \"\(name)\" is the broker's own: where a group's state lies depends on its"
          + " number of partitions")
    }
  }

  private func addPartitions(
    _ asked: CreatePartitionsRequest.Topic, validatesOnly: Bool
  ) throws(AdministrationRefusal) {
    guard let topic = topics.topic(named: asked.name)?.topic else {
      throw AdministrationRefusal(
        .unknownTopicOrPartition, "there is no topic \"\(asked.name.prefix(300))\"")
    }
    try checkCanGrow(topic.name)
    let limit = MoldauLog.Limits.maxPartitionsPerTopic
    guard Int(asked.count) > topic.partitionCount, Int(asked.count) <= limit else {
      throw AdministrationRefusal(
        .invalidPartitions,
        "topic \"\(topic.name)\" has \(topic.partitionCount) partitions; it can have more, up to"
          + " \(limit), and not \(asked.count)")
    }
    if let assignments = asked.assignments {
      let added = Int(asked.count) - topic.partitionCount
      guard assignments.count == added else {
        throw AdministrationRefusal(
          .invalidReplicaAssignment,
          "replicas of \(assignments.count) partitions are placed, and \(added) are to be added")
      }
      for assignment in assignments {
        try TopicPlan.check(assignment.brokerIDs, topicSettings, nodeID: identity.nodeID)
      }
    }
    guard !validatesOnly else { return }
    do throws(LogError) { try store.addPartitions(to: topic, count: Int(asked.count)) } catch {
      throw AdministrationRefusal(error)
    }
    logger.info("topic \"\(topic.name)\" has \(asked.count) partitions")
  }
}
