import MoldauDisk
package import MoldauFormat
import Synchronization

extension PartitionLog {
  /// Drops all records; the log goes on at `offset`, where it then begins: the leader's log begins
  /// behind this one's end.
  ///
  /// A crash leaves the log as it was or an empty one at `offset`: a file in the folder says so from
  /// the one to the other (docs/format/log-directory.md). Durable when it returns. Readers keep what
  /// they hold. A failure after the first change poisons the store.
  /// - Throws: `notLeader` unless the log follows in this epoch.
  package func reset(to offset: Offset, epoch: Int32) throws(LogError) {
    try services.checkHealth()
    try betweenCommits { (log) throws(LogError) in
      try log.whileExclusive(inEpoch: epoch) { (_) throws(LogError) in
        try log.dropAll(goingOnAt: offset)
      }
    }
  }

  var resetMarkerPath: String { directory.path(StoreLayout.resetMarker) }

  private func dropAll(goingOnAt offset: Offset) throws(LogError) {
    // What the journal alone has must be in the segments before the journal gives it up.
    try syncFiles()
    let old = segments
    // Their names are about to go, and readers may still come.
    for segment in old { try segment.detach() }
    // Recovery must not trust what it finds above the new end later.
    noteTruncation(to: min(offset, endOffset))
    try services.writeRecoveryPoints()
    try services.commits.journal.truncate(self, to: .zero, maintenance: services.maintenance)
    try writeResetMarker(offset)
    // From here on there is no way back.
    do throws(LogError) {
      try removeFiles(of: old)
      try removeMissingMarker()
      let segment = Segment(
        baseOffset: offset, directory: directory, byteCount: 0, isSealed: false,
        offsetIndex: OffsetIndex(), timeIndex: TimeIndex())
      segment.adopt(try directory.open(segment.logPath, .createEmpty))
      noteNameChange()
      try syncNames()
      state.withLock { goOn(in: segment, &$0) }
      try services.writeLogStarts()
      try removeResetMarker()
    } catch {
      throw services.poison(error.asDiskError(path: directory.path))
    }
  }

  private func writeResetMarker(_ offset: Offset) throws(LogError) {
    do throws(DiskError) {
      try services.disk.replaceFile(
        at: resetMarkerPath, with: OffsetMarker(offset).encode(),
        isDurable: true)
    } catch {
      // It may be there, and an opening would go by it.
      throw error.isOutOfSpace ? LogError(error) : services.poison(error)
    }
  }

  private func removeFiles(of old: [Segment]) throws(LogError) {
    for segment in old.reversed() {
      try removeFiles([.index, .timeindex, .txnindex, .log], of: segment)
    }
    try removeSnapshots { _ in true }
    do throws(DiskError) {
      let epochs = directory.path(StoreLayout.leaderEpochs)
      if try services.disk.kind(of: epochs) == .file { try services.disk.remove(epochs) }
    } catch {
      throw LogError(error)
    }
  }

  /// Durable when it returns: an opening that finds the marker drops what was appended since.
  private func removeResetMarker() throws(LogError) {
    do throws(DiskError) {
      try services.disk.remove(resetMarkerPath)
    } catch {
      throw LogError(error)
    }
    try directory.sync()
  }

  /// Lets the log begin and end at the start of an empty segment; under the append lock.
  private func goOn(in segment: Segment, _ state: inout AppendState) {
    let offset = segment.baseOffset
    var empty = AppendState(settings: state.settings, active: segment, nextOffset: offset)
    empty.indexesAreGrowing = true
    empty.isBeingCut = true
    empty.role = state.role
    empty.unreportedByteCount = state.unreportedByteCount
    state = empty
    segmentList.withLock { $0 = [segment] }
    startCounter.store(offset.rawValue, ordering: .releasing)
    lowerHighWatermark(to: offset)
    // A sync that began meanwhile took the old end for the log's.
    noteTruncation(to: offset)
    publish(state)
    commitPoint.withLock { $0 = CommitPoint(segment: segment, position: 0) }
  }
}
