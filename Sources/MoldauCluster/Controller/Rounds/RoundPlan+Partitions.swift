internal import MoldauCoordination
internal import MoldauFormat

/// Requests that concern single partitions.
extension RoundPlan {
  mutating func alter(
    _ changes: [IsrChange], from nodeID: Int32, brokerEpoch: Int64,
    _ completion: @escaping @Sendable ([Result<PartitionImage, ClusterRefusal>]) -> Void
  ) -> Bool {
    guard settings.live[nodeID]?.brokerEpoch == brokerEpoch else {
      let results = changes.map { _ in
        Result<PartitionImage, ClusterRefusal>.failure(.staleBroker(nodeID))
      }
      reply(after: []) { _, _ in completion(results) }
      return true
    }
    guard changes.allSatisfy({ isFree($0.partition) }) else { return false }
    let steps = changes.map { plan($0, from: nodeID) }
    reply(after: steps.compactMap(\.write)) { outcomes, _ in
      var outcomes = outcomes.makeIterator()
      completion(
        steps.map { step in
          guard step.write != nil, let outcome = outcomes.next() else { return step.result }
          return step.result(after: outcome)
        })
    }
    return true
  }

  /// What becomes of one of several changes.
  private struct Step: Sendable {
    var result: Result<PartitionImage, ClusterRefusal>
    var write: Int?
    var checkCount = 0

    func result(after outcome: WriteOutcome) -> Result<PartitionImage, ClusterRefusal> {
      switch outcome {
      case .made: result
      case .refused(_, let operation) where operation < checkCount:
        .failure(ClusterRefusal(.ineligibleReplica, "a replica's broker has registered anew"))
      case .refused, .omitted:
        .failure(ClusterRefusal(.invalidUpdateVersion, "the partition's state has changed"))
      case .failed, .unknown, .abandoned: .failure(outcome.refusal ?? .notController)
      }
    }
  }

  private mutating func plan(_ change: IsrChange, from nodeID: Int32) -> Step {
    let partition = change.partition
    let found: (TopicImage, PartitionImage)
    switch find(partition) {
    case .failure(let refusal): return Step(result: .failure(refusal))
    case .success(let both): found = both
    }
    guard found.0.id == change.topicID else {
      return Step(
        result: .failure(ClusterRefusal(.unknownTopicID, "\(partition.topic) has another id")))
    }
    let decided = found.1.changed(
      by: change, from: nodeID, circumstances(partition, of: found.0))
    switch decided {
    case .failure(let refusal):
      return Step(result: .failure(refusal))
    case .success(let decision) where decision.state == found.1:
      return Step(result: .success(found.1))
    case .success where !isFree(partition):
      return Step(result: .failure(ClusterRefusal(.invalidRequest, "\(partition) comes twice")))
    case .success(let decision):
      let checks = settings.rules.contains(.checkBrokerEpoch) ? decision.joining : []
      let write = write(decision.state, of: partition, checking: checks)
      return Step(result: .success(decision.state), write: write, checkCount: checks.count)
    }
  }

  mutating func elect(
    _ kind: ElectionKind, of asked: [TopicPartition]?,
    _ completion:
      @escaping @Sendable (Result<[(TopicPartition, ClusterRefusal?)], ClusterRefusal>) -> Void
  ) -> Bool {
    let partitions = asked ?? allPartitions
    guard partitions.allSatisfy({ isFree($0) }) else { return false }
    var results: [(partition: TopicPartition, refusal: ClusterRefusal?, write: Int?)] = []
    for partition in partitions {
      switch election(kind, of: partition) {
      case .failure(let refusal) where asked == nil && refusal.code == .electionNotNeeded: break
      case .failure(let refusal): results.append((partition, refusal, nil))
      case .success(let next) where isFree(partition):
        results.append((partition, nil, write(next, of: partition)))
      case .success: results.append((partition, nil, nil))
      }
    }
    let steps = results
    reply(after: steps.compactMap(\.write)) { outcomes, _ in
      var outcomes = outcomes.makeIterator()
      completion(
        .success(
          steps.map { step in
            (step.partition, step.write == nil ? step.refusal : outcomes.next()?.refusal)
          }))
    }
    return true
  }

  private var allPartitions: [TopicPartition] {
    sortedTopics.flatMap { topic in
      topic.partitions.indices.map { TopicPartition(topic: topic.name, partition: Int32($0)) }
    }
  }

  private func election(
    _ kind: ElectionKind, of partition: TopicPartition
  ) -> Result<PartitionImage, ClusterRefusal> {
    find(partition).flatMap { topic, state in
      let circumstances = circumstances(partition, of: topic)
      return switch kind {
      case .preferred: state.preferringLeader(circumstances)
      case .unclean: state.electingUnclean(circumstances)
      }
    }
  }

  mutating func listReassignments(
    of asked: [TopicPartition]?,
    _ completion:
      @escaping @Sendable (Result<[(TopicPartition, PartitionImage)], ClusterRefusal>) -> Void
  ) -> Bool {
    let moving = tree.moving.filter { asked?.contains($0) ?? true }.sorted(by: <)
    let states = moving.compactMap { partition in
      tree.image.partition(partition).map { (partition, $0) }
    }
    reply(after: []) { _, _ in completion(.success(states)) }
    return true
  }

  /// Moves replicas of one topic's partitions, a bounded number of them.
  mutating func reassign(
    _ reassignments: [Reassignment], ofTopic name: String,
    _ completion: @escaping @Sendable ([ClusterRefusal?]) -> Void
  ) -> Bool {
    guard isFree(topic: name) else { return false }
    var refusals: [ClusterRefusal?] = []
    var states: [(Int32, PartitionImage)] = []
    for reassignment in reassignments {
      let decided = find(reassignment.partition).flatMap { topic, state in
        let circumstances = circumstances(reassignment.partition, of: topic)
        guard let target = reassignment.replicas else { return state.movingBack(circumstances) }
        return state.moving(to: target, circumstances)
      }
      let number = reassignment.partition.partition
      switch decided {
      case .failure(let refusal): refusals.append(refusal)
      case .success where states.contains(where: { $0.0 == number }):
        refusals.append(ClusterRefusal(.invalidRequest, "partition \(number) comes twice"))
      case .success(let state):
        refusals.append(nil)
        states.append((number, state))
      }
    }
    let steps = refusals
    guard let topic = tree.image.topics[name],
      let write = write(states.filter { topic.partition($0.0) != $0.1 }, movingIn: topic)
    else {
      reply(after: []) { _, _ in completion(steps) }
      return true
    }
    reply(after: [write]) { outcomes, _ in
      completion(steps.map { $0 ?? outcomes.first?.refusal })
    }
    return true
  }

  /// Writes where replicas of a topic are, with the states of those partitions, as one; nil when
  /// there are none.
  mutating func write(
    _ states: [(number: Int32, state: PartitionImage)], movingIn topic: TopicImage
  ) -> Int? {
    guard !states.isEmpty, let version = tree.topicVersions[topic.name] else { return nil }
    var partitions = topic.partitions
    for (number, state) in states { partitions[Int(number)] = state }
    let node = TopicNode(id: topic.id, partitions: partitions)
    var write = PlannedWrite(
      operations: [.set(path: ClusterPath.topic(topic.name), data: node.data, version: version)],
      changes: [.topicNode(topic.name, version: version + 1)])
    for (number, state) in states {
      let partition = TopicPartition(topic: topic.name, partition: number)
      write.operations.append(stateOperation(state, of: partition))
      write.changes.append(.partition(partition, state))
    }
    take(topic: topic.name)
    return add(write)
  }
}
