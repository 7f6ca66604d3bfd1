import MoldauDisk
import MoldauFormat
import Synchronization

/// The files that let recovery trust a log up to an offset, written but not in place yet.
struct StagedCheckpoint {
  var log: PartitionLog
  var end: Offset
  var truncationCount: Int
  var files: StagedFiles
  /// The sealed segments whose indexes are among the files.
  var sealed: [Segment]
  /// The segments whose zeros behind the last batch were cut: a sealed segment ends with its file, so
  /// that has to be durable even if all batches are.
  var trimmed: [Segment]
  var hasEpochs: Bool
}

extension PartitionLog {
  /// Whether a checkpoint could be moved on.
  var needsCheckpoint: Bool {
    !isDeleted
      && (isUnsynced || trustedOffset < endOffset || state.withLock(\.epochs.needsCheckpoint))
  }

  /// Writes the files that are derived from the log: indexes, the producers' snapshot, the epochs.
  ///
  /// On a clean stop the zeros behind the last batch go, and the time index gets its last entry.
  func stageCheckpoint(isClosing: Bool) throws(LogError) -> StagedCheckpoint {
    let truncationCount = truncations.withLock { $0 }
    let (active, latest, end, producers, grows, epochs) = try whileAppendable {
      (state) throws(LogError) in
      if isClosing { try closeWindow(&state) }
      let epochs = state.epochs.needsCheckpoint ? state.epochs.checkpoint : nil
      state.epochs.needsCheckpoint = false
      return (
        state.active, state.latest, state.nextOffset, state.producers, state.indexesAreGrowing,
        epochs
      )
    }
    var staged = StagedCheckpoint(
      log: self, end: end, truncationCount: truncationCount,
      files: StagedFiles(disk: services.disk), sealed: [], trimmed: [],
      hasEpochs: epochs != nil)
    do throws(LogError) {
      if grows && isClosing { active.noteLatest(latest) }
      try stage(
        &staged, active: active, withActive: grows && (isClosing || end > trustedOffset),
        producers)
      if let epochs {
        try staged.files.add(directory.path(StoreLayout.leaderEpochs), epochs.encode())
      }
    } catch {
      abandon(staged)
      throw error
    }
    if grows && isClosing { staged.trimmed.append(active) }
    return staged
  }

  private func stage(
    _ staged: inout StagedCheckpoint, active: Segment, withActive: Bool, _ producers: ProducerStates
  ) throws(LogError) {
    for segment in segments where segment.baseOffset < active.baseOffset {
      guard !segment.hasDurableIndexes else { continue }
      try segment.stageIndexes(in: &staged.files)
      staged.sealed.append(segment)
      staged.trimmed.append(segment)
    }
    guard withActive else { return }
    try active.stageIndexes(in: &staged.files)
    try staged.files.add(
      directory.path(SegmentFileName(baseOffset: staged.end, kind: .snapshot)),
      producers.snapshot.encode())
  }

  /// Puts a checkpoint's files in place, after their contents are durable.
  func install(_ staged: StagedCheckpoint) throws(LogError) {
    guard !staged.files.isEmpty else { return }
    if try !install(staged.files, since: staged.truncationCount) { abandon(staged) }
  }

  /// Puts files that are derived from the log in place; returns `false`, and removes them, when the
  /// log was cut since `truncationCount` was read: they may tell of what is gone.
  func install(_ files: StagedFiles, since truncationCount: Int) throws(LogError) -> Bool {
    try installing.withLock { _ throws(LogError) in
      guard truncations.withLock({ $0 == truncationCount }) else {
        try files.discard()
        return false
      }
      try files.install()
      noteNameChange()
      return true
    }
  }

  /// Notes that recovery may trust the log up to the checkpoint.
  func noteTrusted(_ staged: StagedCheckpoint) {
    guard truncations.withLock({ $0 == staged.truncationCount }) else { return }
    for segment in staged.sealed { segment.noteDurableIndexes() }
    noteSynced(below: staged.end, staged.truncationCount, isTrusted: true)
  }

  /// The epochs have to be written again: a checkpoint has failed.
  func abandon(_ staged: StagedCheckpoint) {
    guard staged.hasEpochs else { return }
    state.withLock { $0.epochs.needsCheckpoint = true }
  }

  /// Removes the snapshots of earlier checkpoints; those at the segments' starts stay.
  func removeOldSnapshots() throws(LogError) {
    let (trusted, bases) = (trustedOffset, Set(segments.map(\.baseOffset)))
    try removeSnapshots { $0 < trusted && !bases.contains($0) }
  }

  func removeSnapshots(where isDoomed: (Offset) -> Bool) throws(LogError) {
    do throws(DiskError) {
      for entry in try services.disk.list(directory.path) where entry.kind == .file {
        guard let name = SegmentFileName(parsing: entry.name), name.kind == .snapshot,
          name.state == .live, isDoomed(name.baseOffset)
        else { continue }
        try services.disk.remove(directory.path(entry.name))
      }
    } catch {
      throw LogError(error)
    }
  }
}
