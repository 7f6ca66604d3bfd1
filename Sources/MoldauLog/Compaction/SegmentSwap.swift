import MoldauDisk
import MoldauFormat

/// The files of one segment taking the place of those that it was made of, as Kafka does it.
///
/// 1. `prepare` makes the names of the `.cleaned` files durable.
/// 2. `commit` renames them to `.swap`, the log last. Once that is durable there is no way back.
/// 3. `complete` renames the logs that are replaced to `.deleted` and removes the old indexes, then
///    renames the new log to its own name, then its indexes.
///
/// Syncs of the folder keep the steps, and the parts of 3, in this order on the disk. On opening: with
/// a `.cleaned` file at or below it a `.swap` file was never committed; a log that is `.swap` goes on
/// with 3 from its beginning; indexes that are `.swap` without their log go on at its end.
/// docs/decisions/compaction.md says why.
struct SegmentSwap: Sendable {
  static let derivedKinds: [SegmentFileName.Kind] = [.index, .timeindex, .txnindex]

  let directory: PartitionDirectory
  let baseOffset: Offset
  /// The base offsets of the others that are replaced.
  var mergedOffsets: [Offset]

  private var disk: any Disk { directory.disk }

  private func path(_ kind: SegmentFileName.Kind, _ state: SegmentFileName.State) -> String {
    directory.path(SegmentFileName(baseOffset: baseOffset, kind: kind, state: state))
  }

  private func exists(_ path: String) throws(DiskError) -> Bool {
    try disk.kind(of: path) == .file
  }

  /// - Precondition: the contents of the files are durable.
  func prepare() throws(DiskError) {
    try disk.syncDirectory(directory.path)
  }

  /// Nothing is committed when this throws.
  func commit() throws(DiskError) {
    for kind in Self.derivedKinds { try disk.rename(path(kind, .cleaned), to: path(kind, .swap)) }
    try disk.rename(path(.log, .cleaned), to: path(.log, .swap))
  }

  /// Puts the segment in place, from wherever an earlier attempt has stopped; returns the paths of
  /// files that are to be unlinked.
  func complete() throws(DiskError) -> [String] {
    try disk.syncDirectory(directory.path)
    let unlinked = try removeReplaced()
    if try exists(path(.log, .swap)) {
      try disk.rename(path(.log, .swap), to: path(.log, .live))
      try disk.syncDirectory(directory.path)
    }
    try completeIndexes()
    return unlinked
  }

  /// The last part of `complete`, for a log that has its name already.
  func completeIndexes() throws(DiskError) {
    for kind in Self.derivedKinds where try exists(path(kind, .swap)) {
      try disk.rename(path(kind, .swap), to: path(kind, .live))
    }
    try disk.syncDirectory(directory.path)
  }

  private func removeReplaced() throws(DiskError) -> [String] {
    var unlinked: [String] = []
    for base in mergedOffsets {
      for kind in [.log] + Self.derivedKinds {
        var name = SegmentFileName(baseOffset: base, kind: kind)
        let live = directory.path(name)
        name.state = .deleted
        if try exists(live) { try disk.rename(live, to: directory.path(name)) }
        unlinked.append(directory.path(name))
      }
    }
    if try exists(path(.log, .swap)) {
      for kind in Self.derivedKinds where try exists(path(kind, .live)) {
        try disk.remove(path(kind, .live))
      }
    }
    try disk.syncDirectory(directory.path)
    return unlinked
  }

  /// Removes the files of a pass that has stopped before it committed.
  ///
  /// - Precondition: no committed swap is left to be completed.
  static func removeUncommitted(in directory: PartitionDirectory) throws(DiskError) {
    let disk = directory.disk
    let names = try disk.list(directory.path).filter { $0.kind == .file }.compactMap {
      SegmentFileName(parsing: $0.name)
    }
    // In this order: a `.swap` file is told from a committed one by the `.cleaned` file beside it.
    for state in [SegmentFileName.State.swap, .cleaned] {
      let doomed = names.filter { $0.state == state }
      for name in doomed { try disk.remove(directory.path(name)) }
      if !doomed.isEmpty { try disk.syncDirectory(directory.path) }
    }
  }
}
