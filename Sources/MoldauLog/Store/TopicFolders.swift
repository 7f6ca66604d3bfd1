import Glibc
import Logging
import MoldauDisk
import MoldauFormat

/// Makes the folders of topics' partitions, and mends those that a crash left half made or deleted.
struct TopicFolders {
  let path: String
  let disk: any Disk
  let logger: Logger

  private func folder(_ partition: TopicPartition) -> String {
    "\(path)/\(partition.directoryName)"
  }

  private func metadata(_ partition: TopicPartition) -> String {
    "\(folder(partition))/\(StoreLayout.partitionMetadata)"
  }

  /// Throws when a folder that is nobody's partition has the name of one of these.
  func checkNames(of topic: String, _ numbers: [Int]) throws(DiskError) {
    for number in numbers {
      let partition = TopicPartition(topic: topic, partition: Int32(number))
      guard try disk.kind(of: folder(partition)) != nil else { continue }
      try checkOwn(partition)
    }
  }

  private func checkOwn(_ partition: TopicPartition) throws(DiskError) {
    let content = try content(of: partition)
    guard content.isPartition || content.isLeftover else {
      throw DiskError(call: "mkdir", path: folder(partition), errno: EEXIST)
    }
  }

  /// Makes folders for the partitions of these numbers; durable when it returns.
  func make(_ topic: String, _ numbers: [Int], _ id: TopicID) throws(DiskError) {
    let isTogether = numbers.count > Limits.maxSyncedOneByOne
    for number in numbers {
      let partition = TopicPartition(topic: topic, partition: Int32(number))
      try clear(partition)
      try make(partition, id, isDurable: !isTogether)
    }
    if isTogether { try disk.syncFileSystem(path) } else { try disk.syncDirectory(path) }
  }

  /// The store has no such partition: a folder that is there is left of an earlier one, and goes;
  /// one that is no partition's is somebody's, and stays.
  private func clear(_ partition: TopicPartition) throws(DiskError) {
    guard try disk.kind(of: folder(partition)) != nil else { return }
    try checkOwn(partition)
    try disk.removeFolder(folder(partition))
  }

  private func make(
    _ partition: TopicPartition, _ id: TopicID, isDurable: Bool
  ) throws(DiskError) {
    try disk.makeDirectory(folder(partition))
    try disk.replaceFile(
      at: metadata(partition), with: PartitionMetadata(topicID: id).encode(), isDurable: isDurable)
  }

  /// Takes back what `make` has made before it failed, as far as the disk lets it.
  func removeLeftovers(of topic: String, _ numbers: [Int]) {
    for number in numbers {
      let partition = TopicPartition(topic: topic, partition: Int32(number))
      do throws(DiskError) {
        guard try disk.kind(of: folder(partition)) != nil else { continue }
        try clear(partition)
      } catch {
        // The next creation, or the next opening, deals with it.
        return
      }
    }
  }

  // MARK: What is there

  /// What is in a folder that is named as a partition's.
  private struct Content {
    /// Whether it is a partition's: it says which topic it is of, or holds segments.
    var isPartition: Bool
    /// Whether it has nothing but what making it leaves: no record was ever in it.
    var isLeftover: Bool
  }

  private func content(of partition: TopicPartition) throws(DiskError) -> Content {
    var content = Content(isPartition: false, isLeftover: true)
    for entry in try disk.list(folder(partition)) {
      let metadata = StoreLayout.partitionMetadata
      if entry.name == metadata { content.isPartition = true }
      if entry.name == metadata || entry.name.hasPrefix("\(metadata).") { continue }
      if let name = SegmentFileName(parsing: entry.name), name.kind == .log {
        content.isPartition = true
        let size = try disk.size(of: "\(folder(partition))/\(entry.name)")
        if name.baseOffset == .zero && size == 0 { continue }
      }
      content.isLeftover = false
    }
    return content
  }

