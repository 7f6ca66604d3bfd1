import MoldauDisk
package import MoldauFormat
import Synchronization

/// Topics of which this store has some partitions, as a broker of a cluster has.
///
/// The file of the topics' configurations says which: a partition is in it once its folder is durable,
/// and no more before its folder goes (docs/decisions/hosted-partitions.md).
extension LogStore {
  /// Makes a topic of `partitionCount` partitions of which this store has those in `hosting`; blocks
  /// while their folders are made.
  ///
  /// A crash leaves the topic or nothing.
  /// - Precondition: `hosting` is not empty, and its numbers are below `partitionCount`.
  /// - Throws: `topicExists`, `invalidTopicName`, `invalidConfiguration`.
  package func createTopic(
    _ name: String, id: TopicID, hosting numbers: [Int], of partitionCount: Int,
    _ configuration: TopicConfiguration
  ) throws(LogError) -> Topic {
    precondition(!numbers.isEmpty, "a topic without partitions here is not for this store")
    precondition(numbers.allSatisfy { (0..<partitionCount).contains($0) }, "no such partitions")
    do throws(FormatError) { try TopicName.validate(name) } catch {
      throw .invalidTopicName(name: name, reason: "\(error)")
    }
    var configuration = configuration
    configuration.partitionCount = partitionCount
    try configuration.validate()
    try services.checkHealth()
    return try services.topicChanges.withLock { (configurations) throws(LogError) in
      let (exists, isClosed) = state.withLock { ($0.topics[name] != nil, $0.isClosed) }
      if isClosed { throw .closed }
      if exists { throw .topicExists(name) }
      var logs: [PartitionLog] = []
      do throws(LogError) {
        do throws(DiskError) {
          if configurations.deletedTopics.contains(name) { try folders.finishDeletion(of: name) }
          try folders.checkNames(of: name, numbers)
          try freshenCheckpoints()
          configurations[name] = configuration
          // Its folders are nobody's until they are in the file.
          configurations.hosting[name] = TopicHosting(id: id, numbers: [])
          try configurations.write(to: path, disk: services.disk)
          try folders.make(name, numbers, id)
        } catch {
          throw LogError(error)
        }
        logs = try makeLogs(of: name, numbers, configuration)
        try voidJournal(of: logs)
        configurations.hosting[name] = TopicHosting(id: id, numbers: Set(numbers))
        do throws(DiskError) { try configurations.write(to: path, disk: services.disk) } catch {
          throw LogError(error)
        }
      } catch {
        configurations.remove(name)
        abandon(logs)
        folders.removeLeftovers(of: name, numbers)
        throw error
      }
      var places = [PartitionLog?](repeating: nil, count: partitionCount)
      for log in logs { places[Int(log.identity.partition)] = log }
      let topic = Topic(
        name: name, id: id, configuration: configuration, partitions: places, services: services,
        defaultDurability: self.configuration.durability)
      state.withLock { $0.topics[name] = topic }
      return topic
    }
  }

  /// Takes in more of a topic's partitions; those that are here stay as they are. With a larger
  /// `partitionCount` the topic has got more of them, even if none is for this store.
  ///
  /// A crash leaves the partitions or none of them.
  /// - Precondition: the numbers are below `partitionCount` or the topic's own count.
  package func host(
    _ numbers: [Int], of topic: Topic, partitionCount: Int
  ) throws(LogError) {
    try services.checkHealth()
    try services.topicChanges.withLock { (configurations) throws(LogError) in
      if state.withLock(\.isClosed) { throw .closed }
      guard existingTopic(topic.name) === topic else { throw .unknownTopic(topic.name) }
      var configuration = topic.configuration
      configuration.partitionCount = max(topic.partitionCount, partitionCount)
      precondition(
        numbers.allSatisfy { (0..<configuration.partitionCount).contains($0) }, "no such partitions"
      )
      let added = numbers.filter { topic.log(ofPartition: $0) == nil }
      guard !added.isEmpty || configuration.partitionCount > topic.partitionCount else { return }
      try configuration.validate()
      if !configurations.knows(topic.name) { configuration.mayHaveGaps = true }
      let before = configurations
      var logs: [PartitionLog] = []
      do throws(LogError) {
        logs = try makePartitions(of: topic, added, configuration)
        try voidJournal(of: logs)
        configurations[topic.name] = configuration
        configurations.hosting[topic.name] = hosting(of: topic, before, adding: added)
        do throws(DiskError) { try configurations.write(to: path, disk: services.disk) } catch {
          throw LogError(error)
        }
      } catch {
        // The file may have either list: what is in it without a folder is told as missing.
        configurations = before
        abandon(logs)
        folders.removeLeftovers(of: topic.name, added)
        throw error
      }
      topic.host(logs, configuration)
      state.withLock { $0.topicsVersion += 1 }
    }
  }

