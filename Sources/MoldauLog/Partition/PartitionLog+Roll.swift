import MoldauDisk
import MoldauFormat
import Synchronization

extension PartitionLog {
  /// Whether the batch must go to a new segment.
  func shouldRoll(_ state: AppendState, _ header: RecordBatchHeader) -> Bool {
    SegmentFill(state).isFull(for: header, state.settings)
  }

  /// Closes the active segment and begins one at the log's end, or at `base` above it: offsets in
  /// between are missing then.
  ///
  /// Under the append lock, so it syncs nothing: the sealed segment is handed to the maintenance
  /// thread, and its names become durable with the next sync of the folder.
  func roll(_ state: inout AppendState, at base: Offset? = nil) throws(LogError) {
    let base = base ?? state.nextOffset
    let sealed = state.active
    try closeWindow(&state)
    if !state.indexesAreGrowing { try prepareIndexes(&state) }
    // The last step that can fail: a file that is left behind without the log going on in it would
    // be taken for the log's end by the next opening.
    let next = try makeSegment(at: base)
    next.noteUndecidedAtStart(state.producers.firstUndecidedOffset ?? base)
    sealed.seal(time: state.latest)
    state.active = next
    state.position = 0
    state.unindexedByteCount = 0
    state.indexEntryCount = 0
    state.latest = nil
    state.firstTimestampMilliseconds = nil
    state.indexesAreGrowing = true
    state.nextWindowBytes = Limits.minWindowBytes
    segmentList.withLock { $0.append(next) }
    if base > state.nextOffset {
      state.nextOffset = base
      publish(state)
    }
    // Written without producers too: it spares recovery the search for them in sealed segments.
    let producers = state.producers
    let truncationCount = truncations.withLock { $0 }
    services.maintenance.add { [self] in
      finishSealed(sealed, producers, at: base, truncationCount)
    }
  }

  /// Creates the file of a segment that begins at `offset`.
  private func makeSegment(at offset: Offset) throws(LogError) -> Segment {
    let segment = Segment(
      baseOffset: offset, directory: directory, byteCount: 0, isSealed: false,
      offsetIndex: OffsetIndex(), timeIndex: TimeIndex())
    segment.adopt(try directory.open(segment.logPath, .createEmpty))
    noteNameChange()
    return segment
  }

  /// Writes what belongs to a sealed segment and makes the log durable up to its end.
  private func finishSealed(
    _ sealed: Segment, _ producers: ProducerStates, at offset: Offset, _ truncationCount: Int
  ) {
    // Retention or a truncation may have come first. What retention took leaves its producers, whom
    // nothing else tells of.
    let all = segments
    let isThere = all.contains { $0 === sealed }
    let isBehindStart = all.contains { $0.baseOffset == offset }
    // A truncation makes anew what belongs to the segment that it leaves at the log's end.
    guard isThere || isBehindStart, !isDeleted, truncations.withLock({ $0 == truncationCount })
    else { return }
    do throws(LogError) {
      var staged = StagedFiles(disk: services.disk)
      if isThere { try sealed.stageIndexes(in: &staged) }
      try staged.add(
        directory.path(SegmentFileName(baseOffset: offset, kind: .snapshot)),
        producers.snapshot.encode())
      try staged.sync()
      guard try install(staged, since: truncationCount), isThere else { return }
      // The batches may be durable already; that the zeros behind them were cut is not.
      try sync(sealed)
      try syncFiles(before: min(offset, endOffset))
      sealed.noteDurableIndexes()
    } catch {
      // Indexes and snapshots are derived: recovery makes them anew. A failed sync has poisoned.
      services.logger.error("\(identity): finishing segment \(sealed.baseOffset) failed: \(error)")
    }
  }

  /// Rolls if the active segment holds anything, so that all there is can be sealed.
  package func rollNow() throws(LogError) {
    try services.checkHealth()
    try whileAppendable { (state) throws(LogError) in
      guard !state.isClosed else { throw .closed }
      if state.position > 0 { try roll(&state) }
    }
  }
}
