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
      var generator = SystemRandomNumberGenerator()
      let id = TopicID.random(using: &generator)
      configurations[name] = configuration
      var partitions: [PartitionLog] = []
      do throws(DiskError) {
        try configurations.write(to: path, disk: services.disk)
        for number in 0..<configuration.partitionCount {
          try makeFolder(TopicPartition(topic: name, partition: Int32(number)), id)
        }
      } catch {
        throw LogError(error)
      }
      for number in 0..<configuration.partitionCount {
        var loader = PartitionLoader(
          identity: TopicPartition(topic: name, partition: Int32(number)),
          configuration: configuration, services: services, recoveryPoint: nil, startOffset: nil,
          wasClean: true, rewritesUnsynced: false, journal: JournalReplay())
        partitions.append(try loader.load())
      }
      let topic = Topic(
        name: name, id: id, configuration: configuration, partitions: partitions,
        services: services, defaultDurability: self.configuration.durability)
      state.withLock { $0.topics[name] = topic }
      return topic
    }
  }

  private func makeFolder(_ partition: TopicPartition, _ id: TopicID) throws(DiskError) {
    let folder = "\(path)/\(partition.directoryName)"
    try services.disk.makeDirectory(folder)
    try services.disk.replaceFile(
      at: "\(folder)/\(StoreLayout.partitionMetadata)",
      with: PartitionMetadata(topicID: id).encode(), isDurable: false)
  }

  /// Gives a topic another configuration; its partitions stay as many as they are.
  package func alterTopic(
    _ topic: Topic, _ configuration: TopicConfiguration
  ) throws(LogError) {
    var configuration = configuration
    configuration.partitionCount = topic.partitionCount
    guard configuration != topic.configuration else { return }
    try configuration.validate()
    try services.topicChanges.withLock { (configurations) throws(LogError) in
      configurations[topic.name] = configuration
      do throws(DiskError) { try configurations.write(to: path, disk: services.disk) } catch {
        throw LogError(error)
      }
    }
    topic.apply(configuration)
  }

  /// Takes a topic out of the store and its files away. Slices that readers hold stay readable.
  package func removeTopic(_ name: String) throws(LogError) {
    guard let topic = state.withLock({ $0.topics.removeValue(forKey: name) }) else {
      throw .unknownTopic(name)
    }
    var generator = SystemRandomNumberGenerator()
    let token = TopicID.random(using: &generator)
    for log in topic.partitions { log.close() }
    do throws(DiskError) {
      var folders: [String] = []
      for log in topic.partitions {
        let folder = "\(path)/\(log.identity.deletedDirectoryName(token: token))"
        try services.disk.rename(log.directory.path, to: folder)
        folders.append(folder)
      }
      try services.disk.syncDirectory(path)
      try services.topicChanges.withLock { (configurations) throws(DiskError) in
        configurations.remove(name)
        try configurations.write(to: path, disk: services.disk)
      }
      services.maintenance.add { [services, folders] in
        for folder in folders {
          do throws(DiskError) { try services.disk.removeFolder(folder) } catch {
            services.logger.warning("\(folder) could not be removed: \(error)")
          }
        }
      }
    } catch {
      throw LogError(error)
    }
  }
}