  /// Takes partitions of a topic out of the store and their files away; with the last of them goes
  /// the topic. Slices that readers hold stay readable. What groups have committed for the topic stays.
  ///
  /// A crash leaves the partitions or none of them: what it interrupts is finished on opening.
  package func removePartitions(_ numbers: [Int], of topic: Topic) throws(LogError) {
    let logs = Set(numbers).sorted().compactMap { topic.log(ofPartition: $0) }
    noteRemoved(logs)
    guard logs.count < topic.partitions.count else {
      return try removeTopic(topic.name, forgetsOffsets: false)
    }
    guard !logs.isEmpty else { return }
    try services.topicChanges.withLock { (configurations) throws(LogError) in
      if state.withLock(\.isClosed) { throw .closed }
      guard existingTopic(topic.name) === topic else { throw .unknownTopic(topic.name) }
      let before = configurations
      var hosting = hosting(of: topic, before)
      hosting.numbers.subtract(logs.map { Int($0.identity.partition) })
      configurations[topic.name] = topic.configuration
      configurations.hosting[topic.name] = hosting
      do throws(DiskError) { try configurations.write(to: path, disk: services.disk) } catch {
        configurations = before
        throw LogError(error)
      }
      topic.drop(logs)
      state.withLock { $0.topicsVersion += 1 }
      let folders = try renameFolders(of: logs) { $0.deletedDirectoryName(token: $1) }
      for log in logs { log.letFilesGo() }
      do throws(DiskError) {
        // A partition that comes back must not be taken for this one.
        try services.writeCheckpoints(topics.flatMap(\.partitions))
      } catch {
        services.hasStaleCheckpoints.store(true, ordering: .releasing)
        services.logger.warning("\(topic.name): partitions are gone, but traces are left: \(error)")
      }
      services.removeFolders(folders[...])
    }
  }

  /// Notes which partitions are about to go. One that stays after all is none the worse.
  private func noteRemoved(_ logs: [PartitionLog]) {
    let keys = logs.map(JournalReplay.PartitionKey.init)
    state.withLock { $0.removed.formUnion(keys) }
  }

  /// What the journal has of partitions that were here before is not the new ones'.
  private func voidJournal(of logs: [PartitionLog]) throws(LogError) {
    for log in logs {
      let key = JournalReplay.PartitionKey(log)
      guard state.withLock({ $0.removed.contains(key) }) else { continue }
      try log.betweenCommits { (log) throws(LogError) in
        try log.services.commits.journal.truncate(
          log, to: .zero, maintenance: log.services.maintenance)
      }
      state.withLock { _ = $0.removed.remove(key) }
    }
  }

  /// Lets logs go that are not taken in after all: the journal may hold them, and nobody is to sync
  /// what is in their folders.
  private func abandon(_ logs: [PartitionLog]) {
    for log in logs {
      log.directory.noteDeletion()
      log.letFilesGo()
    }
  }

  /// Takes partitions of a topic out of the store and leaves their files in the directory, under names
  /// that no opening takes for a partition's; with the last of them goes the topic.
  ///
  /// A crash leaves each partition or sets it aside.
  /// - Returns: the folders, whose names have Kafka's ending for it, `-stray`.
  package func setAside(_ numbers: [Int], of topic: Topic) throws(LogError) -> [String] {
    let logs = Set(numbers).sorted().compactMap { topic.log(ofPartition: $0) }
    guard !logs.isEmpty else { return [] }
    noteRemoved(logs)
    return try services.topicChanges.withLock { (configurations) throws(LogError) in
      if state.withLock(\.isClosed) { throw .closed }
      guard existingTopic(topic.name) === topic else { throw .unknownTopic(topic.name) }
      // What the journal alone has does not go with the folder.
      for log in logs { try log.syncFiles() }
      var hosting = hosting(of: topic, configurations)
      hosting.numbers.subtract(logs.map { Int($0.identity.partition) })
      let isGone = logs.count == topic.partitions.count
      if isGone {
        state.withLock { $0.topics[topic.name] = nil }
      } else {
        topic.drop(logs)
        state.withLock { $0.topicsVersion += 1 }
      }
      // Before the list is written: what is not in it goes when the store is opened.
      let folders = try renameFolders(of: logs) { $0.strayDirectoryName(token: $1) }
      for log in logs { log.letFilesGo() }
      if isGone {
        configurations.remove(topic.name)
      } else {
        configurations[topic.name] = topic.configuration
        configurations.hosting[topic.name] = hosting
      }
      do throws(DiskError) {
        try services.writeCheckpoints(topics.flatMap(\.partitions))
        try configurations.write(to: path, disk: services.disk)
      } catch {
        services.hasStaleCheckpoints.store(true, ordering: .releasing)
        services.logger.warning("\(topic.name) is set aside, but traces are left: \(error)")
      }
      return folders
    }
  }

  /// What the file has to say of a topic's partitions here.
  private func hosting(
    of topic: Topic, _ configurations: TopicConfigurations, adding added: [Int] = []
  ) -> TopicHosting {
    var hosting =
      configurations.hosting[topic.name]
      ?? TopicHosting(
        id: topic.id, numbers: Set(topic.partitions.map { Int($0.identity.partition) }))
    hosting.numbers.formUnion(added)
    return hosting
  }
}
