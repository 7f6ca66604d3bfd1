import MoldauDisk
import MoldauFormat
import MoldauLog

/// What the names in a partition's folder say.
struct PartitionFolder {
  let path: String
  /// What the folder's name says; a copy under another name has none.
  let identity: TopicPartition?
  /// The base offsets of the segments, in order.
  private(set) var baseOffsets: [Offset] = []
  /// The live files of segments by kind.
  private(set) var files: [SegmentFileName.Kind: Set<Offset>] = [:]
  /// Work that was begun and not ended: `.deleted`, `.cleaned`, `.swap` and `.tmp` files.
  private(set) var unfinished: [String] = []
  private(set) var quarantines: [String] = []
  private(set) var strangers: [String] = []
  private(set) var hasMetadata = false
  private(set) var hasLeaderEpochs = false

  init(path: String, disk: any Disk) throws(InspectError) {
    self.path = path
    identity = TopicPartition(directoryName: LogPath.name(of: path))
    let entries = try InspectError.wrap { () throws(DiskError) in try disk.list(path) }
    for entry in entries.sorted(by: { $0.name < $1.name }) { add(entry) }
    baseOffsets = (files[.log] ?? []).sorted()
  }

  private mutating func add(_ entry: DirectoryEntry) {
    if entry.kind == .directory {
      strangers.append(entry.name)
    } else if let name = SegmentFileName(parsing: entry.name) {
      if name.state == .live {
        files[name.kind, default: []].insert(name.baseOffset)
      } else {
        unfinished.append(entry.name)
      }
    } else if entry.name.hasSuffix(".tmp")
      || [StoreLayout.resetMarker, StoreLayout.missingMarker].contains(entry.name)
    {
      unfinished.append(entry.name)
    } else if LogPath.isQuarantine(entry.name) {
      quarantines.append(entry.name)
    } else if entry.name == StoreLayout.partitionMetadata {
      hasMetadata = true
    } else if entry.name == StoreLayout.leaderEpochs {
      hasLeaderEpochs = true
    } else {
      strangers.append(entry.name)
    }
  }

  /// Whether any name is one of a log.
  var holdsLog: Bool { !files.isEmpty || hasMetadata }

  func file(_ base: Offset, _ kind: SegmentFileName.Kind) -> String {
    "\(path)/\(SegmentFileName(baseOffset: base, kind: kind))"
  }

  func has(_ base: Offset, _ kind: SegmentFileName.Kind) -> Bool {
    files[kind]?.contains(base) ?? false
  }

  /// Where the segment behind this one begins.
  func next(after base: Offset) -> Offset? {
    baseOffsets.first { $0 > base }
  }

  /// Files that belong to no segment.
  var orphans: [String] {
    let bases = Set(baseOffsets)
    return [SegmentFileName.Kind.index, .timeindex, .txnindex].flatMap { kind in
      (files[kind] ?? []).subtracting(bases).sorted().map {
        "\(SegmentFileName(baseOffset: $0, kind: kind))"
      }
    }
  }

  /// The bytes of the log files.
  func byteCount(_ disk: any Disk) throws(InspectError) -> Int {
    var total = 0
    for base in baseOffsets {
      total += try InspectError.wrap { () throws(DiskError) in try disk.size(of: file(base, .log)) }
    }
    return total
  }
}
