internal import MoldauCoordination
internal import MoldauFormat

/// Topics that are made, grow, and are deleted.
extension RoundPlan {
  mutating func create(
    _ creation: TopicCreation, validatesOnly: Bool,
    _ completion: @escaping @Sendable (Result<TopicImage, ClusterRefusal>) -> Void
  ) -> Bool {
    guard isFree(topic: creation.name), tree.deletions[creation.name] == nil else { return false }
    let planned = plan(creation)
    guard case .success(let topic) = planned, !validatesOnly else {
      reply(after: []) { _, _ in completion(planned) }
      return true
    }
    let numbers = write(topic)
    reply(after: numbers) { outcomes, _ in
      if let refusal = outcomes.lazy.compactMap(\.refusal).first {
        completion(.failure(refusal))
      } else {
        completion(.success(topic))
      }
    }
    return true
  }

  /// The topic as it would be made, or why it cannot be.
  private mutating func plan(_ creation: TopicCreation) -> Result<TopicImage, ClusterRefusal> {
    if let refusal = refusal(ofName: creation.name) { return .failure(refusal) }
    // A client may ask for any number; one below 0 is refused as 0 is.
    let count = max(0, Int(count(of: creation)))
    let assigned = assignment(
      creation.assignment, of: 0..<count, factor: Int(factor(of: creation)), place: nil)
    return assigned.flatMap { assignment in
      var topic = TopicImage(
        name: creation.name, id: TopicID.random(using: &generator),
        configuration: creation.configuration, partitions: [])
      for (number, replicas) in assignment.enumerated() {
        let partition = TopicPartition(topic: topic.name, partition: Int32(number))
        guard let new = PartitionImage.new(replicas: replicas, circumstances(partition, of: topic))
        else { return .failure(.noLiveReplica(replicas, of: number)) }
        topic.partitions.append(new)
      }
      return .success(topic)
    }
  }

  private func count(of creation: TopicCreation) -> Int32 {
    if let assignment = creation.assignment { return Int32(assignment.count) }
    return creation.partitionCount == -1
      ? settings.settings.partitionCount : creation.partitionCount
  }

  private func factor(of creation: TopicCreation) -> Int32 {
    creation.replicationFactor == -1
      ? settings.settings.replicationFactor : creation.replicationFactor
  }

  private func refusal(ofName name: String) -> ClusterRefusal? {
    do throws(FormatError) { try TopicName.validate(name) } catch {
      return ClusterRefusal(.invalidTopicException, "\"\(name.prefix(300))\": \(error)")
    }
    if tree.image.topics[name] != nil {
      return ClusterRefusal(.topicAlreadyExists, "topic \"\(name)\" exists already")
    }
    let key = name.metricName
    if let other = tree.image.topics.keys.sorted().first(where: { $0.metricName == key }) {
      return ClusterRefusal(
        .invalidTopicException,
        "topic \"\(name)\" differs from topic \"\(other)\" only in '.' and '_', which names of"
          + " metrics do not tell apart")
    }
    return nil
  }

  /// The brokers of new partitions: as asked for, when that can be, else placed.
  ///
  /// - Parameter place: how to place them; nil for a new topic.
  private mutating func assignment(
    _ asked: [[Int32]]?, of numbers: Range<Int>, factor: Int, place: ReplicaPlacement?
  ) -> Result<[[Int32]], ClusterRefusal> {
    guard (1...Limits.partitionsPerTopic).contains(numbers.upperBound), !numbers.isEmpty else {
      return .failure(
        ClusterRefusal(
          .invalidPartitions, "a topic has 1 to \(Limits.partitionsPerTopic) partitions"))
    }
    if let asked { return check(asked, of: numbers) }
    let brokers = staying
    guard factor > 0 else {
      return .failure(
        ClusterRefusal(.invalidReplicationFactor, "the replication factor must be above 0"))
    }
    guard factor <= brokers.count else {
      return .failure(
        ClusterRefusal(
          .invalidReplicationFactor,
          "replication factor \(factor) is more than the brokers that are up: \(brokers.count)"))
    }
    let placement = place ?? ReplicaPlacement(brokers: brokers, using: &generator)
    return .success(placement.replicas(of: numbers, factor: factor))
  }

  /// The brokers that are up and not about to stop, sorted.
  private var staying: [Int32] {
    settings.live.values.filter { !$0.isShuttingDown }.map(\.nodeID).sorted()
  }

  private func check(_ asked: [[Int32]], of numbers: Range<Int>) -> Result<
    [[Int32]], ClusterRefusal
  > {
    let factor = asked.first?.count ?? 0
    for replicas in asked {
      let reason: String? =
        if replicas.isEmpty || Set(replicas).count != replicas.count {
          "\(replicas) has no broker, or one twice"
        } else if replicas.count != factor {
          "the partitions have different numbers of replicas"
        } else if let absent = replicas.first(where: { settings.live[$0] == nil }) {
          "broker \(absent) is not registered"
        } else if asked.count != numbers.count {
          "there are \(numbers.count) new partitions, and replicas for \(asked.count)"
        } else {
          nil
        }
      if let reason { return .failure(ClusterRefusal(.invalidReplicaAssignment, reason)) }
    }
    return .success(asked)
  }

