internal import MoldauCoordination
internal import MoldauFormat

/// Topics are deleted in one write where they are small. Others first get a node below
/// `/admin/delete_topics`, from which on there is no such topic; whoever is the controller then
/// deletes what is left.
extension RoundPlan {
  mutating func delete(
    _ reference: TopicReference,
    _ completion: @escaping @Sendable (Result<TopicImage, ClusterRefusal>) -> Void
  ) -> Bool {
    let name: String?
    switch reference {
    case .name(let given): name = given
    case .id(let id): name = tree.image.topicNames[id]
    }
    guard let name, let topic = tree.image.topics[name] else {
      let refusal: ClusterRefusal =
        if case .id = reference {
          ClusterRefusal(.unknownTopicID, "there is no topic of this id")
        } else {
          ClusterRefusal(.unknownTopicOrPartition, "there is no such topic")
        }
      reply(after: []) { _, _ in completion(.failure(refusal)) }
      return true
    }
    guard isFree(topic: name) else { return false }
    take(topic: name)
    let number = delete(topic)
    reply(after: [number]) { outcomes, _ in
      if let refusal = outcomes.first?.refusal {
        completion(.failure(refusal))
      } else {
        completion(.success(topic))
      }
    }
    return true
  }

  private mutating func delete(_ topic: TopicImage) -> Int {
    var remains = TopicRemains()
    for (number, state) in topic.partitions.enumerated() {
      let partition = TopicPartition(topic: topic.name, partition: Int32(number))
      guard !tree.absent.contains(partition) else { continue }
      remains.partitions[partition.partition] = state.partitionEpoch >= 0
    }
    remains.hasPartitions = true
    remains.hasTopic = true
    let configuration = ClusterPath.configuration(of: topic.name)
    remains.hasConfiguration = tree.configurationVersions[configuration] != nil
    guard topic.partitions.count > Limits.partitionsPerWrite else {
      let operations = partitionDeletions(remains, of: topic.name)
      return add(
        PlannedWrite(
          operations: operations.flatMap { $0 } + topicDeletion(remains, of: topic.name),
          changes: [.deletedTopic(topic)]))
    }
    return add(
      PlannedWrite(
        operations: [
          .create(path: ClusterPath.deletion(of: topic.name), data: [], kind: .persistent)
        ], changes: [.deletedTopic(topic), .remains(topic.name, remains)]))
  }

  /// Plans the deletion of what is left of a topic that has a node below `/admin/delete_topics`.
  mutating func delete(_ remains: TopicRemains, of name: String) {
    take(topic: name)
    for operations in partitionDeletions(remains, of: name) {
      _ = add(PlannedWrite(operations: operations, changes: []))
    }
    _ = add(
      PlannedWrite(
        operations: topicDeletion(remains, of: name) + [
          .delete(path: ClusterPath.deletion(of: name), version: nil)
        ], changes: [.remains(name, nil)], stage: 1))
  }

  private func partitionDeletions(
    _ remains: TopicRemains, of name: String
  ) -> [[CoordinationOperation]] {
    remains.partitions.sorted { $0.key < $1.key }.map { number, hasState in
      let partition = TopicPartition(topic: name, partition: number)
      let state = CoordinationOperation.delete(
        path: ClusterPath.state(of: partition), version: nil)
      return (hasState ? [state] : [])
        + [.delete(path: ClusterPath.partition(partition), version: nil)]
    }
  }

  private func topicDeletion(
    _ remains: TopicRemains, of name: String
  ) -> [CoordinationOperation] {
    var operations: [CoordinationOperation] = []
    if remains.hasPartitions {
      operations.append(.delete(path: ClusterPath.partitions(of: name), version: nil))
    }
    if remains.hasTopic {
      operations.append(.delete(path: ClusterPath.topic(name), version: nil))
    }
    if remains.hasConfiguration {
      operations.append(.delete(path: ClusterPath.configuration(of: name), version: nil))
    }
    return operations
  }
}
