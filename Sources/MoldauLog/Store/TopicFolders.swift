import MoldauDisk
import MoldauFormat

/// Makes the folders of topics' partitions, and mends those that a crash left half made or deleted.
struct TopicFolders {
  let path: String
  let disk: any Disk

  private func folder(_ partition: TopicPartition) -> String {
    "\(path)/\(partition.directoryName)"
  }

  private func metadata(_ partition: TopicPartition) -> String {
    "\(folder(partition))/\(StoreLayout.partitionMetadata)"
  }

  /// Makes folders for the partitions of these numbers; durable when it returns.
  func make(_ topic: String, _ numbers: Range<Int>, _ id: TopicID) throws(DiskError) {
    let isTogether = numbers.count > Limits.maxSyncedOneByOne
    for number in numbers {
      let partition = TopicPartition(topic: topic, partition: Int32(number))
      // The store has no such topic: what is there is left of an earlier one.
      if try disk.kind(of: folder(partition)) != nil { try disk.removeFolder(folder(partition)) }
      try make(partition, id, isDurable: !isTogether)
    }
    if isTogether { try disk.syncFileSystem(path) } else { try disk.syncDirectory(path) }
  }

  private func make(
    _ partition: TopicPartition, _ id: TopicID, isDurable: Bool
  ) throws(DiskError) {
    try disk.makeDirectory(folder(partition))
    try disk.replaceFile(
      at: metadata(partition), with: PartitionMetadata(topicID: id).encode(), isDurable: isDurable)
  }

  /// Takes back what `make` has made before it failed, as far as the disk lets it.
  func removeLeftovers(of topic: String, _ partitionCount: Int) {
    for number in 0..<partitionCount {
      let folder = folder(TopicPartition(topic: topic, partition: Int32(number)))
      do throws(DiskError) {
        if try disk.kind(of: folder) != nil { try disk.removeFolder(folder) }
      } catch {
        // The next creation, or the next opening, deals with it.
        return
      }
    }
  }

  // MARK: After a crash

  /// Ends deletions that a crash interrupted; returns the partitions that are left.
  func finishDeletions(
    _ partitions: [TopicPartition], _ configurations: inout TopicConfigurations
  ) throws(DiskError) -> [TopicPartition] {
    guard !configurations.deletedTopics.isEmpty else { return partitions }
    var left: [TopicPartition] = []
    for partition in partitions {
      if configurations.deletedTopics.contains(partition.topic) {
        try disk.removeFolder(folder(partition))
      } else {
        left.append(partition)
      }
    }
    try disk.syncDirectory(path)
    configurations.forgetDeletedTopics()
    try configurations.write(to: path, disk: disk)
    return left
  }

  /// Makes the folders that a topic of this store lacks: a crash came while it was created.
  ///
  /// Returns all partitions. Topics of other programs are as they are.
  func complete(
    _ partitions: [TopicPartition], _ configurations: TopicConfigurations
  ) throws(DiskError) -> [TopicPartition] {
    var all = partitions
    for (topic, found) in Dictionary(grouping: partitions, by: \.topic)
    where configurations.knows(topic) {
      let highest = found.map { Int($0.partition) }.max() ?? 0
      let count = max(configurations[topic].partitionCount, highest + 1)
      var blank: [TopicPartition] = []
      for partition in found where try isBlank(partition) { blank.append(partition) }
      guard found.count < count || !blank.isEmpty else { continue }
      let whole = found.filter { !blank.contains($0) }
      let id = try topicID(of: whole)
      let numbers = Set(found.map(\.partition))
      for partition in blank { try make(partition, id, isDurable: true) }
      for number in 0..<Int32(count) where !numbers.contains(number) {
        let missing = TopicPartition(topic: topic, partition: number)
        try make(missing, id, isDurable: true)
        all.append(missing)
      }
      try disk.syncDirectory(path)
    }
    return all
  }

  /// Whether the folder was never made to its end: it neither says which topic it is of, nor holds
  /// anything.
  private func isBlank(_ partition: TopicPartition) throws(DiskError) -> Bool {
    if try topicID(of: partition) != nil { return false }
    for entry in try disk.list(folder(partition)) where entry.name.hasSuffix(".log") {
      if try disk.size(of: "\(folder(partition))/\(entry.name)") > 0 { return false }
    }
    return true
  }

  private func topicID(of partition: TopicPartition) throws(DiskError) -> TopicID? {
    guard try disk.kind(of: metadata(partition)) == .file else { return nil }
    let bytes = try disk.contents(of: metadata(partition))
    do throws(FormatError) {
      return try unsafe PartitionMetadata(parsing: bytes.span.bytes).topicID
    } catch {
      return nil
    }
  }

  private func topicID(of partitions: [TopicPartition]) throws(DiskError) -> TopicID {
    for partition in partitions {
      if let id = try topicID(of: partition) { return id }
    }
    var generator = SystemRandomNumberGenerator()
    return TopicID.random(using: &generator)
  }
}
