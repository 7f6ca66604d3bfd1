import Glibc
import MoldauDisk
import MoldauFormat
import Synchronization

extension LogStore {
  /// Creates a topic; blocks while its folders are made.
  ///
  /// - Throws: `topicExists`, `invalidTopicName`, `invalidConfiguration`.
  package func createTopic(
    _ name: String, _ configuration: TopicConfiguration
  ) throws(LogError) -> Topic {
    do throws(FormatError) { try TopicName.validate(name) } catch {
      throw .invalidTopicName(name: name, reason: "\(error)")
    }
    try configuration.validate()
    try services.checkHealth()
    return try services.topicChanges.withLock { (configurations) throws(LogError) in
      let (exists, isClosed) = state.withLock { ($0.topics[name] != nil, $0.isClosed) }
      if isClosed { throw .closed }
      if exists { throw .topicExists(name) }
      var generator = services.random
      let id = TopicID.random(using: &generator)
      let numbers = Array(0..<configuration.partitionCount)
      do throws(DiskError) {
        // A deletion that a fault of the disk has cut short: what is left of that topic, its records
        // too, would be this one's after a crash.
        if configurations.deletedTopics.contains(name) { try folders.finishDeletion(of: name) }
        try folders.checkNames(of: name, numbers)
      } catch {
        throw LogError(error)
      }
      configurations[name] = configuration
      let logs: [PartitionLog]
      do throws(LogError) {
        do throws(DiskError) {
          try freshenCheckpoints()
          try configurations.write(to: path, disk: services.disk)
          try folders.make(name, numbers, id)
        } catch {
          throw LogError(error)
        }
        logs = try makeLogs(of: name, numbers, configuration)
      } catch {
        configurations.remove(name)
        folders.removeLeftovers(of: name, numbers)
        throw error
      }
      let topic = Topic(
        name: name, id: id, configuration: configuration, partitions: logs, services: services,
        defaultDurability: self.configuration.durability)
      state.withLock { $0.topics[name] = topic }
      return topic
    }
  }

  /// Checkpoints that speak of deleted topics are written anew before others get their names.
  func freshenCheckpoints() throws(DiskError) {
    guard services.hasStaleCheckpoints.load(ordering: .acquiring) else { return }
    try services.writeCheckpoints(topics.flatMap(\.partitions))
    services.hasStaleCheckpoints.store(false, ordering: .releasing)
  }

  var folders: TopicFolders {
    TopicFolders(path: path, disk: services.disk, logger: services.logger)
  }

  /// Begins the logs of partitions whose folders were made.
  func makeLogs(
    of name: String, _ numbers: [Int], _ configuration: TopicConfiguration
  ) throws(LogError) -> [PartitionLog] {
    try numbers.map { (number) throws(LogError) in
      var loader = PartitionLoader(
        identity: TopicPartition(topic: name, partition: Int32(number)),
        configuration: configuration, services: services, recoveryPoint: nil, startOffset: nil,
        wasClean: true, rewritesUnsynced: false, journal: JournalReplay(), isOwn: true)
      return try loader.load()
    }
  }

  /// Gives a topic more partitions, `count` in all; blocks while their folders are made.
  ///
  /// Appends and reads go on meanwhile. A crash leaves the old number or the new one: the folders are
  /// durable before the new number is, and those beyond a topic's number go when the store is opened.
  /// - Throws: `invalidConfiguration` when there would not be more of them, `unknownTopic`.
  package func addPartitions(to topic: Topic, count: Int) throws(LogError) {
    try services.checkHealth()
    try services.topicChanges.withLock { (configurations) throws(LogError) in
      if state.withLock(\.isClosed) { throw .closed }
      guard existingTopic(topic.name) === topic else { throw .unknownTopic(topic.name) }
      guard topic.name != GroupOffsets.topicName else {
        throw .invalidConfiguration(
          setting: "partitionCount",
          reason:
            "groups would be looked for in other partitions than those that have their offsets")
      }
      guard configurations.hosting[topic.name] == nil else {
        throw .invalidConfiguration(
          setting: "partitionCount", reason: "the cluster says how many \(topic.name) has")
      }
      let numbers = Array(topic.partitionCount..<max(topic.partitionCount, count))
      guard !numbers.isEmpty else {
        throw .invalidConfiguration(
          setting: "partitionCount",
          reason: "\(topic.name) has \(topic.partitionCount) already, and can only get more")
      }
      var configuration = topic.configuration
      configuration.partitionCount = count
      try configuration.validate()
      if !configurations.knows(topic.name) { configuration.mayHaveGaps = true }
      let logs: [PartitionLog]
      do throws(LogError) {
        logs = try makePartitions(of: topic, numbers, configuration)
      } catch {
        folders.removeLeftovers(of: topic.name, numbers)
        throw error
      }
      let before = configurations
      configurations[topic.name] = configuration
      do throws(DiskError) { try configurations.write(to: path, disk: services.disk) } catch {
        // The file may have either number, and the folders agree with both.
        configurations = before
        throw LogError(error)
      }
      topic.grow(by: logs, configuration)
      state.withLock { $0.topicsVersion += 1 }
    }
  }

