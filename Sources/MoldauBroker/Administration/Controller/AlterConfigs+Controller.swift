import MoldauCluster
import MoldauLog
import MoldauProtocol

extension Broker {
  /// As `alterConfigs`, in a cluster, which keeps the settings.
  func alterConfigs(
    _ request: AlterConfigsRequest, in member: ClusterMember, _ frame: RawSpan,
    _ context: RequestContext, into reply: inout Reply
  ) -> Outcome {
    let asked = request.resources.map { AlteredResource($0.type, $0.name) }
    return onController(
      member, frame, context, into: &reply,
      refusal: { AlterConfigsResponse(asked, refusing: $0) },
      { controller, answer in
        alter(
          asked, validatesOnly: request.validatesOnly, on: controller,
          { index throws(AdministrationRefusal) in
            var changes: [SettingChange] = []
            for wanted in request.resources[index].configurations {
              changes.append(try SettingChange(setting: wanted.name, to: wanted.value))
            }
            return try change(asked[index], changes, replacesAll: true)
          },
          { resources in
            var response = AlterConfigsResponse()
            response.resources = resources
            answer(response)
          })
      })
  }

  /// As `incrementalAlterConfigs`, in a cluster.
  func incrementalAlterConfigs(
    _ request: IncrementalAlterConfigsRequest, in member: ClusterMember, _ frame: RawSpan,
    _ context: RequestContext, into reply: inout Reply
  ) -> Outcome {
    let asked = request.resources.map { AlteredResource($0.type, $0.name) }
    return onController(
      member, frame, context, into: &reply,
      refusal: { code in
        var response = IncrementalAlterConfigsResponse()
        response.resources = AlterConfigsResponse(asked, refusing: code).resources
        return response
      },
      { controller, answer in
        alter(
          asked, validatesOnly: request.validatesOnly, on: controller,
          { index throws(AdministrationRefusal) in
            var changes: [SettingChange] = []
            for wanted in request.resources[index].configurations {
              changes.append(try SettingChange(wanted))
            }
            return try change(asked[index], changes, replacesAll: false)
          },
          { resources in
            var response = IncrementalAlterConfigsResponse()
            response.resources = resources
            answer(response)
          })
      })
  }

  // MARK: One resource after the other

  private func alter(
    _ asked: [AlteredResource], validatesOnly: Bool, on controller: ClusterController,
    _ change: (Int) throws(AdministrationRefusal) -> (ConfigurationResource, ConfigurationChange)?,
    _ completion: @escaping @Sendable ([AlterConfigsResponse.Resource]) -> Void
  ) {
    let repeated = asked.repeated
    let gathered = Gathered<AlterConfigsResponse.Resource>(count: asked.count, whenAll: completion)
    gathered.begin(asked) { index, resource throws(AdministrationRefusal) in
      guard !repeated.contains(resource) else { throw .repeatedResource }
      guard let (target, change) = try change(index) else {
        return gathered.put(AlterConfigsResponse.Resource(resource), at: index)
      }
      controller.alterConfiguration(of: target, change, validatesOnly: validatesOnly) { result in
        switch result {
        case .failure(let refusal):
          gathered.put(
            AlterConfigsResponse.Resource(resource, AdministrationRefusal(refusal)), at: index)
        case .success(let settings):
          let answer = AlterConfigsResponse.Resource(resource)
          guard let member = self.member, !validatesOnly else {
            return gathered.put(answer, at: index)
          }
          self.whenImage(
            member, within: Limits.imageWaitMilliseconds, { $0.has(settings, of: target) }
          ) { gathered.put(answer, at: index) }
        }
      }
    } refused: {
      AlterConfigsResponse.Resource($0, $1)
    }
  }

