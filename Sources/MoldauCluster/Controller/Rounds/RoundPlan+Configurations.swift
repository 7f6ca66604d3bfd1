internal import MoldauCoordination

extension RoundPlan {
  /// Changes what is set for a topic, a broker or all brokers. The partitions follow: the next
  /// settling goes by the new settings.
  mutating func alter(
    _ resource: ConfigurationResource, _ change: ConfigurationChange, validatesOnly: Bool,
    _ completion: @escaping @Sendable (Result<[String: String], ClusterRefusal>) -> Void
  ) -> Bool {
    let path: String
    let current: [String: String]
    switch resource {
    case .topic(let name):
      guard let topic = tree.image.topics[name] else {
        reply(after: []) { _, _ in
          completion(.failure(ClusterRefusal(.unknownTopicOrPartition, "there is no such topic")))
        }
        return true
      }
      guard isFree(topic: name) else { return false }
      path = ClusterPath.configuration(of: name)
      current = topic.configuration
    case .broker(let id):
      path = ClusterPath.configuration(ofBroker: id)
      current =
        tree.image.brokerConfigurations[id.map { "\($0)" } ?? ClusterImage.allBrokers] ?? [:]
    }
    let values = change.applied(to: current)
    guard values != current, !validatesOnly else {
      reply(after: []) { _, _ in completion(.success(values)) }
      return true
    }
    guard take(path: path) else { return false }
    if case .topic(let name) = resource { take(topic: name) }
    let number = write(values, of: resource, at: path)
    reply(after: [number]) { outcomes, _ in
      completion(outcomes.first?.refusal.map { .failure($0) } ?? .success(values))
    }
    return true
  }

  private mutating func write(
    _ values: [String: String], of resource: ConfigurationResource, at path: String
  ) -> Int {
    let data = ConfigurationNode(values).data
    let version = tree.configurationVersions[path]
    let operation: CoordinationOperation =
      if let version {
        .set(path: path, data: data, version: version)
      } else {
        .create(path: path, data: data, kind: .persistent)
      }
    let next = version.map { $0 + 1 } ?? 0
    let change: TreeChange =
      switch resource {
      case .topic(let name): .topicConfiguration(name, values, version: next)
      case .broker(let id): .brokerConfiguration(id, values, version: next)
      }
    return add(PlannedWrite(operations: [operation], changes: [change]))
  }
}

extension ConfigurationChange {
  func applied(to current: [String: String]) -> [String: String] {
    switch self {
    case .replace(let values): return values
    case .alter(let changes):
      var values = current
      for (name, value) in changes { values[name] = value }
      return values
    }
  }
}
