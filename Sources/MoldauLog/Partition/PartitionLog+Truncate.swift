import MoldauDisk
package import MoldauFormat
import Synchronization

extension PartitionLog {
  /// Cuts the log so that `offset` is the next one to be appended (KIP-101): for followers.
  ///
  /// A batch that begins below `offset` and ends at or above it goes too. Durable when it returns.
  /// Appends wait meanwhile. Readers of what is cut keep what they hold: what is left of the segment
  /// goes to a file of its own, so that this costs up to a segment's bytes. A failure after the first
  /// change poisons the store, for the files are not what the log says then.
  package func truncate(to offset: Offset) throws(LogError) {
    try services.checkHealth()
    guard offset < endOffset else { return }
    guard offset >= startOffset else {
      throw .offsetOutOfRange(offset: offset, first: startOffset, next: endOffset)
    }
    try cut(to: offset, inEpoch: nil)
  }

  /// As `truncate`, for offsets in the log; with an epoch only as long as the log follows in it.
  func cut(to offset: Offset, inEpoch epoch: Int32?) throws(LogError) {
    try betweenCommits { (log) throws(LogError) in
      try log.whileExclusive(inEpoch: epoch) { (before) throws(LogError) in
        try log.cut(to: offset, before)
      }
      do throws(LogError) { try log.syncCut() } catch {
        throw log.services.poison(error.asDiskError(path: log.directory.path))
      }
    }
  }

  /// Calls `body` on the commit thread, so that no commit journals what is being dropped, while the
  /// cleaner has no swap to complete.
  func betweenCommits(
    _ body: @escaping @Sendable (PartitionLog) throws(LogError) -> Void
  ) throws(LogError) {
    let done = WakeSignal()
    let outcome = Shared<LogError?>(nil)
    services.commits.perform { [self] in
      do throws(LogError) {
        guard !isClosed else { throw .closed }
        try finishSwap()
        try compaction.pendingSwap.withLock { (pending) throws(LogError) in
          // A swap of another pass has begun meanwhile and was held up: the caller may try again.
          guard pending == nil else { throw .closed }
          try body(self)
        }
      } catch {
        outcome.value.withLock { $0 = error }
      }
      done.wake()
    }
    done.sleep()
    if let failure = outcome.value.withLock({ $0 }) { throw failure }
  }

  /// Calls `body` with the log's state, which nobody else changes meanwhile.
  ///
  /// Nothing is synced, read or copied under the append lock: who appends waits for `cutting` instead.
  func whileExclusive(
    inEpoch epoch: Int32?, _ body: (AppendState) throws(LogError) -> Void
  ) throws(LogError) {
    try installing.withLock { _ throws(LogError) in
      try cutting.withLock { _ throws(LogError) in
        let before = try beginCut(inEpoch: epoch)
        defer { state.withLock { $0.isBeingCut = false } }
        try body(before)
      }
    }
  }

  /// Keeps appends away; returns the log's state, which stays as it is from here on.
  private func beginCut(inEpoch epoch: Int32?) throws(LogError) -> AppendState {
    try state.withLock { (state) throws(LogError) in
      guard !state.isClosed else { throw .closed }
      if let epoch { try state.role.checkFollows(inEpoch: epoch) }
      try closeWindow(&state)
      state.isBeingCut = true
      return state
    }
  }

  private func cut(to offset: Offset, _ before: AppendState) throws(LogError) {
    let cut = try planCut(to: offset, before)
    // Recovery must not trust what it finds above the cut later, with indexes from before it.
    noteTruncation(to: cut.end)
    // A batch that holds the log's start goes as a whole.
    _ = startCounter.min(cut.end.rawValue, ordering: .acquiringAndReleasing)
    try services.writeRecoveryPoints()
    try services.writeLogStarts()
    try writeEpochs(before: cut.end, before.epochs)
    // What the journal holds above the cut must not come back. From here on there is no way back:
    // it may be durable there alone.
    try services.commits.journal.truncate(self, to: offset, maintenance: services.maintenance)
    do throws(LogError) {
      try changeFiles(cut)
      if let missing = before.firstMissing, missing >= cut.end { try removeMissingMarker() }
    } catch {
      throw services.poison(error.asDiskError(path: directory.path))
    }
    state.withLock { goOn(from: cut, &$0) }
  }

  /// What is left of the log, found out before anything is changed.
  private struct Cut {
    var end: Offset
    /// The segment that is cut; readers keep it as it is.
    var old: Segment
    /// The one that takes its place, of which the file is written already.
    var kept: Segment
    /// The segments before `kept`.
    var before: ArraySlice<Segment>
    var later: ArraySlice<Segment>
    var position: Int
    var scan: SegmentScan
    var producers: ProducerStates
  }

  private func planCut(to offset: Offset, _ state: AppendState) throws(LogError) -> Cut {
    let all = segments
    let index = Self.lastIndex(of: all, atOrBelow: offset)
    let old = all[index]
    let position = try position(of: offset, in: old)
    var scan = SegmentScan(
      baseOffset: old.baseOffset, indexIntervalBytes: state.settings.indexIntervalBytes)
    try scan.readBatches(of: try old.file(), from: 0, to: position)
    let end = try endOffset(of: old, byteCount: position)
    let kept = Segment(
      baseOffset: old.baseOffset, directory: directory, byteCount: position, isSealed: false,
      offsetIndex: scan.offsets, timeIndex: scan.times)
    kept.setAborted(try old.abortedTransactions().filter { $0.lastOffset < end })
    let cut = Cut(
      end: end, old: old, kept: kept, before: all[..<index], later: all[(index + 1)...],
      position: position, scan: scan, producers: try producers(of: Array(all[...index]), below: end)
    )
    // Their names are about to go, or to mean other files, and readers may still come.
    for segment in all[index...] { try segment.detach() }
    try copyBeginning(of: old, byteCount: position)
    return cut
  }

