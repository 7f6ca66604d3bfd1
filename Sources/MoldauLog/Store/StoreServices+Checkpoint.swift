import MoldauDisk
import MoldauFormat
import Synchronization

extension StoreServices {
  /// Makes all logs durable in their segments: one by one when they are few, else all at once.
  func syncAll(_ logs: [PartitionLog]) throws(LogError) {
    let unsynced = logs.filter { $0.isUnsynced }
    guard unsynced.count > Limits.maxSyncedOneByOne else {
      for log in unsynced { try log.syncFiles() }
      return
    }
    let syncs = unsynced.map { $0.fileSystemSync() }
    do throws(DiskError) { try disk.syncFileSystem(path) } catch { throw failedSync(error) }
    for (log, sync) in zip(unsynced, syncs) { log.noteSynced(sync) }
  }

  /// Writes where recovery may start, where logs begin, and what consumers may read.
  ///
  /// - Parameter found: the logs of a store that is being opened. An open one's are those that it has
  ///   when each file is written, whichever they were when the caller looked.
  func writeCheckpoints(_ found: [PartitionLog]) throws(DiskError) {
    try write(StoreLayout.recoveryPoints, found) { $0.trustedOffset }
    try write(StoreLayout.logStarts, found) { $0.startOffset }
    try writeHighWatermarks(found)
    try writeCleanedOffsets(found)
  }

  /// Writes what consumers may read: up to their ends of logs that are nobody's replicas.
  private func writeHighWatermarks(_ found: [PartitionLog]) throws(DiskError) {
    try write(StoreLayout.highWatermarks, found) { log in
      let offset = log.highWatermark ?? log.endOffset
      log.keptWatermark.store(offset.rawValue, ordering: .relaxed)
      return offset
    }
  }

  /// Writes up to where the logs are compacted; nothing as long as none is.
  private func writeCleanedOffsets(_ found: [PartitionLog]?) throws(DiskError) {
    let isThere = try disk.kind(of: "\(path)/\(StoreLayout.cleanedOffsets)") == .file
    try write(StoreLayout.cleanedOffsets, found, evenIfEmpty: isThere) {
      $0.compaction.cleanedOffset
    }
  }

  /// Writes up to where the logs are compacted.
  func writeCleanedOffsets() throws(LogError) {
    do throws(DiskError) { try writeCleanedOffsets(nil) } catch { throw LogError(error) }
  }

  /// Writes where the logs begin, so that records which were deleted do not come back.
  func writeLogStarts() throws(LogError) {
    do throws(DiskError) { try write(StoreLayout.logStarts, nil) { $0.startOffset } } catch {
      throw LogError(error)
    }
  }

  /// Writes how far recovery may trust the logs.
  func writeRecoveryPoints() throws(LogError) {
    do throws(DiskError) { try write(StoreLayout.recoveryPoints, nil) { $0.trustedOffset } } catch {
      throw LogError(error)
    }
  }

  /// Writes an offset of each log that has one to a checkpoint file.
  ///
  /// The logs and their offsets are looked at when nobody else writes the file: what is older must not
  /// take the place of what is newer, as of a topic that was made since, or of one that was deleted.
  /// Nothing is written of a store that was let go.
  private func write(
    _ name: String, _ found: [PartitionLog]?, evenIfEmpty: Bool = true,
    _ offset: (PartitionLog) -> Offset?
  ) throws(DiskError) {
    try checkpointFiles.withLock { _ throws(DiskError) in
      let current = currentLogs.withLock { $0 }
      guard let logs = current.map({ $0() }) ?? found else { return }
      let entries = logs.compactMap { log in
        offset(log).map { OffsetCheckpoint.Entry(log.identity, $0) }
      }.sorted {
        ($0.partition.topic, $0.partition.partition) < ($1.partition.topic, $1.partition.partition)
      }
      guard evenIfEmpty || !entries.isEmpty else { return }
      let bytes = OffsetCheckpoint(entries: entries).encode()
      try disk.replaceFile(at: "\(path)/\(name)", with: bytes, isDurable: true)
    }
  }

  /// Bounds what recovery would have to scan, now and then.
  func checkpointIfDue(_ logs: [PartitionLog], interval: Duration) {
    let isDue = lastCheckpoint.withLock { last in
      guard last.duration(to: .now) >= interval else { return false }
      last = .now
      return true
    }
    guard isDue, !isPoisoned else { return }
    do throws(LogError) { try checkpoint(logs) } catch { logger.error("checkpoint: \(error)") }
  }

  /// Makes the logs durable with all that recovery needs to trust them, and says so in the
  /// checkpoint files.
  func checkpoint(_ logs: [PartitionLog], isClosing: Bool = false) throws(LogError) {
    let due = logs.filter { $0.needsCheckpoint || isClosing }
    guard !due.isEmpty || isClosing else { return try keepHighWatermarks(logs) }
    var staged: [StagedCheckpoint] = []
    do throws(LogError) {
      for log in due {
        let checkpoint = try log.stageCheckpoint(isClosing: isClosing)
        if !checkpoint.files.isEmpty || log.needsCheckpoint { staged.append(checkpoint) }
      }
      if staged.count > Limits.maxSyncedOneByOne {
        try makeDurableTogether(staged)
      } else {
        for checkpoint in staged { try makeDurable(checkpoint) }
      }
      do throws(DiskError) { try writeCheckpoints(logs) } catch { throw LogError(error) }
    } catch {
      for checkpoint in staged { checkpoint.log.abandon(checkpoint) }
      throw error
    }
    for checkpoint in staged where !checkpoint.files.isEmpty {
      try checkpoint.log.removeOldSnapshots()
    }
  }

  /// Writes the high watermarks when one has changed, though the logs have not.
  private func keepHighWatermarks(_ logs: [PartitionLog]) throws(LogError) {
    let hasChanged = logs.contains { log in
      log.highWatermark.map { $0.rawValue != log.keptWatermark.load(ordering: .relaxed) } ?? false
    }
    guard hasChanged else { return }
    do throws(DiskError) { try writeHighWatermarks(logs) } catch { throw LogError(error) }
  }

  private func makeDurable(_ checkpoint: StagedCheckpoint) throws(LogError) {
    let log = checkpoint.log
    try checkpoint.files.sync()
    try log.install(checkpoint)
    for segment in checkpoint.trimmed { try log.sync(segment) }
    try log.syncFiles(before: checkpoint.end)
    log.noteTrusted(checkpoint)
  }

  /// The contents of new files are durable before their names are.
  private func makeDurableTogether(_ staged: [StagedCheckpoint]) throws(LogError) {
    do throws(DiskError) { try disk.syncFileSystem(path) } catch { throw failedSync(error) }
    for checkpoint in staged { try checkpoint.log.install(checkpoint) }
    let syncs = staged.map { $0.log.fileSystemSync() }
    do throws(DiskError) { try disk.syncFileSystem(path) } catch { throw failedSync(error) }
    for (checkpoint, sync) in zip(staged, syncs) {
      checkpoint.log.noteSynced(sync)
      checkpoint.log.noteTrusted(checkpoint)
    }
  }
}
