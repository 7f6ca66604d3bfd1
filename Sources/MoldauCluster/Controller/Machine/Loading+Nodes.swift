internal import MoldauCoordination
internal import MoldauFormat

extension Loading {
  private static func data(
    _ result: Result<CoordinationAnswer, CoordinationError>, at path: String
  ) throws(NodeError) -> (data: [UInt8], version: Int32)? {
    switch result {
    case .success(.data(let data, let stat)): return (data, stat.version)
    case .failure(.refused(.noNode, _)): return nil
    case .failure(let error): throw NodeError(path: path, reason: "\(error)")
    case .success: preconditionFailure("a read of data is answered with data")
    }
  }

  mutating func readTopic(
    _ name: String, _ result: Result<CoordinationAnswer, CoordinationError>
  ) throws(NodeError) {
    let path = ClusterPath.topic(name)
    guard let (data, version) = try Self.data(result, at: path) else { return }
    // Of a topic that is being deleted nothing is needed but that it is there.
    guard !deletions.contains(name) else {
      tree.deletions[name, default: TopicRemains()].hasTopic = true
      return
    }
    topicNodes[name] = try TopicNode(parsing: data, at: path)
    tree.topicVersions[name] = version
  }

  mutating func readConfiguration(
    ofTopic name: String, _ result: Result<CoordinationAnswer, CoordinationError>
  ) throws(NodeError) {
    let path = ClusterPath.configuration(of: name)
    guard let (data, version) = try Self.data(result, at: path) else { return }
    guard !deletions.contains(name) else {
      tree.deletions[name, default: TopicRemains()].hasConfiguration = true
      return
    }
    let node = try ConfigurationNode(parsing: data, at: path)
    tree.configurationVersions[path] = version
    configurations[name] = node.config
  }

  mutating func readConfiguration(
    ofBroker name: String, _ result: Result<CoordinationAnswer, CoordinationError>
  ) throws(NodeError) {
    let path = "\(ClusterPath.brokerConfigurations)/\(name)"
    guard let (data, version) = try Self.data(result, at: path) else { return }
    let node = try ConfigurationNode(parsing: data, at: path)
    tree.configurationVersions[path] = version
    let key = name == ClusterPath.allBrokers ? ClusterImage.allBrokers : name
    if !node.config.isEmpty { tree.image.brokerConfigurations[key] = node.config }
  }

  mutating func readRemains(
    of name: String, _ result: Result<CoordinationAnswer, CoordinationError>
  ) throws(NodeError) {
    switch result {
    case .success(.children(let numbers, _)):
      tree.deletions[name, default: TopicRemains()].hasPartitions = true
      for number in numbers {
        guard let number = Int32(number) else { continue }
        tree.deletions[name, default: TopicRemains()].partitions[number] = false
      }
    case .failure(.refused(.noNode, _)):
      tree.deletions[name, default: TopicRemains()].hasPartitions = false
    case .failure(let error):
      throw NodeError(path: ClusterPath.partitions(of: name), reason: "\(error)")
    case .success: preconditionFailure("a read of children is answered with children")
    }
  }

  /// Lists the partitions whose state is to be read, also of those that are being deleted.
  mutating func listPartitions() {
    var all: [TopicPartition] = []
    for name in topics {
      guard let count = topicNodes[name]?.partitions.count else { continue }
      all += (0..<Int32(count)).map { TopicPartition(topic: name, partition: $0) }
    }
    for (name, remains) in tree.deletions.sorted(by: { $0.key < $1.key }) {
      all += remains.partitions.keys.sorted().map { TopicPartition(topic: name, partition: $0) }
    }
    partitions = all[...]
  }

  mutating func readState(
    of partition: TopicPartition, _ result: Result<CoordinationAnswer, CoordinationError>
  ) throws(NodeError) {
    let path = ClusterPath.state(of: partition)
    guard let (data, version) = try Self.data(result, at: path) else {
      if !deletions.contains(partition.topic) { stateless.append(partition) }
      return
    }
    if deletions.contains(partition.topic) {
      tree.deletions[partition.topic]?.partitions[partition.partition] = true
    } else {
      let node = try PartitionStateNode(parsing: data, at: path)
      nodes[partition] = (node, version)
    }
  }

  /// The tree of all that was read.
  func assembledTree() -> ControlledTree {
    var tree = tree
    for (name, node) in topicNodes {
      var topic = TopicImage(
        name: name, id: node.id, configuration: configurations[name] ?? [:], partitions: [])
      for number in 0..<Int32(node.partitions.count) {
        let partition = TopicPartition(topic: name, partition: number)
        let state = state(of: partition, node)
        topic.partitions.append(state)
        if state.isMoving { tree.moving.insert(partition) }
      }
      tree.image.topics[name] = topic
      tree.image.topicNames[node.id] = name
    }
    return tree
  }

  /// A partition as its nodes say; with the partition epoch −1 when it has no state yet.
  private func state(of partition: TopicPartition, _ topic: TopicNode) -> PartitionImage {
    let number = partition.partition
    let replicas = topic.replicas(of: number)
    guard let (node, version) = nodes[partition] else {
      return PartitionImage(replicas: replicas, leader: -1, partitionEpoch: -1, isr: [])
    }
    return node.image(
      replicas: replicas, adding: topic.adding(number), removing: topic.removing(number),
      partitionEpoch: version)
  }
}
