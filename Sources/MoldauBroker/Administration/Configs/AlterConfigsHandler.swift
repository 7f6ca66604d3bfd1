import MoldauLog
import MoldauProtocol

extension Broker {
  /// Gives topics new settings; those that a request leaves out go back to what the broker gives.
  func alterConfigs(
    _ request: AlterConfigsRequest, _ context: RequestContext, into reply: inout Reply
  ) -> Outcome {
    PendingWork.start(
      context, on: topicWork, into: &reply,
      refusal: self.alterConfigs(request) { _ throws(AdministrationRefusal) in throw .busy }
    ) { [self] in
      alterConfigs(request) { asked throws(AdministrationRefusal) in
        var changes: [SettingChange] = []
        for wanted in asked.configurations {
          changes.append(try SettingChange(setting: wanted.name, to: wanted.value))
        }
        let settings = topicSettings
        try alter(asked.type, asked.name, changes, validatesOnly: request.validatesOnly) {
          current throws(AdministrationRefusal) in
          try settings.configuration(current, replacedBy: changes)
        }
      }
    }
  }

  /// Changes single settings of topics (KIP-339).
  func incrementalAlterConfigs(
    _ request: IncrementalAlterConfigsRequest, _ context: RequestContext, into reply: inout Reply
  ) -> Outcome {
    PendingWork.start(
      context, on: topicWork, into: &reply,
      refusal: self.incrementalAlterConfigs(request) { _ throws(AdministrationRefusal) in
        throw .busy
      }
    ) { [self] in
      incrementalAlterConfigs(request) { asked throws(AdministrationRefusal) in
        var changes: [SettingChange] = []
        for wanted in asked.configurations { changes.append(try SettingChange(wanted)) }
        let settings = topicSettings
        try alter(asked.type, asked.name, changes, validatesOnly: request.validatesOnly) {
          current throws(AdministrationRefusal) in
          try settings.configuration(current, applying: changes)
        }
      }
    }
  }

  // MARK: One resource after the other

  private struct Resource: Hashable {
    let type: Int8
    let name: String
  }

  private func alterConfigs(
    _ request: AlterConfigsRequest,
    _ alter: (AlterConfigsRequest.Resource) throws(AdministrationRefusal) -> Void
  ) -> AlterConfigsResponse {
    var response = AlterConfigsResponse()
    response.resources = answers(to: request.resources, { ($0.type, $0.name) }, alter)
    return response
  }

  private func incrementalAlterConfigs(
    _ request: IncrementalAlterConfigsRequest,
    _ alter: (IncrementalAlterConfigsRequest.Resource) throws(AdministrationRefusal) -> Void
  ) -> IncrementalAlterConfigsResponse {
    var response = IncrementalAlterConfigsResponse()
    response.resources = answers(to: request.resources, { ($0.type, $0.name) }, alter)
    return response
  }

  private func answers<Asked>(
    to resources: [Asked], _ identity: (Asked) -> (type: Int8, name: String),
    _ alter: (Asked) throws(AdministrationRefusal) -> Void
  ) -> [AlterConfigsResponse.Resource] {
    let repeated = resources.map(identity).map { Resource(type: $0.type, name: $0.name) }.repeated
    return resources.map { asked in
      var answer = AlterConfigsResponse.Resource()
      (answer.type, answer.name) = identity(asked)
      do throws(AdministrationRefusal) {
        guard !repeated.contains(Resource(type: answer.type, name: answer.name)) else {
          throw AdministrationRefusal.repeatedResource
        }
        try alter(asked)
      } catch {
        answer.errorCode = error.code
        answer.errorMessage = error.message
      }
      return answer
    }
  }

  private func alter(
    _ type: Int8, _ name: String, _ changes: [SettingChange], validatesOnly: Bool,
    _ configuration: (TopicConfiguration) throws(AdministrationRefusal) -> TopicConfiguration
  ) throws(AdministrationRefusal) {
    switch type {
    case ConfigResourceType.topic:
      let topic = try topicToConfigure(name)
      let changed = try configuration(topic.configuration)
      if HostedTopic.isInternal(name), changed.cleanupPolicy != .compact {
        throw AdministrationRefusal(
          .invalidConfig,
          "cleanup.policy: topic \"\(name)\" is the broker's own and is only compacted")
      }
      guard !validatesOnly else { return }
      do throws(LogError) { try store.alterTopic(topic, changed) } catch {
        throw AdministrationRefusal(error)
      }
      let names = changes.map(\.name).joined(separator: ", ")
      logger.info("topic \"\(name)\" has new settings: \(names)")
    case ConfigResourceType.broker, ConfigResourceType.brokerLogger:
      if !name.isEmpty { try checkIsThisBroker(name) }
      guard changes.isEmpty else {
        throw AdministrationRefusal(
          .invalidRequest,
          "the broker's settings are those with which it was started; none can be changed while it"
            + " runs")
      }
    case ConfigResourceType.clientMetrics, ConfigResourceType.group:
      throw AdministrationRefusal(
        .invalidRequest, "clients and groups have no settings of their own here")
    default:
      throw AdministrationRefusal(
        .invalidRequest, "there is no kind \(type) of things with settings")
    }
  }
}
