import MoldauDisk
package import MoldauFormat
import Synchronization

/// What a follower's append has come to.
package struct FollowerAppend: Hashable, Sendable {
  /// The offset that the next record gets.
  package var endOffset: Offset
  /// The bytes of the batches that were appended.
  package var byteCount: Int
}

extension PartitionLog {
  /// Appends batches as a leader sent them, one after another, and keeps their bytes as they are.
  ///
  /// One write for all that goes to one segment. A part of a batch at the end is left alone. On an
  /// error the batches before the one at fault are in the log, as its end tells.
  ///
  /// - Parameter expected: where the fetch began, which `epochAndEnd` has told; the log must be as it
  ///   was then, and offsets that the leader's log lacks may be missing. Without it offsets may only be
  ///   missing where the topic's configuration says so.
  /// - Throws: `notLeader` unless the log follows in this epoch; `offsetOutOfRange` when it does not
  ///   end at `expected`; `invalidBatch`, `diskFull`, `io`, `poisoned`, `closed`.
  package func appendFromLeader(
    _ bytes: RawSpan, at expected: Offset? = nil, epoch: Int32
  ) throws(LogError) -> FollowerAppend {
    try services.checkHealth()
    try cutMissing(epoch)
    // SAFETY: the buffer is read within its count and not kept.
    return try unsafe bytes.withUnsafeBytes { (bytes) throws(LogError) in
      let checked = unsafe LeaderBatches(bytes, epoch: epoch)
      if !checked.batches.isEmpty {
        defer { observers.notify(end: endOffset) }
        try unsafe append(checked, bytes, at: expected, epoch)
      }
      if let fault = checked.fault { throw .invalidBatch(fault) }
      return FollowerAppend(endOffset: endOffset, byteCount: checked.byteCount)
    }
  }

  /// What has to be done before batches can be appended.
  private enum Obstacle {
    /// The log begins in the middle of the first batch, or too far below it, and is empty.
    case beginsAt(Offset)
    /// Offsets are missing, of which the topic's configuration does not say so yet.
    case gap
  }

  private func append(
    _ checked: LeaderBatches, _ bytes: UnsafeRawBufferPointer, at expected: Offset?, _ epoch: Int32
  ) throws(LogError) {
    var expected = expected
    // Each obstacle is there once.
    for _ in 0..<3 {
      let obstacle = try whileAppendable { (state) throws(LogError) in
        try unsafe appendLocked(&state, checked, bytes, at: expected, epoch)
      }
      switch obstacle {
      case nil: return
      case .gap: try services.allowGaps(in: identity.topic)
      case .beginsAt(let offset):
        try reset(to: offset, epoch: epoch)
        expected = offset
      }
    }
    preconditionFailure("a follower's log gets in its own way")
  }

  /// HOT: once per fetched partition of a follower. Benchmark: `append-follower`.
  private func appendLocked(
    _ state: inout AppendState, _ checked: LeaderBatches, _ bytes: UnsafeRawBufferPointer,
    at expected: Offset?, _ epoch: Int32
  ) throws(LogError) -> Obstacle? {
    guard !state.isClosed else { throw .closed }
    try state.role.checkFollows(inEpoch: epoch)
    if let expected, expected != state.nextOffset {
      throw .offsetOutOfRange(offset: expected, first: startOffset, next: state.nextOffset)
    }
    if let obstacle = try obstacle(&state, checked, isExpected: expected != nil) { return obstacle }
    var (index, position) = (0, 0)
    while index < checked.batches.count {
      let first = checked.batches[index].header
      try prepare(&state, for: first)
      var fill = SegmentFill(state)
      let start = index
      repeat {
        fill.add(checked.batches[index].header, state.settings)
        index += 1
      } while index < checked.batches.count
        && !fill.isFull(for: checked.batches[index].header, state.settings)
      let end = position + fill.byteCount - state.position
      try unsafe write(UnsafeRawBufferPointer(rebasing: bytes[position..<end]), &state)
      for batch in checked.batches[start..<index] { note(&state, batch.header, batch.control) }
      publish(state)
      position = end
    }
    return nil
  }