  /// Plans the nodes of a new topic: its own and some of its partitions in one, the others after
  /// it.
  private mutating func write(_ topic: TopicImage) -> [Int] {
    take(topic: topic.name)
    let limit = Limits.partitionsPerWrite
    var first = topic
    first.partitions = Array(topic.partitions.prefix(limit))
    // Settings can be there before their topic: another hand has made them.
    let path = ClusterPath.configuration(of: topic.name)
    let configuration = ConfigurationNode(topic.configuration).data
    let version = tree.configurationVersions[path]
    var write = PlannedWrite(
      operations: [],
      changes: [.newTopic(first, configurationVersion: version.map { $0 + 1 } ?? 0)])
    write.operations = [
      version.map { .set(path: path, data: configuration, version: $0) }
        ?? .create(path: path, data: configuration, kind: .persistent),
      .create(
        path: ClusterPath.topic(topic.name), data: TopicNode(topic).data, kind: .persistent),
      .create(path: ClusterPath.partitions(of: topic.name), data: [], kind: .persistent),
    ]
    for (number, state) in first.partitions.enumerated() {
      write.operations += partitionCreation(
        state, of: TopicPartition(topic: topic.name, partition: Int32(number)))
    }
    let number = add(write)
    let rest = topic.partitions.indices.dropFirst(limit)
    return [number] + writeStates(of: topic, rest, after: number)
  }

  /// Plans the nodes of partitions that their topic's node has by then.
  private mutating func writeStates(
    of topic: TopicImage, _ numbers: some Collection<Int>, after first: Int
  ) -> [Int] {
    numbers.map { number in
      let partition = TopicPartition(topic: topic.name, partition: Int32(number))
      let state = topic.partitions[number]
      return add(
        PlannedWrite(
          operations: partitionCreation(state, of: partition),
          changes: [.partition(partition, state)], after: first, stage: 1))
    }
  }

  func partitionCreation(
    _ state: PartitionImage, of partition: TopicPartition
  ) -> [CoordinationOperation] {
    [.create(path: ClusterPath.partition(partition), data: [], kind: .persistent)]
      + stateCreation(state, of: partition)
  }

  func stateCreation(
    _ state: PartitionImage, of partition: TopicPartition
  ) -> [CoordinationOperation] {
    let node = PartitionStateNode(state, controllerEpoch: settings.controllerEpoch)
    return [.create(path: ClusterPath.state(of: partition), data: node.data, kind: .persistent)]
  }

  mutating func create(
    _ creation: PartitionsCreation, validatesOnly: Bool,
    _ completion: @escaping @Sendable (Result<TopicImage, ClusterRefusal>) -> Void
  ) -> Bool {
    guard isFree(topic: creation.topic) else { return false }
    let planned = plan(creation)
    guard case .success(let grown) = planned, !validatesOnly,
      let version = tree.topicVersions[creation.topic],
      let count = tree.image.topics[creation.topic]?.partitions.count
    else {
      reply(after: []) { _, _ in completion(planned) }
      return true
    }
    take(topic: creation.topic)
    let first = add(
      PlannedWrite(
        operations: [
          .set(
            path: ClusterPath.topic(grown.name), data: TopicNode(grown).data, version: version)
        ], changes: [.topicNode(grown.name, version: version + 1)]))
    let numbers = [first] + writeStates(of: grown, count..<grown.partitions.count, after: first)
    reply(after: numbers) { outcomes, _ in
      if let refusal = outcomes.lazy.compactMap(\.refusal).first {
        completion(.failure(refusal))
      } else {
        completion(.success(grown))
      }
    }
    return true
  }

  private mutating func plan(
    _ creation: PartitionsCreation
  ) -> Result<TopicImage, ClusterRefusal> {
    guard var topic = tree.image.topics[creation.topic] else {
      return .failure(ClusterRefusal(.unknownTopicOrPartition, "there is no such topic"))
    }
    guard !topic.partitions.contains(where: \.isMoving) else {
      return .failure(ClusterRefusal(.reassignmentInProgress, "replicas of the topic are moving"))
    }
    let count = topic.partitions.count
    guard creation.partitionCount > count else {
      return .failure(
        ClusterRefusal(
          .invalidPartitions,
          "the topic has \(count) partitions, and can only get more than that"))
    }
    let first = topic.partitions.first?.replicas ?? []
    let placement = first.first.map { ReplicaPlacement(brokers: staying, after: $0) }
    let assigned = assignment(
      creation.assignment, of: count..<Int(creation.partitionCount), factor: first.count,
      place: placement)
    return assigned.flatMap { assignment in
      for replicas in assignment {
        let number = topic.partitions.count
        let partition = TopicPartition(topic: topic.name, partition: Int32(number))
        guard let new = PartitionImage.new(replicas: replicas, circumstances(partition, of: topic))
        else { return .failure(.noLiveReplica(replicas, of: number)) }
        topic.partitions.append(new)
      }
      return .success(topic)
    }
  }
}

extension ClusterRefusal {
  static func noLiveReplica(_ replicas: [Int32], of number: Int) -> ClusterRefusal {
    ClusterRefusal(
      .invalidReplicaAssignment, "partition \(number): none of brokers \(replicas) is up")
  }
}

extension String {
  /// The topic's name as names of metrics have it.
  var metricName: String { replacing(".", with: "_") }
}
