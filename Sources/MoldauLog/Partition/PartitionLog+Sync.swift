import MoldauDisk
import MoldauFormat
import Synchronization

/// Up to where the commit journal or a sync covers a log.
struct CommitPoint: Sendable {
  var segment: Segment
  var position: Int
}

/// Bytes of a log that are written and not yet covered.
struct CommitExtent: Sendable {
  var segment: Segment
  var start: Int
  var end: Int

  var byteCount: Int { end - start }
}

/// What a commit has to cover for one log.
struct CommitSnapshot: Sendable {
  var log: PartitionLog
  var end: Offset
  var point: CommitPoint
  var extents: [CommitExtent]

  var byteCount: Int { extents.reduce(0) { $0 + $1.byteCount } }
}

extension PartitionLog {
  /// Returns what was written since the last commit.
  ///
  /// Called by the commit thread.
  func commitSnapshot() -> CommitSnapshot {
    let (active, position, end) = state.withLock { ($0.active, $0.position, $0.nextOffset) }
    let (from, all) = commitPoint.withLock { ($0, segments) }
    let synced = recoveryPoint
    var extents: [CommitExtent] = []
    if from.segment === active {
      extents.append(CommitExtent(segment: active, start: from.position, end: position))
    } else {
      for (index, segment) in all.enumerated() where segment.baseOffset >= from.segment.baseOffset {
        guard segment.baseOffset <= active.baseOffset else { break }
        // A sealed segment that is synced needs no journal. One that was compacted since would be
        // taken for new.
        if index + 1 < all.count, all[index + 1].baseOffset <= synced { continue }
        extents.append(
          CommitExtent(
            segment: segment, start: segment === from.segment ? from.position : 0,
            end: segment === active ? position : segment.byteCount))
      }
    }
    return CommitSnapshot(
      log: self, end: end, point: CommitPoint(segment: active, position: position),
      extents: extents.filter { $0.byteCount > 0 })
  }

  /// Notes that all of the snapshot survives a power cut.
  func markDurable(_ snapshot: CommitSnapshot) {
    commitPoint.withLock { $0 = snapshot.point }
    _ = durableCounter.max(snapshot.end.rawValue, ordering: .acquiringAndReleasing)
  }

  /// Whether anything of the log is not synced in its own files.
  var isUnsynced: Bool {
    !isDeleted && (recoveryPoint < endOffset || hasUnsyncedNames)
  }

  /// Whether the folder, or a file's name in it, is not durable yet.
  var hasUnsyncedNames: Bool {
    durableNameChanges.load(ordering: .acquiring) < nameChanges.load(ordering: .acquiring)
  }

  /// Notes that a name in the folder was added, changed or removed.
  func noteNameChange() {
    nameChanges.add(1, ordering: .acquiringAndReleasing)
  }

  /// Whether the topic was deleted: nothing of the log has to become durable any more.
  var isDeleted: Bool { directory.isGone }

  /// Whether the store takes nothing more, since a sync has failed.
  package var isPoisoned: Bool { services.isPoisoned }

  /// Makes the names of the log's files durable when they are not.
  func syncNames() throws(LogError) {
    let changes = nameChanges.load(ordering: .acquiring)
    guard durableNameChanges.load(ordering: .acquiring) < changes, !isDeleted else { return }
    do throws(DiskError) {
      let metadata = directory.path(StoreLayout.partitionMetadata)
      if try services.disk.kind(of: metadata) == .file {
        try services.disk.open(metadata, .readOnly).sync()
      }
      try services.disk.syncDirectory(directory.path)
      try services.disk.syncDirectory(services.path)
    } catch {
      // The folder of a deleted topic has another name.
      if isDeleted { return }
      throw services.failedSync(error)
    }
    _ = durableNameChanges.max(changes, ordering: .acquiringAndReleasing)
  }

