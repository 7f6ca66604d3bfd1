import MoldauDisk
import MoldauFormat
import MoldauLog

/// What the names at the top of a data directory say.
struct StoreFolder {
  static let checkpointNames = [
    StoreLayout.recoveryPoints, StoreLayout.logStarts, StoreLayout.highWatermarks,
    "cleaner-offset-checkpoint",
  ]
  /// The files by which a data directory is known, beside its partitions.
  static let fileNames = Set(
    checkpointNames + CommitJournal.fileNames + [
      StoreLayout.lock, StoreLayout.cleanShutdownMarker, StoreLayout.metaProperties,
      StoreLayout.topicConfigurations, StoreLayout.producerIDs, StoreLayout.failedSyncMarker,
    ])

  let path: String
  private(set) var partitions: [TopicPartition] = []
  private(set) var files: Set<String> = []
  private(set) var deletedFolders: [String] = []
  private(set) var strangers: [String] = []

  init(path: String, disk: any Disk) throws(InspectError) {
    self.path = path
    for entry in try InspectError.wrap({ () throws(DiskError) in try disk.list(path) }) {
      if entry.kind == .directory {
        if TopicPartition.isDeletedDirectoryName(entry.name) {
          deletedFolders.append(entry.name)
        } else if let partition = TopicPartition(directoryName: entry.name) {
          partitions.append(partition)
        } else {
          strangers.append(entry.name)
        }
      } else if Self.fileNames.contains(entry.name) {
        files.insert(entry.name)
      } else {
        strangers.append(entry.name)
      }
    }
    partitions.sort { ($0.topic, $0.partition) < ($1.topic, $1.partition) }
    strangers.sort()
  }

  func file(_ name: String) -> String { "\(path)/\(name)" }

  func folder(_ partition: TopicPartition) -> String { "\(path)/\(partition.directoryName)" }

  /// Whether the directory was stopped in order and nothing was opened since.
  var wasClosedCleanly: Bool {
    files.contains(StoreLayout.cleanShutdownMarker)
      && !files.contains(StoreLayout.failedSyncMarker)
  }

  var topicCount: Int { Set(partitions.map(\.topic)).count }

  /// Whether a store has the directory open now.
  ///
  /// Takes the lock for a moment, where its file is there; writes nothing.
  func isInUse(_ disk: any Disk) throws(InspectError) -> Bool {
    guard files.contains(StoreLayout.lock) else { return false }
    do throws(DiskError) { return try disk.lock(file(StoreLayout.lock)) == nil } catch {
      // Who may not open the file for writing cannot tell; the answer is only a remark.
      return false
    }
  }

  /// The entries of an offset checkpoint; none when the file is missing.
  func checkpoint(
    _ name: String, _ disk: any Disk
  ) throws(InspectError) -> Result<[TopicPartition: Offset], FormatError> {
    guard files.contains(name) else { return .success([:]) }
    let bytes = try SmallFile.contents(of: file(name), disk)
    do throws(FormatError) {
      let entries = try unsafe OffsetCheckpoint(parsing: bytes.span.bytes).entries
      return .success(
        Dictionary(
          entries.map { ($0.partition, $0.offset) }, uniquingKeysWith: { first, _ in first })
      )
    } catch {
      return .failure(error)
    }
  }
}

/// Files that are read as a whole.
enum SmallFile {
  static func contents(of path: String, _ disk: any Disk) throws(InspectError) -> [UInt8] {
    try InspectError.wrap { () throws(DiskError) in try disk.contents(of: path) }
  }
}
