import MoldauDisk
package import MoldauFormat
import Synchronization

extension PartitionLog {
  /// Cuts the log so that `offset` is the next one to be appended (KIP-101): for followers.
  ///
  /// A batch that begins below `offset` and ends at or above it goes too. Durable when it returns.
  /// Keep appends away meanwhile. Readers of what is cut keep what they hold.
  package func truncate(to offset: Offset) throws(LogError) {
    try services.checkHealth()
    guard offset < endOffset else { return }
    guard offset >= startOffset else {
      throw .offsetOutOfRange(offset: offset, first: startOffset, next: endOffset)
    }
    try voidJournal(from: offset)
    try state.withLock { (state) throws(LogError) in
      guard !state.isClosed else { throw .closed }
      try closeWindow(&state)
      try cut(&state, to: offset)
    }
    lowerDurable(to: endOffset)
    // Not under the append lock: followers append nothing while they truncate.
    try syncCut()
  }

  /// What the journal holds above the cut must not come back.
  private func voidJournal(from offset: Offset) throws(LogError) {
    let done = WakeSignal()
    let outcome = Shared<LogError?>(nil)
    services.commits.perform { [self] in
      do throws(LogError) {
        try services.commits.journal.truncate(
          self, to: offset, maintenance: services.maintenance)
      } catch {
        outcome.value.withLock { $0 = error }
      }
      done.wake()
    }
    done.sleep()
    if let failure = outcome.value.withLock({ $0 }) { throw failure }
  }

  private func cut(_ state: inout AppendState, to offset: Offset) throws(LogError) {
    let all = segments
    let index = Self.lastIndex(of: all, atOrBelow: offset)
    let target = all[index]
    let position = try position(of: offset, in: target)
    for later in all[(index + 1)...] { try removeFiles(of: later) }
    let kept = try cutFile(of: target, to: position)
    var scan = SegmentScan(
      baseOffset: kept.baseOffset, indexIntervalBytes: state.settings.indexIntervalBytes)
    try scan.readBatches(of: try kept.file(), from: 0, to: position)
    kept.replaceIndexes(scan.offsets, scan.times)
    state.active = kept
    state.position = position
    state.nextOffset = try endOffset(of: kept, byteCount: position)
    state.latest = scan.latest
    state.unindexedByteCount = scan.unindexedByteCount
    state.indexEntryCount = scan.offsets.count
    state.indexesAreGrowing = true
    state.epochs.truncate(to: state.nextOffset)
    let remaining = Array(all[..<index]) + [kept]
    state.producers = try producers(of: remaining, below: state.nextOffset)
    segmentList.withLock { $0 = remaining }
    endCounter.store(state.nextOffset.rawValue, ordering: .releasing)
    publishStable(state)
    commitPoint.withLock { $0 = CommitPoint(segment: kept, position: position) }
  }

  /// The position of the batch that holds `offset`, or the segment's end.
  private func position(of offset: Offset, in segment: Segment) throws(LogError) -> Int {
    guard let found = try locate(offset), found.segment === segment else {
      return segment.byteCount
    }
    return found.position
  }

  /// A sealed segment may be mapped, and what is mapped is never truncated: it is copied instead.
  private func cutFile(of segment: Segment, to position: Int) throws(LogError) -> Segment {
    do throws(DiskError) {
      guard segment.isSealed else {
        let file: any DiskFile
        do throws(LogError) { file = try segment.file() } catch {
          throw DiskError(call: "open", path: segment.logPath, errno: 5)
        }
        try file.truncate(to: position)
        segment.publish(byteCount: position)
        return segment
      }
      // Readers of the old file must not come to the new one, which is shorter than they think.
      do throws(LogError) { try segment.pin() } catch {
        throw DiskError(call: "open", path: segment.logPath, errno: 5)
      }
      let name = SegmentFileName(baseOffset: segment.baseOffset, kind: .log, state: .cleaned)
      let copy = try services.disk.open(directory.path(name), .createEmpty)
      let file: any DiskFile
      do throws(LogError) { file = try segment.file() } catch {
        throw DiskError(call: "open", path: segment.logPath, errno: 5)
      }
      try file.copy(0..<position, to: copy, at: 0)
      try copy.sync()
      try services.disk.rename(directory.path(name), to: segment.logPath)
      hasUnsyncedNames.store(true, ordering: .releasing)
      return Segment(
        baseOffset: segment.baseOffset, directory: directory, byteCount: position, isSealed: false,
        offsetIndex: OffsetIndex(), timeIndex: TimeIndex())
    } catch {
      throw LogError(error)
    }
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
    hasUnsyncedNames.store(true, ordering: .releasing)
  }

  private func endOffset(of segment: Segment, byteCount: Int) throws(LogError) -> Offset {
    var end = segment.baseOffset
    let start = try segment.floor(ofPosition: byteCount)
    var reader = BatchReader(
      file: try segment.file(), from: start, to: byteCount, checksChecksums: false)
    while case .batch(let header, _) = try reader.next() { end = header.nextOffset }
    return end
  }

  /// The producers as they were at the log's new end.
  private func producers(
    of segments: [Segment], below end: Offset
  ) throws(LogError) -> ProducerStates {
    var states = ProducerStates()
    for segment in segments {
      var reader = BatchReader(
        file: try segment.file(), from: 0, to: segment.byteCount, checksChecksums: false)
      while case .batch(let header, _) = try reader.next() {
        guard header.hasProducer else { continue }
        let record = try unsafe ControlRecord.read(
          from: reader.batch, header, path: segment.logPath)
        _ = states.add(header, control: record)
      }
    }
    return states
  }

  private func lowerDurable(to end: Offset) {
    _ = durableCounter.min(end.rawValue, ordering: .acquiringAndReleasing)
    _ = recoveryCounter.min(end.rawValue, ordering: .acquiringAndReleasing)
  }

  /// The cut and all that is left are durable afterwards.
  private func syncCut() throws(LogError) {
    let (active, end) = state.withLock { ($0.active, $0.nextOffset) }
    let file = try active.file()
    do throws(DiskError) { try file.sync() } catch { throw services.poison(error) }
    try syncNames()
    try syncFiles(before: end)
  }
}