  func makePartitions(
    of topic: Topic, _ numbers: [Int], _ configuration: TopicConfiguration
  ) throws(LogError) -> [PartitionLog] {
    do throws(DiskError) {
      try folders.checkNames(of: topic.name, numbers)
      try freshenCheckpoints()
      try folders.make(topic.name, numbers, topic.id)
    } catch {
      throw LogError(error)
    }
    return try makeLogs(of: topic.name, numbers, configuration)
  }

  /// Gives a topic another configuration; its partitions stay as many as they are.
  package func alterTopic(
    _ topic: Topic, _ configuration: TopicConfiguration
  ) throws(LogError) {
    try services.topicChanges.withLock { (configurations) throws(LogError) in
      guard existingTopic(topic.name) === topic else { throw .unknownTopic(topic.name) }
      let current = topic.configuration
      var configuration = configuration
      configuration.partitionCount = topic.partitionCount
      try configuration.validate()
      configuration.mayHaveGaps =
        current.mayHaveGaps || current.isCompacted || !configurations.knows(topic.name)
      guard configuration != current else { return }
      let before = configurations
      configurations[topic.name] = configuration
      do throws(DiskError) { try configurations.write(to: path, disk: services.disk) } catch {
        configurations = before
        throw LogError(error)
      }
      topic.apply(configuration)
    }
  }

  /// Lets a topic's offsets have gaps from now on.
  func allowGaps(in name: String) throws(LogError) {
    try services.topicChanges.withLock { (configurations) throws(LogError) in
      guard let topic = existingTopic(name) else { throw .unknownTopic(name) }
      var configuration = topic.configuration
      configuration.mayHaveGaps = true
      let before = configurations
      configurations[name] = configuration
      do throws(DiskError) { try configurations.write(to: path, disk: services.disk) } catch {
        configurations = before
        throw LogError(error)
      }
      topic.apply(configuration)
    }
  }

  /// Takes a topic out of the store and its files away. Slices that readers hold stay readable.
  ///
  /// A crash leaves all of the topic or nothing: what it interrupts is finished on opening.
  ///
  /// - Parameter forgetsOffsets: whether what groups have committed for it goes too; where others keep
  ///   that, as in a cluster, they see to it.
  package func removeTopic(_ name: String, forgetsOffsets: Bool = true) throws(LogError) {
    try services.topicChanges.withLock { (configurations) throws(LogError) in
      if state.withLock(\.isClosed) { throw .closed }
      guard let topic = existingTopic(name) else { throw .unknownTopic(name) }
      try markDeleted(name, &configurations)
      state.withLock { $0.topics[name] = nil }
      let folders = try renameFolders(of: topic.partitions) { $0.deletedDirectoryName(token: $1) }
      do throws(DiskError) {
        // A topic that gets the name must not be taken for this one.
        try services.writeCheckpoints(topics.flatMap(\.partitions))
        configurations.remove(name)
        try configurations.write(to: path, disk: services.disk)
      } catch {
        services.hasStaleCheckpoints.store(true, ordering: .releasing)
        services.logger.warning("\(name) is deleted, but traces are left: \(error)")
      }
      services.removeFolders(folders[...])
    }
    if forgetsOffsets { forgetOffsets(of: name) }
  }

  /// A full disk does not keep a topic, which may be what fills it.
  private func markDeleted(
    _ name: String, _ configurations: inout TopicConfigurations
  ) throws(LogError) {
    let before = configurations
    configurations.markDeleted(name)
    do throws(DiskError) { try configurations.write(to: path, disk: services.disk) } catch {
      guard !error.isOutOfSpace else { return }
      configurations = before
      throw LogError(error)
    }
  }

  /// Closes logs and takes their folders' names, by which they are found; returns the folders.
  func renameFolders(
    of logs: [PartitionLog], to name: (TopicPartition, _ token: TopicID) -> String
  ) throws(LogError) -> [String] {
    var generator = services.random
    let token = TopicID.random(using: &generator)
    for log in logs {
      log.close()
      // Not while the cleaner renames files: its paths may be those of a new topic from here on.
      log.compaction.pendingSwap.withLock { _ in log.directory.noteDeletion() }
    }
    var folders: [String] = []
    do throws(DiskError) {
      for log in logs {
        let folder = "\(path)/\(name(log.identity, token))"
        try services.disk.rename(log.directory.path, to: folder)
        folders.append(folder)
      }
      try services.disk.syncDirectory(path)
    } catch {
      throw LogError(error)
    }
    return folders
  }
}
