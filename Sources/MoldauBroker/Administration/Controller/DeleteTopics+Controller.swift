import MoldauCluster
import MoldauFormat
import MoldauProtocol

extension Broker {
  /// As `deleteTopics`, in a cluster: when the answer comes the controller's broker has let go of
  /// them; the others follow.
  func deleteTopics(
    _ request: DeleteTopicsRequest, in member: ClusterMember, _ frame: RawSpan,
    _ context: RequestContext, into reply: inout Reply
  ) -> Outcome {
    let asked = request.allTopics
    let version = context.header.version
    return onController(
      member, frame, context, into: &reply,
      refusal: { code in
        DeleteTopicsResponse(
          asked.map { DeleteTopicsResponse.Topic($0, AdministrationRefusal(code, "\(code)")) })
      },
      { controller, answer in
        deleteTopics(
          asked, version: version, within: Int64(request.timeoutMilliseconds), on: controller,
          answer)
      })
  }

  private func deleteTopics(
    _ asked: [DeleteTopicsRequest.Topic], version: Int16, within milliseconds: Int64,
    on controller: ClusterController,
    _ completion: @escaping @Sendable (DeleteTopicsResponse) -> Void
  ) {
    let names = asked.compactMap(\.name).repeated
    let ids = asked.map(\.id).filter { $0 != .zero }.repeated
    let gathered = Gathered<DeleteTopicsResponse.Topic>(count: asked.count) { topics in
      guard let member = self.member else { return completion(DeleteTopicsResponse(topics)) }
      let gone = topics.filter { $0.errorCode == .none }.map(\.id)
      self.whenImage(
        member, within: milliseconds, { image in gone.allSatisfy { image.topicNames[$0] == nil } }
      ) { completion(DeleteTopicsResponse(topics)) }
    }
    gathered.begin(asked) { index, topic throws(AdministrationRefusal) in
      guard !names.contains(where: { $0 == topic.name }), !ids.contains(topic.id) else {
        throw .repeatedTopic
      }
      controller.deleteTopic(try reference(to: topic, version: version)) { result in
        gathered.put(DeleteTopicsResponse.Topic(topic, result), at: index)
      }
    } refused: {
      DeleteTopicsResponse.Topic($0, $1)
    }
  }

  private func reference(
    to asked: DeleteTopicsRequest.Topic, version: Int16
  ) throws(AdministrationRefusal) -> TopicReference {
    try checkDeletion(version: version)
    switch (asked.name, asked.id) {
    case (nil, .zero):
      throw AdministrationRefusal(.invalidRequest, "neither a name nor an id is given")
    case (let name?, .zero):
      try checkIsDeletable(name)
      return .name(name)
    case (nil, let id):
      if let known = knownTopic(id) { try checkIsDeletable(known.name) }
      return .id(id)
    default:
      throw AdministrationRefusal(.invalidRequest, "a name and an id are given: one is enough")
    }
  }
}

extension DeleteTopicsResponse {
  fileprivate init(_ topics: [Topic]) {
    self.init()
    self.topics = topics
  }
}

extension DeleteTopicsResponse.Topic {
  fileprivate init(_ asked: DeleteTopicsRequest.Topic, _ refusal: AdministrationRefusal) {
    self.init()
    name = asked.name
    id = asked.id
    errorCode = refusal.code
    errorMessage = refusal.message
  }

  fileprivate init(
    _ asked: DeleteTopicsRequest.Topic, _ result: Result<TopicImage, ClusterRefusal>
  ) {
    switch result {
    case .failure(let refusal):
      self.init(asked, AdministrationRefusal(refusal))
    case .success(let topic):
      self.init()
      name = topic.name
      id = topic.id
    }
  }
}
