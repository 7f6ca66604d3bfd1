internal import MoldauCoordination
internal import MoldauFormat

extension RoundPlan {
  /// Brings every partition into the state that the live brokers, and the settings, call for. Once
  /// for each change of those.
  ///
  /// - Complexity: O(number of partitions).
  mutating func settleAll() {
    for topic in sortedTopics {
      for (number, state) in topic.partitions.enumerated() {
        let partition = TopicPartition(topic: topic.name, partition: Int32(number))
        settle(state, partition, of: topic)
      }
    }
  }

  private mutating func settle(
    _ state: PartitionImage, _ partition: TopicPartition, of topic: TopicImage
  ) {
    let circumstances = circumstances(partition, of: topic)
    if state.partitionEpoch < 0 {
      // Its topic was made by a controller that did not get to this one.
      guard let new = PartitionImage.new(replicas: state.replicas, circumstances) else { return }
      _ = add(
        PlannedWrite(
          operations: tree.absent.contains(partition)
            ? partitionCreation(new, of: partition) : stateCreation(new, of: partition),
          changes: [.partition(partition, new)]))
    } else if let next = state.settled(circumstances) {
      _ = write(next, of: partition)
    }
  }

  /// Ends the moves of replicas that have all joined, and goes on with deletions.
  mutating func carryOn() {
    for partition in tree.moving.sorted(by: <) where isFree(topic: partition.topic) {
      guard case .success((let topic, let state)) = find(partition),
        let arrived = state.arrived(circumstances(partition, of: topic))
      else { continue }
      _ = write([(partition.partition, arrived)], movingIn: topic)
    }
    for (name, remains) in tree.deletions.sorted(by: { $0.key < $1.key })
    where isFree(topic: name) {
      delete(remains, of: name)
    }
  }

  /// Gives leaderships back to the preferred leaders.
  mutating func rebalance() {
    for topic in sortedTopics {
      for (number, state) in topic.partitions.enumerated() {
        let partition = TopicPartition(topic: topic.name, partition: Int32(number))
        guard isFree(partition), state.partitionEpoch >= 0,
          case .success(let next) = state.preferringLeader(circumstances(partition, of: topic))
        else { continue }
        _ = write(next, of: partition)
      }
    }
  }

  /// Takes a broker that is about to stop out of what it leads and follows.
  mutating func shutDown(
    _ nodeID: Int32, brokerEpoch: Int64,
    _ completion: @escaping @Sendable (Result<[TopicPartition], ClusterRefusal>) -> Void
  ) -> Bool {
    guard settings.live[nodeID]?.brokerEpoch == brokerEpoch else {
      reply(after: []) { _, _ in completion(.failure(.staleBroker(nodeID))) }
      return true
    }
    let concerned = sortedTopics.flatMap { topic in
      topic.partitions.enumerated().filter { $0.element.isr.contains(nodeID) }.map {
        (topic, TopicPartition(topic: topic.name, partition: Int32($0.offset)), $0.element)
      }
    }
    settings.live[nodeID]?.isShuttingDown = true
    guard concerned.allSatisfy({ isFree($0.1) }) else { return false }
    var numbers: [Int] = []
    for (topic, partition, state) in concerned {
      guard let next = state.released(from: nodeID, circumstances(partition, of: topic)) else {
        continue
      }
      numbers.append(write(next, of: partition))
    }
    reply(after: numbers) { outcomes, image in
      if let refusal = outcomes.lazy.compactMap(\.refusal).first {
        return completion(.failure(refusal))
      }
      completion(.success(Self.partitions(waitingToLeave: nodeID, image)))
    }
    return true
  }

  /// The partitions that a broker leads and that another could lead once it has caught up, sorted.
  /// None of a partition whose other replicas are down, or about to stop as well: nobody would come.
  private static func partitions(
    waitingToLeave nodeID: Int32, _ image: ClusterImage
  ) -> [TopicPartition] {
    let staying = Set(image.brokers.values.filter { !$0.isShuttingDown }.map(\.nodeID))
    return image.topics.values.flatMap { topic in
      topic.partitions.enumerated()
        .filter { $0.element.leader == nodeID && !staying.isDisjoint(with: $0.element.replicas) }
        .map { TopicPartition(topic: topic.name, partition: Int32($0.offset)) }
    }.sorted(by: <)
  }
}

extension TopicPartition {
  static func < (first: TopicPartition, second: TopicPartition) -> Bool {
    (first.topic, first.partition) < (second.topic, second.partition)
  }
}

extension ClusterRefusal {
  static func staleBroker(_ nodeID: Int32) -> ClusterRefusal {
    ClusterRefusal(
      .staleBrokerEpoch, "broker \(nodeID) is not registered, or has registered anew")
  }
}
