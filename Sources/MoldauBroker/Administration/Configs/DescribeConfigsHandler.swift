import MoldauCluster
import MoldauFormat
import MoldauLog
import MoldauProtocol

extension Broker {
  /// Says how topics and the broker are set. Of many topics that takes long: it waits for no disk,
  /// but others would have to wait for it.
  func describeConfigs(
    _ request: DescribeConfigsRequest, _ context: RequestContext, into reply: inout Reply
  ) -> Outcome {
    guard request.resources.count > Limits.configsDescribedAtOnce else {
      let response = describeConfigs(request) { asked throws(AdministrationRefusal) in
        try describe(asked, request, context)
      }
      reply.answer(response, to: context.header)
      return .answered
    }
    return PendingWork.start(
      context, on: blockingWork, into: &reply,
      refusal: self.describeConfigs(request) { _ throws(AdministrationRefusal) in throw .busy }
    ) { [self] in
      describeConfigs(request) { asked throws(AdministrationRefusal) in
        try describe(asked, request, context)
      }
    }
  }

  private func describeConfigs(
    _ request: DescribeConfigsRequest,
    _ describe: (DescribeConfigsRequest.Resource) throws(AdministrationRefusal)
      -> [DescribeConfigsResponse.Configuration]
  ) -> DescribeConfigsResponse {
    var response = DescribeConfigsResponse()
    response.results = request.resources.map { asked in
      var result = DescribeConfigsResponse.Result()
      result.type = asked.type
      result.name = asked.name
      do throws(AdministrationRefusal) {
        result.configurations = try describe(asked)
      } catch {
        result.errorCode = error.code
        result.errorMessage = error.message
      }
      return result
    }
    return response
  }

  private func describe(
    _ asked: DescribeConfigsRequest.Resource, _ request: DescribeConfigsRequest,
    _ context: RequestContext
  ) throws(AdministrationRefusal) -> [DescribeConfigsResponse.Configuration] {
    let all: [DescribeConfigsResponse.Configuration]
    switch asked.type {
    case ConfigResourceType.topic:
      let configuration = try configurationToDescribe(ofTopic: asked.name)
      let settings = settingsToDescribe
      all = TopicConfigKey.all.map { describe($0, configuration, settings, request) }
    case ConfigResourceType.broker where asked.name.isEmpty:
      // What was changed for all brokers while they ran: nothing can be without a cluster.
      let set = replicas?.image.brokerConfigurations[ClusterImage.allBrokers] ?? [:]
      all = set.sorted { $0.key < $1.key }.map { describe($0.key, $0.value, request) }
    case ConfigResourceType.broker:
      try checkIsThisBroker(asked.name)
      all = BrokerSetting.all(self, context.client).map { describe($0, request) }
    case ConfigResourceType.brokerLogger:
      try checkIsThisBroker(asked.name)
      all = []
    case ConfigResourceType.clientMetrics, ConfigResourceType.group:
      all = []
    default:
      throw AdministrationRefusal(
        .invalidRequest, "there is no kind \(asked.type) of things with settings")
    }
    guard let keys = asked.keys, !keys.isEmpty else { return all }
    let wanted = Set(keys)
    return all.filter { wanted.contains($0.name) }
  }

  /// How the topic of this name is set, here or in the cluster.
  func configurationToDescribe(
    ofTopic name: String
  ) throws(AdministrationRefusal) -> TopicConfiguration {
    guard let replicas else { return try topicToConfigure(name).configuration }
    guard let topic = replicas.image.topics[name] else {
      // It throws: what was created here and is not of the cluster is nobody's.
      try checkTopicName(name)
      throw AdministrationRefusal(.unknownTopicOrPartition, "there is no topic \"\(name)\"")
    }
    return settingsToDescribe.configuration(of: topic)
  }

  /// What topics have for which nothing was set, as of now.
  var settingsToDescribe: TopicSettings {
    replicas.map { topicSettings.overlaid(by: $0.image) } ?? topicSettings
  }

  private func checkTopicName(_ name: String) throws(AdministrationRefusal) {
    do throws(FormatError) { try TopicName.validate(name) } catch {
      throw AdministrationRefusal(.invalidTopicException, "\"\(name.prefix(300))\": \(error)")
    }
  }

  /// The topic of this name.
  func topicToConfigure(_ name: String) throws(AdministrationRefusal) -> Topic {
    try checkTopicName(name)
    guard let found = topics.topic(named: name) else {
      throw AdministrationRefusal(.unknownTopicOrPartition, "there is no topic \"\(name)\"")
    }
    return found.topic
  }

  /// Throws unless `name` is this broker's number.
  func checkIsThisBroker(_ name: String) throws(AdministrationRefusal) {
    guard name == "\(identity.nodeID)" else {
      throw AdministrationRefusal(
        .invalidRequest, "this is broker \(identity.nodeID), not \"\(name.prefix(100))\"")
    }
  }

  private func describe(
    _ setting: TopicConfigKey, _ configuration: TopicConfiguration, _ settings: TopicSettings,
    _ request: DescribeConfigsRequest
  ) -> DescribeConfigsResponse.Configuration {
    var entry = DescribeConfigsResponse.Configuration()
    entry.name = setting.name
    entry.value = settings.value(of: setting, in: configuration)
    entry.source = settings.source(of: setting, in: configuration)
    entry.type = setting.kind.valueType
    if request.includesSynonyms {
      entry.synonyms = settings.synonyms(of: setting, in: configuration)
    }
    if request.includesDocumentation { entry.documentation = setting.documentation }
    return entry
  }

  /// A setting that was made for all brokers of the cluster.
  private func describe(
    _ name: String, _ value: String, _ request: DescribeConfigsRequest
  ) -> DescribeConfigsResponse.Configuration {
    var entry = DescribeConfigsResponse.Configuration()
    entry.name = name
    entry.value = value
    entry.source = DescribeConfigsResponse.Source.dynamicDefaultBroker
    let setting = TopicConfigKey.named(name)
    entry.type = setting?.kind.valueType ?? DescribeConfigsResponse.ValueType.string
    if request.includesDocumentation { entry.documentation = setting?.documentation }
    return entry
  }

  private func describe(
    _ setting: BrokerSetting, _ request: DescribeConfigsRequest
  ) -> DescribeConfigsResponse.Configuration {
    var entry = DescribeConfigsResponse.Configuration()
    entry.name = setting.name
    entry.value = setting.value
    entry.isReadOnly = !setting.isOfCluster
    entry.source = setting.source
    entry.type = setting.valueType
    if request.includesSynonyms { entry.synonyms = setting.synonyms }
    if request.includesDocumentation { entry.documentation = setting.documentation }
    return entry
  }
}
