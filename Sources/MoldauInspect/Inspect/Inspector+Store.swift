import MoldauReport
import MoldauDisk
import MoldauFormat
import MoldauLog

extension Inspector {
  /// A data directory: what it is, its topics' settings, and a row a partition.
  mutating func inspectStore(_ folder: StoreFolder) throws(InspectError) {
    let isInUse = try folder.isInUse(disk)
    try add(directoryRow(folder, isInUse: isInUse))
    if isInUse {
      add(.note(folder.path, "it is open in another process; what is shown may change meanwhile"))
    }
    for name in folder.strangers {
      add(.note(folder.file(name), "not a name of a log directory; it is left alone"))
    }
    for name in folder.deletedFolders { add(.note(folder.file(name), "it is being deleted")) }
    if folder.files.contains(StoreLayout.failedSyncMarker) {
      add(.note(folder.path, "a sync has failed; the next opening recovers"))
    }
    let starts = try checkpoint(StoreLayout.logStarts, folder)
    let recoveryPoints = try checkpoint(StoreLayout.recoveryPoints, folder)
    let highWatermarks = try checkpoint(StoreLayout.highWatermarks, folder)
    for partition in folder.partitions {
      let path = folder.folder(partition)
      let content = try PartitionFolder(path: path, disk: disk)
      try add(
        partitionRow(
          content, start: starts[partition], recoveryPoint: recoveryPoints[partition],
          highWatermark: highWatermarks[partition]))
    }
    if folder.files.contains(StoreLayout.topicConfigurations) {
      try inspectFile(folder.file(StoreLayout.topicConfigurations), .topicConfigurations)
    }
    for name in CommitJournal.fileNames where folder.files.contains(name) {
      try inspectFile(folder.file(name), .journal)
    }
    guard options.showsRecords || options.showsIndex else { return }
    for partition in folder.partitions {
      try inspectSegments(try PartitionFolder(path: folder.folder(partition), disk: disk))
    }
  }

  private mutating func directoryRow(
    _ folder: StoreFolder, isInUse: Bool
  ) throws(InspectError) -> ReportRow {
    var byteCount = 0
    for partition in folder.partitions {
      byteCount += try PartitionFolder(path: folder.folder(partition), disk: disk).byteCount(disk)
    }
    var properties: MetaProperties?
    let path = folder.file(StoreLayout.metaProperties)
    if folder.files.contains(StoreLayout.metaProperties) {
      let bytes = try SmallFile.contents(of: path, disk)
      do throws(FormatError) {
        properties = try unsafe MetaProperties(parsing: bytes.span.bytes)
      } catch {
        problem(path, "\(error)")
      }
    }
    return ReportRow(
      .directory,
      [
        .init("path", .text(folder.path)),
        .init("isInUse", .boolean(isInUse), heading: "in use"),
        .init("wasClosedCleanly", .boolean(folder.wasClosedCleanly), heading: "closed cleanly"),
        .init("clusterID", .optional(properties?.clusterID), heading: "cluster"),
        .init("nodeID", .optional(properties?.nodeID.map(Int64.init)), heading: "node"),
        .init("directoryID", .optional(properties?.directoryID?.base64), heading: "directory"),
        .init("topicCount", .count(folder.topicCount), heading: "topics"),
        .init("partitionCount", .count(folder.partitions.count), heading: "partitions"),
        .init("byteCount", .count(byteCount), heading: "log bytes"),
      ])
  }

  private mutating func checkpoint(
    _ name: String, _ folder: StoreFolder
  ) throws(InspectError) -> [TopicPartition: Offset] {
    switch try folder.checkpoint(name, disk) {
    case .success(let offsets): return offsets
    case .failure(let error):
      problem(folder.file(name), "\(error)")
      return [:]
    }
  }

  /// A partition in a line; the end is found from the last index entry.
  mutating func partitionRow(
    _ folder: PartitionFolder, start: Offset?, recoveryPoint: Offset?, highWatermark: Offset?
  ) throws(InspectError) -> ReportRow {
    ReportRow(
      .partition,
      [
        .init("topic", .text(folder.identity?.topic ?? LogPath.name(of: folder.path))),
        .init("partition", .optional(folder.identity.map { Int64($0.partition) })),
        .init("topicID", .optional(try topicID(folder)?.base64), heading: "topic id"),
        .init("startOffset", .offset(start ?? folder.baseOffsets.first), heading: "start"),
        .init("endOffset", .offset(try endOffset(folder)), heading: "end"),
        .init("recoveryPoint", .offset(recoveryPoint), heading: "recovery point"),
        .init("highWatermark", .offset(highWatermark)),
        .init("segmentCount", .count(folder.baseOffsets.count), heading: "segments"),
        .init("byteCount", .count(try folder.byteCount(disk)), heading: "bytes"),
      ])
  }

  private mutating func topicID(_ folder: PartitionFolder) throws(InspectError) -> TopicID? {
    guard folder.hasMetadata else { return nil }
    let path = "\(folder.path)/\(StoreLayout.partitionMetadata)"
    let bytes = try SmallFile.contents(of: path, disk)
    do throws(FormatError) {
      return try unsafe PartitionMetadata(parsing: bytes.span.bytes).topicID
    } catch {
      problem(path, "\(error)")
      return nil
    }
  }

  private mutating func endOffset(_ folder: PartitionFolder) throws(InspectError) -> Offset? {
    guard let base = folder.baseOffsets.last else { return nil }
    let path = folder.file(base, .log)
    let file = try InspectError.wrap { () throws(DiskError) in try disk.open(path, .readOnly) }
    let size = try InspectError.wrap { () throws(DiskError) in try file.size() }
    var walk = try SegmentWalk(
      file: file, from: try lastIndexedPosition(folder, base, below: size), baseOffset: base,
      nextBaseOffset: nil)
    while let step = try walk.next() {
      if case .unreadable(let bytes) = step { report(bytes, path) }
    }
    return walk.nextOffset
  }

  /// Where the last index entry leads, 0 when there is none to go by.
  private func lastIndexedPosition(
    _ folder: PartitionFolder, _ base: Offset, below size: Int
  ) throws(InspectError) -> Int {
    guard folder.has(base, .index) else { return 0 }
    let bytes = try SmallFile.contents(of: folder.file(base, .index), disk)
    do throws(FormatError) {
      let entry = try OffsetIndexCheck(bytes, baseOffset: base).entries.last
      guard let entry, Int(entry.position) < size else { return 0 }
      return Int(entry.position)
    } catch {
      return 0
    }
  }
}
