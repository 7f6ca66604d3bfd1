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
      let topic = try topicToConfigure(asked.name)
      all = TopicConfigKey.all.map { describe($0, topic.configuration, request) }
    case ConfigResourceType.broker where asked.name.isEmpty:
      // What was changed for all brokers while they ran: nothing can be.
      all = []
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

  /// The topic of this name.
  func topicToConfigure(_ name: String) throws(AdministrationRefusal) -> Topic {
    do throws(FormatError) { try TopicName.validate(name) } catch {
      throw AdministrationRefusal(.invalidTopicException, "\"\(name.prefix(300))\": \(error)")
    }
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
    _ setting: TopicConfigKey, _ configuration: TopicConfiguration,
    _ request: DescribeConfigsRequest
  ) -> DescribeConfigsResponse.Configuration {
    var entry = DescribeConfigsResponse.Configuration()
    entry.name = setting.name
    entry.value = topicSettings.value(of: setting, in: configuration)
    entry.source = topicSettings.source(of: setting, in: configuration)
    entry.type = setting.kind.valueType
    if request.includesSynonyms {
      entry.synonyms = topicSettings.synonyms(of: setting, in: configuration)
    }
    if request.includesDocumentation { entry.documentation = setting.documentation }
    return entry
  }

  private func describe(
    _ setting: BrokerSetting, _ request: DescribeConfigsRequest
  ) -> DescribeConfigsResponse.Configuration {
    var entry = DescribeConfigsResponse.Configuration()
    entry.name = setting.name
    entry.value = setting.value
    entry.isReadOnly = true
    entry.source = setting.source
    entry.type = setting.valueType
    if request.includesSynonyms {
      var synonym = DescribeConfigsResponse.Synonym()
      synonym.name = setting.name
      synonym.value = setting.value
      synonym.source = setting.source
      entry.synonyms = [synonym]
    }
    if request.includesDocumentation { entry.documentation = setting.documentation }
    return entry
  }
}