  /// The epochs above the cut must not be found with what is appended there later.
  private func writeEpochs(before end: Offset, _ epochs: LeaderEpochs) throws(LogError) {
    var epochs = epochs
    epochs.truncate(to: end)
    state.withLock { $0.epochs.needsCheckpoint = true }
    do throws(DiskError) {
      try services.disk.replaceFile(
        at: directory.path(StoreLayout.leaderEpochs), with: epochs.checkpoint.encode(),
        isDurable: true)
    } catch {
      throw LogError(error)
    }
  }

  private func changeFiles(_ cut: Cut) throws(LogError) {
    // From the end on, so that whatever a crash leaves is the beginning of the log.
    for segment in cut.later.reversed() {
      try removeFiles([.index, .timeindex, .txnindex, .log], of: segment)
      try directory.sync()
    }
    try removeSnapshots { $0 > cut.end }
    // They tell of what is cut; recovery makes them anew.
    try removeFiles([.index, .timeindex, .txnindex], of: cut.old)
    do throws(DiskError) {
      try services.disk.rename(directory.path(cleanedName(of: cut.old)), to: cut.old.logPath)
    } catch {
      throw LogError(error)
    }
    noteNameChange()
  }

  /// Lets the log end where it was cut; under the append lock.
  private func goOn(from cut: Cut, _ state: inout AppendState) {
    if let missing = state.firstMissing, missing >= cut.end { state.firstMissing = nil }
    lowerHighWatermark(to: cut.end)
    if cut.position == 0 || cut.old.isSealed { state.firstTimestampMilliseconds = nil }
    state.active = cut.kept
    state.position = cut.position
    state.nextOffset = cut.end
    state.latest = cut.scan.latest
    state.unindexedByteCount = cut.scan.unindexedByteCount
    state.indexEntryCount = cut.scan.offsets.count
    state.indexesAreGrowing = true
    state.epochs.truncate(to: cut.end)
    state.producers = cut.producers
    state.producers.noteLoaded(
      now: services.clock.nowMilliseconds(),
      expirationMilliseconds: services.producerExpirationMilliseconds)
    segmentList.withLock { $0 = Array(cut.before) + [cut.kept] }
    endCounter.store(state.nextOffset.rawValue, ordering: .releasing)
    // A sync that began during the cut took the old end for the log's.
    noteTruncation(to: cut.end)
    publishStable(state)
    commitPoint.withLock { $0 = CommitPoint(segment: cut.kept, position: cut.position) }
  }

  /// The position of the batch that holds `offset`, or the segment's end.
  private func position(of offset: Offset, in segment: Segment) throws(LogError) -> Int {
    guard let found = try locate(offset), found.segment === segment else {
      return segment.byteCount
    }
    return found.position
  }

  /// Writes what is kept of a segment to a file of its own: slices of the old one, and maps, may be in
  /// readers' hands, and a file that was cut in place would give them less, or other bytes later.
  private func copyBeginning(of segment: Segment, byteCount: Int) throws(LogError) {
    let file = try segment.file()
    do throws(DiskError) {
      let copy = try services.disk.open(directory.path(cleanedName(of: segment)), .createEmpty)
      try file.copy(0..<byteCount, to: copy, at: 0)
      try copy.sync()
    } catch {
      throw LogError(error)
    }
  }

  private func cleanedName(of segment: Segment) -> SegmentFileName {
    SegmentFileName(baseOffset: segment.baseOffset, kind: .log, state: .cleaned)
  }

  func removeFiles(
    _ kinds: [SegmentFileName.Kind], of segment: Segment
  ) throws(LogError) {
    do throws(DiskError) {
      for kind in kinds {
        let path = segment.path(kind)
        if try services.disk.kind(of: path) == .file { try services.disk.remove(path) }
      }
    } catch {
      throw LogError(error)
    }
    noteNameChange()
  }

  private func endOffset(of segment: Segment, byteCount: Int) throws(LogError) -> Offset {
    var end = segment.baseOffset
    // From a batch before the end: an index entry may stand for the one that begins there.
    let start = byteCount == 0 ? 0 : try segment.floor(ofPosition: byteCount - 1)
    var reader = BatchReader(
      file: try segment.file(), from: start, to: byteCount, checksChecksums: false)
    while case .batch(let header, _) = try reader.next() { end = header.nextOffset }
    return end
  }

  /// The producers as they were at the log's new end.
  private func producers(
    of segments: [Segment], below end: Offset
  ) throws(LogError) -> ProducerStates {
    let known = try directory.snapshot(atOrBelow: end)
    var states = known?.states ?? ProducerStates()
    let from = known?.offset ?? .zero
    for (index, segment) in segments.enumerated() {
      if index + 1 < segments.count, segments[index + 1].baseOffset <= from { continue }
      var reader = BatchReader(
        file: try segment.file(), from: 0, to: segment.byteCount, checksChecksums: false)
      while case .batch(let header, _) = try reader.next(), header.baseOffset < end {
        guard header.hasProducer, header.baseOffset >= from else { continue }
        let record = try unsafe ControlRecord.read(
          from: reader.batch, header, path: segment.logPath)
        _ = states.add(header, control: record)
      }
    }
    return states
  }

  /// The cut and all that is left are durable afterwards.
  private func syncCut() throws(LogError) {
    let (active, end) = state.withLock { ($0.active, $0.nextOffset) }
    try sync(active)
    try syncNames()
    try syncFiles(before: end)
  }
}
