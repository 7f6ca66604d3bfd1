package import MoldauReport
package import MoldauDisk
import MoldauFormat
import MoldauLog

/// Checks a whole data directory, sealed segments too, and changes nothing.
///
/// Every batch's header, checksum and records; that offsets rise; that indexes, snapshots and
/// checkpoints can be read and agree with the log. What a crash leaves and the next opening mends is
/// a note, what is wrong beyond that a problem. Holds the directory's lock meanwhile.
package struct Verifier {
  let disk: any Disk
  private let emit: (ReportRow) -> Void
  private let onProgress: (VerifyProgress) -> Void
  private var progress = VerifyProgress(checkedByteCount: 0, byteCount: 0)
  private var toldByteCount = 0
  var summary = VerifySummary()

  package init(
    disk: any Disk = SystemDisk(), onProgress: @escaping (VerifyProgress) -> Void = { _ in },
    emit: @escaping (ReportRow) -> Void
  ) {
    self.disk = disk
    self.onProgress = onProgress
    self.emit = emit
  }

  /// Checks the data directory at `path`.
  ///
  /// - Throws: `directoryInUse` when a store has it open.
  package mutating func run(_ path: String) throws(InspectError) -> VerifySummary {
    guard try LogPath(path, disk: disk) == .dataDirectory else { throw .unknownKind(path: path) }
    let lock = try lock(path)
    let folder = try StoreFolder(path: path, disk: disk)
    summary = VerifySummary()
    summary.wasClosedCleanly = folder.wasClosedCleanly
    let partitions = try folder.partitions.map { (partition) throws(InspectError) in
      try PartitionFolder(path: folder.folder(partition), disk: disk)
    }
    for partition in partitions { progress.byteCount += try partition.byteCount(disk) }
    onProgress(progress)
    let facts = try checkTop(folder)
    checkNumbers(of: folder)
    var topicIDs: [String: TopicID] = [:]
    for partition in partitions { try check(partition, facts, &topicIDs) }
    onProgress(progress)
    withExtendedLifetime(lock) {}
    return summary
  }

  private func lock(_ path: String) throws(InspectError) -> any DiskLock {
    let taken = try InspectError.wrap { () throws(DiskError) in
      try disk.lock("\(path)/\(StoreLayout.lock)")
    }
    guard let taken else { throw .log(.directoryInUse(path: path)) }
    return taken
  }

  // MARK: Reporting

  mutating func problem(_ path: String, at position: Int? = nil, _ message: String) {
    summary.problemCount += 1
    emit(.problem(path, at: position, message))
  }

  mutating func note(_ path: String, at position: Int? = nil, _ message: String) {
    summary.noteCount += 1
    emit(.note(path, at: position, message))
  }

  /// A problem, or a note where the next opening mends it anyway.
  mutating func finding(
    isTrusted: Bool, _ path: String, at position: Int? = nil, _ message: String
  ) {
    if isTrusted {
      problem(path, at: position, message)
    } else {
      note(path, at: position, "\(message); the next opening makes it anew")
    }
  }

  /// Counts bytes of log files that were checked.
  mutating func advance(by byteCount: Int) {
    progress.checkedByteCount += byteCount
    summary.checkedByteCount += byteCount
    guard progress.checkedByteCount - toldByteCount >= Limits.progressStepBytes else { return }
    toldByteCount = progress.checkedByteCount
    onProgress(progress)
  }

  // MARK: The directory's own files

  /// What the checks of partitions go by.
  struct Facts {
    var wasClosedCleanly: Bool
    var recoveryPoints: [TopicPartition: Offset] = [:]
    var logStarts: [TopicPartition: Offset] = [:]
    var highWatermarks: [TopicPartition: Offset] = [:]
    /// Topics whose logs have a batch for each offset: those that this engine made and does not
    /// compact.
    var gaplessTopics: Set<String> = []
  }

  private mutating func checkTop(_ folder: StoreFolder) throws(InspectError) -> Facts {
    var facts = Facts(wasClosedCleanly: folder.wasClosedCleanly)
    for name in folder.strangers {
      note(folder.file(name), "not a name of a log directory; it is left alone")
    }
    for name in folder.deletedFolders {
      note(folder.file(name), "it is being deleted; the next opening removes it")
    }
    if !folder.wasClosedCleanly {
      note(folder.path, "it was not closed in order; the next opening recovers")
    }
    facts.recoveryPoints = try checkpoint(StoreLayout.recoveryPoints, folder)
    facts.logStarts = try checkpoint(StoreLayout.logStarts, folder)
    facts.highWatermarks = try checkpoint(StoreLayout.highWatermarks, folder)
    _ = try checkpoint("cleaner-offset-checkpoint", folder)
    try checkFile(StoreLayout.metaProperties, folder) { (bytes) throws(FormatError) in
      _ = try unsafe MetaProperties(parsing: bytes.span.bytes)
    }
    try checkFile(StoreLayout.cleanShutdownMarker, folder) { (bytes) throws(FormatError) in
      _ = try unsafe CleanShutdownMarker(parsing: bytes.span.bytes)
    }
    try checkFile(StoreLayout.topicConfigurations, folder) { (bytes) throws(FormatError) in
      let topics = try TopicConfigurations(parsing: bytes).byTopic
      facts.gaplessTopics = Set(topics.filter { $0.value.isGapless }.keys)
    }
    for name in CommitJournal.fileNames where folder.files.contains(name) {
      let frames = JournalFrames.read(try SmallFile.contents(of: folder.file(name), disk))
      let count = frames.reduce(0) { $0 + $1.frame.entries.count }
      note(folder.file(name), "\(frames.count) commits with \(count) entries")
    }
    return facts
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

  private mutating func checkFile(
    _ name: String, _ folder: StoreFolder, _ parse: ([UInt8]) throws(FormatError) -> Void
  ) throws(InspectError) {
    guard folder.files.contains(name) else { return }
    let bytes = try SmallFile.contents(of: folder.file(name), disk)
    do throws(FormatError) { try parse(bytes) } catch { problem(folder.file(name), "\(error)") }
  }

  /// A topic's partitions are numbered from 0 without a gap.
  private mutating func checkNumbers(of folder: StoreFolder) {
    for (topic, partitions) in Dictionary(grouping: folder.partitions, by: \.topic)
      .sorted(by: { $0.key < $1.key })
    {
      for (index, partition) in partitions.enumerated() where Int(partition.partition) != index {
        problem(folder.path, "topic \(topic) has no partition \(index)")
        break
      }
    }
  }
}