  /// The partitions that are the store's: folders of others that are named like one stay as they
  /// are, and those that a crash has left of a topic's growth go.
  ///
  /// Looks into the folders of other programs' topics, and into those beyond a topic's partitions.
  func select(
    _ partitions: [TopicPartition], _ configurations: TopicConfigurations
  ) throws(DiskError) -> [TopicPartition] {
    var selected: [TopicPartition] = []
    for partition in partitions {
      let number = Int(partition.partition)
      if let hosting = configurations.hosting[partition.topic] {
        if try select(partition, hosting) { selected.append(partition) }
        continue
      }
      let isKnown = configurations.knows(partition.topic)
      if isKnown && number < configurations[partition.topic].partitionCount {
        selected.append(partition)
        continue
      }
      let content = try content(of: partition)
      if isKnown && content.isLeftover {
        try disk.removeFolder(folder(partition))
      } else if content.isPartition && number < Limits.maxPartitionsPerTopic {
        selected.append(partition)
      } else {
        logger.warning("\(folder(partition)) is no partition's folder and is left alone")
      }
    }
    return selected
  }

  /// Whether a folder is that of a partition which the store has. Of others, and of other topics that
  /// had the name, what is left goes.
  private func select(
    _ partition: TopicPartition, _ hosting: TopicHosting
  ) throws(DiskError) -> Bool {
    let content = try content(of: partition)
    let id = try topicID(of: partition)
    if hosting.numbers.contains(Int(partition.partition)) {
      if id == hosting.id || (id == nil && !content.isLeftover) { return true }
    }
    if content.isPartition || content.isLeftover {
      // The list that does not have it is durable first.
      try disk.syncDirectory(path)
      logger.info("\(folder(partition)) is left of a partition that is not here, and goes")
      try disk.removeFolder(folder(partition))
      try disk.syncDirectory(path)
    } else {
      logger.warning("\(folder(partition)) is no partition's folder and is left alone")
    }
    return false
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

  /// Removes what is left of a topic whose deletion has begun; durable when it returns.
  func finishDeletion(of topic: String) throws(DiskError) {
    for entry in try disk.list(path) where entry.kind == .directory {
      guard let partition = TopicPartition(directoryName: entry.name), partition.topic == topic
      else { continue }
      try disk.removeFolder(folder(partition))
    }
    try disk.syncDirectory(path)
  }

  /// Makes the folders that a topic of this store lacks: a crash came while it was created.
  ///
  /// Returns all partitions. Topics of other programs are as they are, and so are those that hold
  /// records: their creation had come to its end, so that what is missing was lost since.
  func complete(
    _ partitions: [TopicPartition], _ configurations: TopicConfigurations, wasClean: Bool
  ) throws(DiskError) -> [TopicPartition] {
    var all = partitions
    for (topic, found) in Dictionary(grouping: partitions, by: \.topic)
    where configurations.knows(topic) && configurations.hosting[topic] == nil {
      var blank: [TopicPartition] = []
      if !wasClean {
        for partition in found where try isBlank(partition) { blank.append(partition) }
      }
      let numbers = Set(found.map { Int($0.partition) })
      let missing = (0..<configurations[topic].partitionCount).filter { !numbers.contains($0) }
      guard !missing.isEmpty || !blank.isEmpty else { continue }
      let blanks = Set(blank)
      let id = try topicID(of: found.filter { !blanks.contains($0) })
      let isTogether = missing.count + blank.count > Limits.maxSyncedOneByOne
      for partition in blank { try make(partition, id, isDurable: !isTogether) }
      if try areLeftovers(found) {
        for number in missing {
          let partition = TopicPartition(topic: topic, partition: Int32(number))
          try clear(partition)
          try make(partition, id, isDurable: !isTogether)
          all.append(partition)
        }
      }
      if isTogether { try disk.syncFileSystem(path) } else { try disk.syncDirectory(path) }
    }
    return all
  }

  private func areLeftovers(_ partitions: [TopicPartition]) throws(DiskError) -> Bool {
    for partition in partitions where try !isLeftover(partition) { return false }
    return true
  }

  private func isLeftover(_ partition: TopicPartition) throws(DiskError) -> Bool {
    try content(of: partition).isLeftover
  }

  /// Whether the folder was never made to its end: it neither says which topic it is of, nor holds
  /// anything.
  private func isBlank(_ partition: TopicPartition) throws(DiskError) -> Bool {
    if try topicID(of: partition) != nil { return false }
    return try isLeftover(partition)
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