  /// Syncs the segments that hold anything between the recovery point and `offset`, or the log's end,
  /// and moves the recovery point there.
  ///
  /// Never under the append lock. A failure poisons the store.
  func syncFiles(before offset: Offset? = nil) throws(LogError) {
    let truncationCount = truncations.withLock { $0 }
    let end = offset ?? endOffset
    let from = recoveryPoint
    guard !isDeleted, end > from || hasUnsyncedNames else { return }
    let all = segments
    for (index, segment) in all.enumerated() where segment.baseOffset < end {
      let segmentEnd = index + 1 < all.count ? all[index + 1].baseOffset : end
      guard segmentEnd > from else { continue }
      try sync(segment)
    }
    try syncNames()
    noteSynced(below: end, truncationCount)
  }

  /// Syncs the file of one segment; a failure poisons the store.
  func sync(_ segment: Segment) throws(LogError) {
    try services.sync(segment)
  }

  /// Raises the offsets that tell what is synced, unless the log was cut since `truncationCount` was
  /// read: what was synced may be gone then.
  func noteSynced(below end: Offset, _ truncationCount: Int, isTrusted: Bool = false) {
    truncations.withLock { current in
      guard current == truncationCount else { return }
      _ = recoveryCounter.max(end.rawValue, ordering: .acquiringAndReleasing)
      _ = durableCounter.max(end.rawValue, ordering: .acquiringAndReleasing)
      guard isTrusted else { return }
      _ = trustedCounter.max(end.rawValue, ordering: .acquiringAndReleasing)
    }
  }

  /// Lowers the offsets that tell what is synced, before the log is cut.
  func noteTruncation(to end: Offset) {
    truncations.withLock { count in
      count += 1
      _ = trustedCounter.min(end.rawValue, ordering: .acquiringAndReleasing)
      _ = recoveryCounter.min(end.rawValue, ordering: .acquiringAndReleasing)
      _ = durableCounter.min(end.rawValue, ordering: .acquiringAndReleasing)
      compaction.noteTruncation(to: end)
    }
  }

  /// Writes the bytes that no checkpoint covers over themselves, so that the next sync writes them
  /// to the device although the system holds them for written.
  func rewriteFiles() throws(LogError) {
    // What the journal brought may have come through a window, below whose end nothing is cut.
    try state.withLock { (state) throws(LogError) in try closeWindow(&state) }
    let trusted = trustedOffset
    let all = segments
    for (index, segment) in all.enumerated() {
      if index + 1 < all.count, all[index + 1].baseOffset < trusted { continue }
      let file = try segment.file()
      let byteCount = segment.byteCount
      segment.noteRewritten()
      do throws(DiskError) {
        try file.copy(0..<byteCount, to: file, at: 0)
        // The size is another thing that the system may hold for written.
        try file.truncate(to: byteCount + 1)
        try file.truncate(to: byteCount)
      } catch {
        throw LogError(error)
      }
    }
  }

  /// What a sync of the whole file system that begins now will cover.
  func fileSystemSync() -> FileSystemSync {
    FileSystemSync(
      truncationCount: truncations.withLock { $0 },
      nameChanges: nameChanges.load(ordering: .acquiring), end: endOffset,
      files: segments.filter(\.hasUnsyncedBytes).map { .init(segment: $0, end: $0.byteCount) })
  }

  /// Notes that a sync of the whole file system has covered what it was to.
  func noteSynced(_ sync: FileSystemSync) {
    _ = durableNameChanges.max(sync.nameChanges, ordering: .acquiringAndReleasing)
    for file in sync.files { file.segment.noteSynced(byteCount: file.end) }
    noteSynced(below: sync.end, sync.truncationCount)
  }
}

/// What a sync of the file system covers of a log, noted before it began.
struct FileSystemSync: Sendable {
  var truncationCount: Int
  var nameChanges: Int
  var end: Offset
  /// The files that hold bytes which were not synced before, and where these end.
  var files: [SyncedFile]

  struct SyncedFile: Sendable {
    var segment: Segment
    var end: Int
  }
}
