import MoldauLog

/// What a broker of a cluster is told about the partitions of `__consumer_offsets`. From any thread;
/// none of it waits for a disk.
extension GroupCoordinator {
  /// Coordinates the groups of a partition that this broker leads from now on: what its log has of
  /// them is read on the queue. Nothing changes when that is so already in this epoch.
  ///
  /// - Parameters:
  ///   - partition: leads in `leaderEpoch` already.
  ///   - partitionCount: how many the topic has.
  package func begin(_ partition: Partition, leaderEpoch: Int32, of partitionCount: Int) {
    begin(
      partition: Int(partition.index), of: partitionCount, leaderEpoch: leaderEpoch,
      ReplicatedGroupStorage(partition: partition, leaderEpoch: leaderEpoch))
  }

  /// As the other, with another way to see what is committed.
  func begin(
    partition number: Int, of partitionCount: Int, leaderEpoch: Int32, _ storage: any GroupStorage
  ) {
    guard let topic = store.existingTopic(GroupOffsets.topicName) else {
      return logger.error("\(GroupOffsets.topicName)-\(number) is to be led and is not here")
    }
    let known = loading.withLock { $0.places[number]?.partition }
    if let known, known.offsets.leaderEpoch == leaderEpoch { return }
    end(partition: number)
    let offsets = CommittedOffsets(topic: topic, number: number, leaderEpoch: leaderEpoch)
    let partition = makePartition(offsets, storage)
    advance { loading in
      guard !loading.isStopping else { return }
      loading.partitionCount = partitionCount
      loading.places[number] = GroupLoading.Place(partition: partition)
      queue.add { [self] in load(partition) }
    }
    startExpiry()
  }

  /// Lets go of the groups of a partition that this broker no longer leads: whoever waits is told to
  /// look for the coordinator elsewhere. Nothing changes when it has none of them.
  package func end(partition number: Int) {
    let ended = loading.withLock { $0.places.removeValue(forKey: number)?.partition }
    guard let ended else { return }
    ended.end()
    advance { _ in }
  }

  /// As `end(partition:)`, for all.
  package func endAll() {
    let numbers = loading.withLock { $0.places.keys.sorted() }
    for number in numbers { end(partition: number) }
  }

  /// Takes back what groups have committed for topics that were deleted, so that topics that get
  /// their names are not read from where the old ones were left.
  package func forget(topics names: Set<String>) {
    queue.add { [self] in
      for partition in loadedPartitions { forget(in: partition, names.contains) }
    }
  }

  /// As `forget(topics:)`, in one partition that is loaded; on the queue.
  func forget(in partition: CoordinatedPartition, _ isGone: (_ topic: String) -> Bool) {
    for (id, stale) in partition.offsets.partitions(where: isGone) {
      _ = write(id, in: partition, { _ in }) { _, effects in
        effects.records = stale.map { .offset($0, nil) }
        return .none
      }
    }
  }

  /// The partitions whose groups can be looked at, in order.
  var loadedPartitions: [CoordinatedPartition] {
    loading.withLock { loading in
      loading.places.values.filter { $0.progress == .loaded }.map(\.partition)
    }
    .sorted { $0.number < $1.number }
  }

  /// The partition in which a group is coordinated here; nil when it is led elsewhere or not loaded.
  func partition(of id: String) -> CoordinatedPartition? {
    loading.withLock { loading in
      guard let place = loading.place(of: id), place.progress == .loaded else { return nil }
      return place.partition
    }
  }
}
