import MoldauDisk
import MoldauFormat

extension PartitionLog {
  /// Refuses further appends and wakes those who wait for them.
  func close() {
    state.withLock { $0.isClosed = true }
    observers.notifyAll()
  }

  package var isClosed: Bool { state.withLock { $0.isClosed } }

  /// Writes the files that are derived from the log as they should be on a clean stop: indexes, the
  /// producers' snapshot, leader epochs. Syncs nothing.
  ///
  /// With `trimsWindow` the zeros behind the last batch go too.
  func writeDerivedFiles(trimsWindow: Bool) throws(LogError) {
    let (active, latest, end, producers, grows) = try state.withLock { (state) throws(LogError) in
      if trimsWindow { try closeWindow(&state) }
      return (
        state.active, state.latest, state.nextOffset, state.producers, state.indexesAreGrowing
      )
    }
    if grows {
      active.noteLatest(latest)
      try active.writeIndexes()
    }
    if !producers.isEmpty {
      let name = SegmentFileName(baseOffset: end, kind: .snapshot)
      try directory.replace(directory.path(name), with: producers.snapshot.encode())
    }
    try writeEpochs()
  }

  private func writeEpochs() throws(LogError) {
    let checkpoint: LeaderEpochCheckpoint? = state.withLock { state in
      guard state.epochs.needsCheckpoint else { return nil }
      state.epochs.needsCheckpoint = false
      return state.epochs.checkpoint
    }
    guard let checkpoint else { return }
    try directory.replace(
      directory.path(StoreLayout.leaderEpochs), with: checkpoint.encode())
  }

  /// Lets a window go that nothing was appended through since the last call.
  func releaseIdleWindow() {
    state.withLock { state in
      guard state.fileMayGoOn else { return }
      if state.windowWasUsed {
        state.windowWasUsed = false
        return
      }
      do throws(LogError) { try closeWindow(&state) } catch {
        services.logger.warning("\(identity): \(error)")
      }
    }
  }

  /// Unmaps the window and cuts what lies behind the last batch.
  func closeWindow(_ state: inout AppendState) throws(LogError) {
    guard state.fileMayGoOn else { return }
    state.window = nil
    state.nextWindowBytes = Limits.minWindowBytes
    let file = try state.active.file()
    do throws(DiskError) { try file.truncate(to: state.position) } catch { throw LogError(error) }
    state.fileMayGoOn = false
  }
}
