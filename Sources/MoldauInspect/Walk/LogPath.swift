import MoldauDisk
import MoldauFormat
import MoldauLog

/// What a path leads to, as far as its name tells.
enum LogPath: Hashable {
  case dataDirectory
  case partition
  /// A log file; the base offset is 0 where the name has none.
  case log(Offset)
  case offsetIndex(Offset)
  case timeIndex(Offset)
  case transactionIndex
  case snapshot
  case leaderEpochs
  case offsetCheckpoint
  case metaProperties
  case partitionMetadata
  case cleanMarker
  case journal
  case topicConfigurations

  /// - Throws: `notFound`, and `unknownKind` for a file or folder that is none of a log directory's.
  init(_ path: String, disk: any Disk) throws(InspectError) {
    switch try InspectError.wrap({ () throws(DiskError) in try disk.kind(of: path) }) {
    case nil:
      throw .notFound(path: path)
    case .directory:
      self = try Self.folder(path, disk: disk)
    case .file, .other:
      guard let kind = Self.file(Self.name(of: path)) else { throw .unknownKind(path: path) }
      self = kind
    }
  }

  private static func folder(_ path: String, disk: any Disk) throws(InspectError) -> LogPath {
    if try PartitionFolder(path: path, disk: disk).holdsLog { return .partition }
    let entries = try InspectError.wrap { () throws(DiskError) in try disk.list(path) }
    var isStore = entries.contains {
      $0.kind != .directory && StoreFolder.fileNames.contains($0.name)
    }
    for entry in entries where !isStore && entry.kind == .directory {
      guard TopicPartition(directoryName: entry.name) != nil else { continue }
      isStore = try PartitionFolder(path: "\(path)/\(entry.name)", disk: disk).holdsLog
    }
    guard isStore else { throw .unknownKind(path: path) }
    return .dataDirectory
  }

  private static func file(_ name: String) -> LogPath? {
    if let segment = SegmentFileName(parsing: name) {
      switch segment.kind {
      case .log: return .log(segment.baseOffset)
      case .index: return .offsetIndex(segment.baseOffset)
      case .timeindex: return .timeIndex(segment.baseOffset)
      case .txnindex: return .transactionIndex
      case .snapshot: return .snapshot
      }
    }
    if isQuarantine(name) { return .log(.zero) }
    if StoreFolder.checkpointNames.contains(name) { return .offsetCheckpoint }
    if CommitJournal.fileNames.contains(name) { return .journal }
    switch name {
    case StoreLayout.leaderEpochs: return .leaderEpochs
    case StoreLayout.metaProperties: return .metaProperties
    case StoreLayout.partitionMetadata: return .partitionMetadata
    case StoreLayout.cleanShutdownMarker: return .cleanMarker
    case StoreLayout.topicConfigurations: return .topicConfigurations
    default: return nil
    }
  }

  /// The last part of a path.
  static func name(of path: String) -> String {
    path.split(separator: "/").last.map(String.init) ?? path
  }

  /// Whether recovery has put damaged bytes into a file of this name.
  static func isQuarantine(_ name: String) -> Bool {
    guard let mark = name.firstRange(of: ".quarantine-") else { return false }
    return SegmentFileName(parsing: String(name[..<mark.lowerBound])) != nil
  }
}
