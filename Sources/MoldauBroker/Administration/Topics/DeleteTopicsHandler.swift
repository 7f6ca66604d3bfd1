import MoldauFormat
import MoldauLog
import MoldauProtocol

extension Broker {
  /// Deletes topics by name or id. When the answer comes they are gone; their files follow.
  func deleteTopics(
    _ request: DeleteTopicsRequest, _ context: RequestContext, into reply: inout Reply
  ) -> Outcome {
    let version = context.header.version
    return PendingWork.start(
      context, on: topicWork, into: &reply,
      refusal: self.deleteTopics(request) { _ throws(AdministrationRefusal) in throw .busy }
    ) { [self] in
      deleteTopics(request) { asked throws(AdministrationRefusal) in
        try delete(asked, version: version)
      }
    }
  }

  private func deleteTopics(
    _ request: DeleteTopicsRequest,
    _ delete: (DeleteTopicsRequest.Topic) throws(AdministrationRefusal) -> Topic
  ) -> DeleteTopicsResponse {
    let asked = request.allTopics
    let names = asked.compactMap(\.name).repeated
    let ids = asked.map(\.id).filter { $0 != .zero }.repeated
    var response = DeleteTopicsResponse()
    response.topics = asked.map { topic in
      var answer = DeleteTopicsResponse.Topic()
      answer.name = topic.name
      answer.id = topic.id
      do throws(AdministrationRefusal) {
        guard !names.contains(where: { $0 == topic.name }), !ids.contains(topic.id) else {
          throw .repeatedTopic
        }
        let deleted = try delete(topic)
        answer.name = deleted.name
        answer.id = deleted.id
      } catch {
        answer.errorCode = error.code
        answer.errorMessage = error.message
      }
      return answer
    }
    return response
  }

  private func delete(
    _ asked: DeleteTopicsRequest.Topic, version: Int16
  ) throws(AdministrationRefusal) -> Topic {
    try checkDeletion(version: version)
    let topic = try topic(of: asked).topic
    try checkIsDeletable(topic.name)
    do throws(LogError) { try store.removeTopic(topic.name) } catch {
      throw AdministrationRefusal(error)
    }
    topics.forget(topic)
    logger.info("topic \"\(topic.name)\" deleted")
    return topic
  }

  /// Throws when clients may not delete topics.
  func checkDeletion(version: Int16) throws(AdministrationRefusal) {
    guard configuration.deletesTopics else {
      throw AdministrationRefusal(
        version >= 3 ? .topicDeletionDisabled : .invalidRequest,
        "the broker does not delete topics (delete.topic.enable)")
    }
  }

  /// Throws when a topic of this name is the broker's own.
  func checkIsDeletable(_ name: String) throws(AdministrationRefusal) {
    guard !HostedTopic.isInternal(name) else {
      throw AdministrationRefusal(
        .invalidRequest, "topic \"\(name)\" is the broker's own and stays")
    }
  }

  private func topic(
    of asked: DeleteTopicsRequest.Topic
  ) throws(AdministrationRefusal) -> HostedTopic {
    switch (asked.name, asked.id) {
    case (nil, .zero):
      throw AdministrationRefusal(.invalidRequest, "neither a name nor an id is given")
    case (let name?, .zero):
      guard let found = topics.topic(named: name) else {
        throw AdministrationRefusal(
          .unknownTopicOrPartition, "there is no topic \"\(name.prefix(300))\"")
      }
      return found
    case (nil, let id):
      guard let found = topics.topic(id) else {
        throw AdministrationRefusal(.unknownTopicID, "there is no topic with the id \(id.base64)")
      }
      return found
    default:
      throw AdministrationRefusal(.invalidRequest, "a name and an id are given: one is enough")
    }
  }
}

extension DeleteTopicsRequest {
  /// Those that are to go, in the way of all versions.
  var allTopics: [Topic] {
    topics
      + topicNames.map { name in
        var topic = Topic()
        topic.name = name
        return topic
      }
  }
}