  private func obstacle(
    _ state: inout AppendState, _ checked: LeaderBatches, isExpected: Bool
  ) throws(LogError) -> Obstacle? {
    let first = checked.batches[0].header
    let isEmpty = state.position == 0 && segmentCount == 1
    if isEmpty, first.baseOffset < state.nextOffset, first.lastOffset >= state.nextOffset {
      return .beginsAt(first.baseOffset)
    }
    guard first.baseOffset >= state.nextOffset else {
      throw .invalidBatch(
        .invalid(field: "baseOffset", reason: "\(first.baseOffset) is below the log's end"))
    }
    let epoch = first.partitionLeaderEpoch
    if epoch >= 0, let latest = state.epochs.latest, epoch < latest {
      throw .invalidBatch(
        .invalid(field: "partitionLeaderEpoch", reason: "\(epoch) is below the log's, \(latest)"))
    }
    if isEmpty, first.lastOffset - state.active.baseOffset > Int64(Int32.max) {
      return .beginsAt(first.baseOffset)
    }
    guard checked.hasGap || first.baseOffset > state.nextOffset, !state.settings.mayHaveGaps else {
      return nil
    }
    guard isExpected else {
      throw .invalidBatch(
        .invalid(field: "baseOffset", reason: "\(first.baseOffset) leaves out offsets"))
    }
    return .gap
  }

  /// Begins a new segment when the batch is for one.
  private func prepare(
    _ state: inout AppendState, for header: RecordBatchHeader
  ) throws(LogError) {
    if shouldRoll(state, header) {
      // In an index there is no place for what lies 2^31 above the segment's start.
      let isFar = header.lastOffset - state.nextOffset > Int64(Int32.max)
      try roll(&state, at: isFar ? header.baseOffset : state.nextOffset)
    }
    if !state.indexesAreGrowing { try prepareIndexes(&state) }
    guard header.lastOffset - state.active.baseOffset <= Int64(Int32.max) else {
      throw .invalidBatch(
        .invalid(field: "baseOffset", reason: "\(header.baseOffset) is too far above the log's end")
      )
    }
  }

  /// Puts whole batches behind the last one.
  private func write(
    _ bytes: UnsafeRawBufferPointer, _ state: inout AppendState
  ) throws(LogError) {
    state.smallAppendCount = 0
    let file = try state.active.file()
    do throws(DiskError) { try unsafe file.write(bytes, at: state.position) } catch {
      takeBack(file, &state)
      throw LogError(error)
    }
  }

  // MARK: Where the leader's log is another

  /// As `truncate(to:)` for the log of a follower. At the log's end it drops epochs in which nothing
  /// was written here; an offset below the log's start resets it.
  ///
  /// - Throws: `notLeader` unless the log follows in this epoch.
  package func truncate(to offset: Offset, epoch: Int32) throws(LogError) {
    try services.checkHealth()
    guard offset >= startOffset else { return try reset(to: offset, epoch: epoch) }
    let isDone = try whileAppendable { (state) throws(LogError) in
      try state.role.checkFollows(inEpoch: epoch)
      guard offset >= state.nextOffset else { return false }
      state.epochs.truncate(to: state.nextOffset)
      return true
    }
    if !isDone { try cut(to: offset, inEpoch: epoch) }
  }

  /// Where a follower truncates its log when the leader says that its largest epoch at or below the
  /// follower's last is `epoch`, and ends at `end`: the least of this log's own end of its largest epoch
  /// at or below `epoch`, of `end`, and of the log's end (KIP-279).
  package func truncationOffset(ofDivergingEpoch epoch: Int32, end: Offset) -> Offset {
    state.withLock { state in
      min(state.epochs.ownEnd(of: epoch, logEnd: state.nextOffset), end, state.nextOffset)
    }
  }

  /// Moves the log's start up to the leader's. At once for readers; segments go later, by the
  /// maintenance thread.
  ///
  /// - Throws: `notLeader` unless the log follows in this epoch; `offsetOutOfRange` when the log ends
  ///   below `offset`, so that it has to be reset.
  package func raiseStart(to offset: Offset, epoch: Int32) throws(LogError) {
    guard offset > startOffset else { return }
    try whileAppendable { (state) throws(LogError) in
      guard !state.isClosed else { throw .closed }
      try state.role.checkFollows(inEpoch: epoch)
      guard offset <= state.nextOffset else {
        throw .offsetOutOfRange(offset: offset, first: startOffset, next: state.nextOffset)
      }
      _ = startCounter.max(offset.rawValue, ordering: .acquiringAndReleasing)
    }
    // What the leader has deleted was committed.
    noteHighWatermark(offset)
    guard !startIsRising.exchange(true, ordering: .acquiringAndReleasing) else { return }
    services.maintenance.add { [weak self] in self?.dropBelowStart() }
  }

  private func dropBelowStart() {
    startIsRising.store(false, ordering: .releasing)
    guard !isClosed, !services.isPoisoned else { return }
    do throws(LogError) {
      let delay = state.withLock { $0.settings.deleteDelayMilliseconds }
      try deleteRecords(
        before: startOffset, deleteDelayMilliseconds: delay, now: services.clock.nowMilliseconds())
    } catch {
      services.logger.warning("\(identity): records below the start are left for now: \(error)")
    }
  }
}
