import MoldauFormat

extension LogStore {
  /// A consumer of a topic for a group, which goes on at the offsets that the group has committed.
  ///
  /// - Parameters:
  ///   - partitions: the partitions to read; nil reads all of the topic.
  ///   - start: where to begin in a partition for which the group has committed nothing.
  /// - Throws: `unknownTopic`, `unknownPartition`, `invalidConfiguration` for a name that no group
  ///   can have.
  public func consumer(
    group: String, topic name: String, partitions: [Int]? = nil,
    startingAt start: ReadStart = .earliest, isolation: ReadIsolation = .readUncommitted
  ) async throws(LogError) -> Consumer {
    guard !group.isEmpty, group.utf8.count <= Limits.maxGroupNameBytes else {
      throw .invalidConfiguration(
        setting: "group", reason: "a name has 1 to \(Limits.maxGroupNameBytes) bytes")
    }
    guard let topic = existingTopic(name) else { throw .unknownTopic(name) }
    let partitions = partitions ?? topic.partitions.map { Int($0.identity.partition) }
    return try await EngineThread.run { [self] () throws(LogError) in
      let offsets = try groupOffsets()
      let known = offsets.partition(of: group)
      try known.load()
      var readings: [LogReading] = []
      for partition in partitions {
        let committed = known.committed(
          group: group, TopicPartition(topic: name, partition: Int32(clamping: partition)))
        readings.append(
          LogReading(
            try topic.log(of: partition), from: committed.map { .offset($0.offset) } ?? start,
            limit: Offset(rawValue: .max), isolation: isolation))
      }
      return Consumer(
        group: group, topic: topic, partitions: partitions, readings: readings, offsets: offsets)
    }
  }

  /// The committed offsets of all groups; the internal topic is created on first use. Blocks.
  package func groupOffsets() throws(LogError) -> GroupOffsets {
    try offsets.withLock { (offsets) throws(LogError) in
      if let offsets { return offsets }
      let opened = try GroupOffsets.open(in: self)
      offsets = opened
      return opened
    }
  }
}

extension LogStore {
  /// Takes back what groups have committed for a topic that was deleted. Blocks.
  func forgetOffsets(of name: String) {
    guard existingTopic(GroupOffsets.topicName) != nil else { return }
    do throws(LogError) { try groupOffsets().forget(topic: name) } catch {
      services.logger.error("\(name) is deleted, but not its groups' offsets: \(error)")
    }
  }
}
