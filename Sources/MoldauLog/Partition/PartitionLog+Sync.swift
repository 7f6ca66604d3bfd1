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
    let from = commitPoint.withLock { $0 }
    var extents: [CommitExtent] = []
    if from.segment === active {
      extents.append(CommitExtent(segment: active, start: from.position, end: position))
    } else {
      for segment in segments where segment.baseOffset >= from.segment.baseOffset {
        guard segment.baseOffset <= active.baseOffset else { break }
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
    raise(durableCounter, to: snapshot.end)
  }

  /// Whether anything of the log is not synced in its own files.
  var isUnsynced: Bool {
    recoveryPoint < endOffset || hasUnsyncedNames.load(ordering: .acquiring)
  }

  /// Makes the names of the log's files durable when they are not.
  func syncNames() throws(LogError) {
    guard hasUnsyncedNames.exchange(false, ordering: .acquiringAndReleasing) else { return }
    do throws(DiskError) {
      let metadata = directory.path(StoreLayout.partitionMetadata)
      if try services.disk.kind(of: metadata) == .file {
        try services.disk.open(metadata, .readOnly).sync()
      }
      try services.disk.syncDirectory(directory.path)
      try services.disk.syncDirectory(services.path)
    } catch {
      throw services.poison(error)
    }
  }

  /// Syncs the segments that hold anything between the recovery point and `offset`, or the log's end,
  /// and moves the recovery point there.
  ///
  /// Never under the append lock. A failure poisons the store.
  func syncFiles(before offset: Offset? = nil) throws(LogError) {
    let end = offset ?? endOffset
    let from = recoveryPoint
    guard end > from || hasUnsyncedNames.load(ordering: .acquiring) else { return }
    let all = segments
    for (index, segment) in all.enumerated() where segment.baseOffset < end {
      let segmentEnd = index + 1 < all.count ? all[index + 1].baseOffset : end
      guard segmentEnd > from else { continue }
      let file = try segment.file()
      do throws(DiskError) { try file.sync() } catch { throw services.poison(error) }
    }
    try syncNames()
    raise(recoveryCounter, to: end)
    raise(durableCounter, to: end)
  }

  /// Writes the bytes behind the recovery point over themselves, so that the next sync writes them
  /// to the device although the system holds them for written.
  func rewriteFiles() throws(LogError) {
    for segment in segments {
      let file = try segment.file()
      do throws(DiskError) { try file.copy(0..<segment.byteCount, to: file, at: 0) } catch {
        throw LogError(error)
      }
    }
  }

  /// Notes that a sync of the whole file system covered all below `end`.
  func markFilesSynced(below end: Offset) {
    hasUnsyncedNames.store(false, ordering: .releasing)
    raise(recoveryCounter, to: end)
    raise(durableCounter, to: end)
  }

  private func raise(_ counter: borrowing Atomic<Int64>, to offset: Offset) {
    _ = counter.max(offset.rawValue, ordering: .acquiringAndReleasing)
  }
}
