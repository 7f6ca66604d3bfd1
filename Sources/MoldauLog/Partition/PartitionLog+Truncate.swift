import MoldauDisk
package import MoldauFormat
import Synchronization

extension PartitionLog {
  /// Cuts the log so that `offset` is the next one to be appended (KIP-101): for followers.
  ///
  /// A batch that begins below `offset` and ends at or above it goes too. Durable when it returns.
  /// Keep appends away meanwhile. Readers of what is cut keep what they hold. A failure after the
  /// first change poisons the store, for the files are not what the log says then.
  package func truncate(to offset: Offset) throws(LogError) {
    try services.checkHealth()
    guard offset < endOffset else { return }
    guard offset >= startOffset else {
      throw .offsetOutOfRange(offset: offset, first: startOffset, next: endOffset)
    }
    let done = WakeSignal()
    let outcome = Shared<LogError?>(nil)
    // On the commit thread, so that no commit journals what is being cut.
    services.commits.perform { [self] in
      do throws(LogError) { try cutBetweenCommits(to: offset) } catch {
        outcome.value.withLock { $0 = error }
      }
      done.wake()
    }
    done.sleep()
    if let failure = outcome.value.withLock({ $0 }) { throw failure }
  }

  private func cutBetweenCommits(to offset: Offset) throws(LogError) {
    guard !isClosed else { throw .closed }
    try finishSwap()
    try compaction.pendingSwap.withLock { (pending) throws(LogError) in
      // A swap of another pass has begun meanwhile and was held up: the caller may try again.
      guard pending == nil else { throw .closed }
      try cutExclusively(to: offset)
    }
  }

  private func cutExclusively(to offset: Offset) throws(LogError) {
    try state.withLock { (state) throws(LogError) in
      guard !state.isClosed else { throw .closed }
      try closeWindow(&state)
      let cut = try planCut(to: offset, state)
      // Recovery must not trust what it finds above the cut later, with indexes from before it.
      noteTruncation(to: cut.end)
      // A batch that holds the log's start goes as a whole.
      _ = startCounter.min(cut.end.rawValue, ordering: .acquiringAndReleasing)
      try services.writeRecoveryPoints()
      try services.writeLogStarts()
      try writeEpochs(before: cut.end, &state)
      // What the journal holds above the cut must not come back. From here on there is no way back:
      // it may be durable there alone.
      try services.commits.journal.truncate(self, to: offset, maintenance: services.maintenance)
      do throws(LogError) { try perform(cut, &state) } catch {
        throw services.poison(error.asDiskError(path: directory.path))
      }
    }
    do throws(LogError) { try syncCut() } catch {
      throw services.poison(error.asDiskError(path: directory.path))
    }
  }

  /// What is left of the log, found out before anything is changed.
  private struct Cut {
    var end: Offset
    var kept: Segment
    /// The segments before `kept`.
    var before: ArraySlice<Segment>
    var later: ArraySlice<Segment>
    var position: Int
    var scan: SegmentScan
    var producers: ProducerStates
    /// The beginning of a sealed segment: that may be mapped, and what is mapped is never truncated.
    var copy: (any DiskFile)?
  }

  private func planCut(to offset: Offset, _ state: AppendState) throws(LogError) -> Cut {
    let all = segments
    let index = Self.lastIndex(of: all, atOrBelow: offset)
    let kept = all[index]
    let position = try position(of: offset, in: kept)
    var scan = SegmentScan(
      baseOffset: kept.baseOffset, indexIntervalBytes: state.settings.indexIntervalBytes)
    try scan.readBatches(of: try kept.file(), from: 0, to: position)
    let end = try endOffset(of: kept, byteCount: position)
    return Cut(
      end: end, kept: kept, before: all[..<index], later: all[(index + 1)...], position: position,
      scan: scan, producers: try producers(of: Array(all[...index]), below: end),
      copy: kept.isSealed ? try copyBeginning(of: kept, byteCount: position) : nil)
  }

  /// The epochs above the cut must not be found with what is appended there later.
  private func writeEpochs(before end: Offset, _ state: inout AppendState) throws(LogError) {
    var epochs = state.epochs
    epochs.truncate(to: end)
    state.epochs.needsCheckpoint = true
    do throws(DiskError) {
      try services.disk.replaceFile(
        at: directory.path(StoreLayout.leaderEpochs), with: epochs.checkpoint.encode(),
        isDurable: true)
    } catch {
      throw LogError(error)
    }
  }

  private func perform(_ cut: Cut, _ state: inout AppendState) throws(LogError) {
    // From the end on, so that whatever a crash leaves is the beginning of the log.
    for segment in cut.later.reversed() {
      try removeFiles(of: segment)
      try directory.sync()
    }
    try removeSnapshots { $0 > cut.end }
    let kept = try cutFile(cut)
    kept.replaceIndexes(cut.scan.offsets, cut.scan.times)
    state.active = kept
    state.position = cut.position
    state.nextOffset = cut.end
    state.latest = cut.scan.latest
    state.unindexedByteCount = cut.scan.unindexedByteCount
    state.indexEntryCount = cut.scan.offsets.count
    state.indexesAreGrowing = true
    if cut.position == 0 || cut.kept.isSealed { state.firstTimestampMilliseconds = nil }
    state.epochs.truncate(to: cut.end)
    state.producers = cut.producers
    state.producers.noteLoaded(
      now: services.clock.nowMilliseconds(),
      expirationMilliseconds: services.producerExpirationMilliseconds)
    segmentList.withLock { $0 = Array(cut.before) + [kept] }
    endCounter.store(state.nextOffset.rawValue, ordering: .releasing)
    publishStable(state)
    commitPoint.withLock { $0 = CommitPoint(segment: kept, position: cut.position) }
  }

  /// The position of the batch that holds `offset`, or the segment's end.
  private func position(of offset: Offset, in segment: Segment) throws(LogError) -> Int {
    guard let found = try locate(offset), found.segment === segment else {
      return segment.byteCount
    }
    return found.position
  }

  private func copyBeginning(
    of segment: Segment, byteCount: Int
  ) throws(LogError) -> any DiskFile {
    let file = try segment.file()
    do throws(DiskError) {
      let copy = try services.disk.open(directory.path(cleanedName(of: segment)), .createEmpty)
      try file.copy(0..<byteCount, to: copy, at: 0)
      try copy.sync()
      return copy
    } catch {
      throw LogError(error)
    }
  }

  private func cleanedName(of segment: Segment) -> SegmentFileName {
    SegmentFileName(baseOffset: segment.baseOffset, kind: .log, state: .cleaned)
  }

  private func cutFile(_ cut: Cut) throws(LogError) -> Segment {
    guard cut.copy != nil else {
      let file = try cut.kept.file()
      do throws(DiskError) { try file.truncate(to: cut.position) } catch { throw LogError(error) }
      cut.kept.publish(byteCount: cut.position)
      return cut.kept
    }
    // Readers of the old file must not come to the new one, which is shorter than they think.
    try cut.kept.pin()
    do throws(DiskError) {
      try services.disk.rename(
        directory.path(cleanedName(of: cut.kept)), to: cut.kept.logPath)
    } catch {
      throw LogError(error)
    }
    noteNameChange()
    return Segment(
      baseOffset: cut.kept.baseOffset, directory: directory, byteCount: cut.position,
      isSealed: false, offsetIndex: OffsetIndex(), timeIndex: TimeIndex())
  }

  private func removeFiles(of segment: Segment) throws(LogError) {
    try segment.pin()
    do throws(DiskError) {
      for kind in [SegmentFileName.Kind.index, .timeindex, .txnindex, .log] {
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