  /// What the controller is to change; nil when that is nothing.
  private func change(
    _ resource: AlteredResource, _ changes: [SettingChange], replacesAll: Bool
  ) throws(AdministrationRefusal) -> (ConfigurationResource, ConfigurationChange)? {
    switch resource.type {
    case ConfigResourceType.topic:
      return (
        .topic(resource.name), try topicChange(resource.name, changes, replacesAll: replacesAll)
      )
    case ConfigResourceType.broker where resource.name.isEmpty:
      return (.broker(nil), try clusterChange(changes, replacesAll: replacesAll))
    case ConfigResourceType.broker, ConfigResourceType.brokerLogger:
      guard changes.isEmpty else {
        throw AdministrationRefusal(
          .invalidRequest,
          "a broker's own settings are those with which it was started; for all brokers together"
            + " (the resource without a name, or `moldau cluster set`) these can be changed: "
            + TopicConfigKey.ofCluster.sorted().joined(separator: ", "))
      }
      return nil
    case ConfigResourceType.clientMetrics, ConfigResourceType.group:
      throw AdministrationRefusal(
        .invalidRequest, "clients and groups have no settings of their own here")
    default:
      throw AdministrationRefusal(
        .invalidRequest, "there is no kind \(resource.type) of things with settings")
    }
  }

  private func topicChange(
    _ name: String, _ changes: [SettingChange], replacesAll: Bool
  ) throws(AdministrationRefusal) -> ConfigurationChange {
    let settings = topicSettings
    let current = try configurationToDescribe(ofTopic: name)
    let changed =
      replacesAll
      ? try settings.configuration(current, replacedBy: changes)
      : try settings.configuration(current, applying: changes)
    if HostedTopic.isInternal(name), changed.cleanupPolicy != .compact {
      throw AdministrationRefusal(
        .invalidConfig,
        "cleanup.policy: topic \"\(name)\" is the broker's own and is only compacted")
    }
    let texts = settings.explicitSettings(of: changed)
    if replacesAll { return .replace(texts) }
    var altered: [String: String?] = [:]
    for change in changes { altered.updateValue(texts[change.name], forKey: change.name) }
    return .alter(altered)
  }

  /// A change of what holds for all brokers.
  private func clusterChange(
    _ changes: [SettingChange], replacesAll: Bool
  ) throws(AdministrationRefusal) -> ConfigurationChange {
    for change in changes where !TopicConfigKey.ofCluster.contains(change.name) {
      throw AdministrationRefusal(
        .invalidConfig,
        "\(change.name.prefix(200)): it cannot be changed while the brokers run, only:"
          + " \(TopicConfigKey.ofCluster.sorted().joined(separator: ", "))")
    }
    let changed = try topicSettings.configuration(topicSettings.defaults, applying: changes)
    let texts = topicSettings.explicitSettings(of: changed)
    var altered: [String: String?] = [:]
    for change in changes { altered.updateValue(texts[change.name], forKey: change.name) }
    return replacesAll ? .replace(texts) : .alter(altered)
  }
}

/// What a request changes the settings of.
struct AlteredResource: Hashable, Sendable {
  let type: Int8
  let name: String

  init(_ type: Int8, _ name: String) {
    self.type = type
    self.name = name
  }
}

extension ClusterImage {
  /// Whether the settings of a resource are these; so for one that is gone.
  fileprivate func has(_ settings: [String: String], of resource: ConfigurationResource) -> Bool {
    switch resource {
    case .topic(let name): topics[name].map { $0.configuration == settings } ?? true
    case .broker(let id):
      brokerConfigurations[id.map { "\($0)" } ?? Self.allBrokers] ?? [:] == settings
    }
  }
}

extension AlterConfigsResponse {
  fileprivate init(_ asked: [AlteredResource], refusing code: ErrorCode) {
    self.init()
    resources = asked.map { Resource($0, AdministrationRefusal(code, "\(code)")) }
  }
}

extension AlterConfigsResponse.Resource {
  fileprivate init(_ asked: AlteredResource, _ refusal: AdministrationRefusal? = nil) {
    self.init()
    type = asked.type
    name = asked.name
    if let refusal {
      errorCode = refusal.code
      errorMessage = refusal.message
    }
  }
}
