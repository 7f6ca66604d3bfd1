import MoldauCluster
import MoldauFormat
import MoldauLog
import MoldauProtocol

extension Broker {
  /// As `createTopics`, in a cluster: the controller decides, and the answer comes when the topics
  /// have leaders that the controller's broker knows of.
  func createTopics(
    _ request: CreateTopicsRequest, in member: ClusterMember, _ frame: RawSpan,
    _ context: RequestContext, into reply: inout Reply
  ) -> Outcome {
    let isOfBroker = context.client.isPeer
    return onController(
      member, frame, context, into: &reply,
      refusal: { code in
        CreateTopicsResponse(
          request.topics.map { CreateTopicsResponse.Topic($0.name, ClusterRefusal(code)) })
      },
      { controller, answer in
        createTopics(request, isOfBroker: isOfBroker, on: controller, answer)
      })
  }

  /// - Parameter isOfBroker: whether a broker asks, which may create the topics of its own.
  func createTopics(
    _ request: CreateTopicsRequest, isOfBroker: Bool, on controller: ClusterController,
    _ completion: @escaping @Sendable (CreateTopicsResponse) -> Void
  ) {
    let repeated = request.topics.map(\.name).repeated
    let gathered = Gathered<CreateTopicsResponse.Topic>(count: request.topics.count) { topics in
      let response = CreateTopicsResponse(topics)
      guard let member = self.member, !request.validatesOnly else { return completion(response) }
      let ids = topics.filter { $0.errorCode == .none }.map(\.id)
      self.whenImage(
        member, within: Int64(request.timeoutMilliseconds), { $0.leadsAll(of: ids) }
      ) { completion(response) }
    }
    gathered.begin(request.topics) { index, asked throws(AdministrationRefusal) in
      guard !repeated.contains(asked.name) else { throw .repeatedTopic }
      let creation = try creation(asked, isOfBroker: isOfBroker)
      controller.createTopic(creation, validatesOnly: request.validatesOnly) { [self] result in
        gathered.put(answer(asked, result), at: index)
      }
    } refused: {
      CreateTopicsResponse.Topic($0.name, ClusterRefusal($1.code, $1.message))
    }
  }

  func creation(
    _ asked: CreateTopicsRequest.Topic, isOfBroker: Bool
  ) throws(AdministrationRefusal) -> TopicCreation {
    var asked = asked
    if isOfBroker, asked.name == GroupOffsets.topicName, let replicas {
      // A broker sends on what its clients ask for: how the topic is made is not theirs to say.
      asked = offsetsTopic(replicas.image)
    } else {
      try TopicPlan.check(name: asked.name)
    }
    var changes: [SettingChange] = []
    for configuration in asked.configurations {
      changes.append(try SettingChange(setting: configuration.name, to: configuration.value))
    }
    let settings = topicSettings
    let configuration = try settings.configuration(settings.defaults, applying: changes)
    return TopicCreation(
      name: asked.name, partitionCount: asked.partitionCount,
      replicationFactor: Int32(asked.replicationFactor),
      assignment: try TopicPlan.placement(asked),
      configuration: settings.explicitSettings(of: configuration))
  }

  private func answer(
    _ asked: CreateTopicsRequest.Topic, _ result: Result<TopicImage, ClusterRefusal>
  ) -> CreateTopicsResponse.Topic {
    let created: TopicImage
    switch result {
    case .failure(let refusal): return CreateTopicsResponse.Topic(asked.name, refusal)
    case .success(let topic): created = topic
    }
    var answer = CreateTopicsResponse.Topic()
    answer.name = created.name
    answer.id = created.id
    answer.partitionCount = Int32(created.partitions.count)
    answer.replicationFactor = Int16(created.partitions.first?.replicas.count ?? 0)
    let settings = settingsToDescribe
    let configuration = settings.configuration(of: created)
    answer.configurations = TopicConfigKey.all.map { setting in
      var entry = CreateTopicsResponse.Configuration()
      entry.name = setting.name
      entry.value = settings.value(of: setting, in: configuration)
      entry.source = settings.source(of: setting, in: configuration)
      return entry
    }
    return answer
  }

  /// Creates topics that clients have named, when both sides want it. The completion gets those that
  /// do not exist then, and why; it is called once, from any thread.
  func createForClients(
    _ names: [String], _ completion: @escaping @Sendable ([String: ErrorCode]) -> Void
  ) {
    guard let member, let replicas else { preconditionFailure("for brokers of a cluster") }
    var request = CreateTopicsRequest()
    request.timeoutMilliseconds = Int32(Limits.imageWaitMilliseconds)
    var refused: [String: ErrorCode] = [:]
    for name in names {
      if name == GroupOffsets.topicName {
        request.topics.append(offsetsTopic(replicas.image))
      } else if HostedTopic.isInternal(name) {
        refused[name] = .invalidTopicException
      } else {
        var topic = CreateTopicsRequest.Topic()
        topic.name = name
        topic.partitionCount = -1
        topic.replicationFactor = -1
        request.topics.append(topic)
      }
    }
    guard !request.topics.isEmpty else { return completion(refused) }
    createTopics(request, member) { [self, refused, request] response in
      var failures = refused
      for topic in request.topics { failures[topic.name] = .leaderNotAvailable }
      for topic in response?.topics ?? [] where topic.errorCode != .none {
        let exists = topic.errorCode == .topicAlreadyExists
        if !exists { logger.warning("topic \"\(topic.name)\": \(topic.errorMessage ?? "")") }
        failures[topic.name] = exists ? .leaderNotAvailable : topic.errorCode
      }
      let wanted = request.topics.map(\.name).filter { failures[$0] == .leaderNotAvailable }
      whenImage(
        member, within: Limits.imageWaitMilliseconds,
        { image in image.leadsAll(of: wanted.map { image.topics[$0]?.id ?? .zero }) }
      ) { [failures] in completion(failures) }
    }
  }

  /// What `__consumer_offsets` is to be like.
  func offsetsTopic(_ image: ClusterImage) -> CreateTopicsRequest.Topic {
    let groups = configuration.groups
    var topic = CreateTopicsRequest.Topic()
    topic.name = GroupOffsets.topicName
    topic.partitionCount = Int32(clamping: groups.offsetsPartitionCount)
    topic.replicationFactor = Int16(
      clamping: max(1, min(groups.offsetsReplicationFactor, image.brokers.count)))
    let settings = topicSettings
    var configuration = GroupOffsets.configuration()
    configuration.explicitSettings = ["cleanup.policy", "segment.bytes", "max.message.bytes"]
    topic.configurations = settings.explicitSettings(of: configuration)
      .sorted { $0.key < $1.key }.map { name, value in
        var setting = CreateTopicsRequest.Configuration()
        setting.name = name
        setting.value = value
        return setting
      }
    return topic
  }
}

extension ClusterImage {
  /// Whether these topics are there and all of their partitions have a leader that is up.
  func leadsAll(of ids: [TopicID]) -> Bool {
    ids.allSatisfy { id in
      topic(id)?.partitions.allSatisfy { brokers[$0.leader] != nil } ?? false
    }
  }
}

extension CreateTopicsResponse {
  fileprivate init(_ topics: [Topic]) {
    self.init()
    self.topics = topics
  }
}

extension CreateTopicsResponse.Topic {
  fileprivate init(_ name: String, _ refusal: ClusterRefusal) {
    self.init()
    self.name = name
    errorCode = refusal.code
    errorMessage = refusal.message
  }
}
