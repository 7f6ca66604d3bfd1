internal import MoldauCoordination
internal import MoldauFormat

/// What is to be written next: planned against the state that has been written, all at once, and
/// each thing once. Pure; what stands in another's way waits for the next round.
struct RoundPlan: Sendable {
  /// Whom to tell what came of the writes with these numbers.
  struct Reply: Sendable {
    var writes: [Int]
    var finish: @Sendable ([WriteOutcome], ClusterImage) -> Void
  }

  let tree: ControlledTree
  var settings: RoundSettings
  var generator: any RandomNumberGenerator & Sendable
  private(set) var writes: [PlannedWrite] = []
  private(set) var replies: [Reply] = []
  /// Topics whose own nodes are written in this round.
  private var writtenTopics: Set<String> = []
  private var writtenPartitions: Set<TopicPartition> = []
  private var topicsOfWrittenPartitions: Set<String> = []
  private var writtenPaths: Set<String> = []

  init(
    tree: ControlledTree, settings: RoundSettings, generator: any RandomNumberGenerator & Sendable
  ) {
    self.tree = tree
    self.settings = settings
    self.generator = generator
  }

  /// Whether a partition's state has not been planned to change yet.
  func isFree(_ partition: TopicPartition) -> Bool {
    !writtenPartitions.contains(partition) && !writtenTopics.contains(partition.topic)
  }

  /// Whether nothing of the topic has been planned to change yet.
  func isFree(topic: String) -> Bool {
    !writtenTopics.contains(topic) && !topicsOfWrittenPartitions.contains(topic)
  }

  /// Takes the topic for the rest of the round.
  mutating func take(topic: String) { writtenTopics.insert(topic) }

  /// Takes a node for the rest of the round; false when it is taken.
  mutating func take(path: String) -> Bool { writtenPaths.insert(path).inserted }

  /// Adds a write, and returns its number.
  mutating func add(_ write: PlannedWrite) -> Int {
    for change in write.changes {
      if case .partition(let partition, _) = change {
        writtenPartitions.insert(partition)
        topicsOfWrittenPartitions.insert(partition.topic)
      }
    }
    writes.append(write)
    return writes.count - 1
  }

  /// Adds the write of a partition's state, and returns its number.
  ///
  /// - Parameter checking: the registrations that must still be the brokers' last.
  mutating func write(
    _ state: PartitionImage, of partition: TopicPartition, checking: [IsrChange.Member] = []
  ) -> Int {
    let checks = checking.map { member in
      CoordinationOperation.check(
        path: ClusterPath.brokerEpoch(member.nodeID), version: Int32(clamping: member.brokerEpoch))
    }
    return add(
      PlannedWrite(
        operations: checks + [stateOperation(state, of: partition)],
        changes: [.partition(partition, state)]))
  }

  /// The operation that writes a partition's state where there is one already.
  func stateOperation(
    _ state: PartitionImage, of partition: TopicPartition
  ) -> CoordinationOperation {
    let node = PartitionStateNode(state, controllerEpoch: settings.controllerEpoch)
    return .set(
      path: ClusterPath.state(of: partition), data: node.data, version: state.partitionEpoch - 1)
  }

  mutating func reply(
    after writes: [Int], _ finish: @escaping @Sendable ([WriteOutcome], ClusterImage) -> Void
  ) {
    replies.append(Reply(writes: writes, finish: finish))
  }

  func circumstances(_ partition: TopicPartition, of topic: TopicImage) -> Circumstances {
    tree.circumstances(partition, of: topic, settings)
  }

  /// A partition and its topic, or why there is none.
  func find(
    _ partition: TopicPartition
  ) -> Result<(TopicImage, PartitionImage), ClusterRefusal> {
    guard let topic = tree.image.topics[partition.topic],
      let state = topic.partition(partition.partition)
    else {
      return .failure(
        ClusterRefusal(.unknownTopicOrPartition, "there is no partition \(partition)"))
    }
    return .success((topic, state))
  }

  /// The topics in the order of their names.
  var sortedTopics: [TopicImage] {
    tree.image.topics.values.sorted { $0.name < $1.name }
  }
}

/// Something that the controller was asked for.
struct ControllerCommand: Sendable {
  /// Plans the writes and the reply; false when something stands in the way and the next round is
  /// to try again.
  var plan: @Sendable (inout RoundPlan) -> Bool
  var refuse: @Sendable (ClusterRefusal) -> Void
}
