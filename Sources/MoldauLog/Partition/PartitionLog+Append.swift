import MoldauCompression
import MoldauDisk
package import MoldauFormat
import Synchronization

/// Where an appended batch came to lie.
package struct AppendedBatch: Hashable, Sendable {
  package var baseOffset: Offset
  package var lastOffset: Offset
  /// The time that the log gave the records, −1 when they kept their own.
  package var logAppendTimeMilliseconds: Int64
  package var byteCount: Int
  /// Whether the log had the batch already, from an earlier try of its producer: nothing was
  /// appended, and the offsets and the time are those of the first.
  package var isDuplicate = false
}

extension AppendedBatch {
  /// What was said of a batch when it came first.
  fileprivate init(duplicate batch: ProducerStates.Batch, _ settings: AppendSettings) {
    self.init(
      baseOffset: batch.firstOffset, lastOffset: batch.lastOffset,
      logAppendTimeMilliseconds: settings.usesLogAppendTime ? batch.timestampMilliseconds : -1,
      byteCount: 0, isDuplicate: true)
  }
}

/// Who wrote a batch, which says what may be in it.
package enum AppendOrigin: Sendable {
  /// A client: one batch of data records, offsets to be assigned.
  case client
  /// A coordinator of this broker: control batches too, offsets to be assigned.
  case coordinator
  /// The partition's leader: bytes kept as they are, offsets and leader epoch too.
  case leader
}

extension PartitionLog {
  /// Checks a batch, gives its records their offsets and writes it.
  ///
  /// Written to the operating system when it returns, synced when `whenDurable` says so. Checks run
  /// before the append lock is taken; on an error nothing was appended. A batch that its producer
  /// sends again is not appended again: the answer is that of the first time (KIP-98).
  /// - Throws: `invalidBatch`, `batchTooLarge`, `invalidTimestamp`, `outOfOrderSequence`,
  ///   `invalidProducerEpoch`, `unwrittenBatch`, `diskFull`, `io`, `poisoned`, `closed`.
  package func append(
    _ batch: RawSpan, leaderEpoch: Int32 = 0, origin: AppendOrigin = .client
  ) throws(LogError) -> AppendedBatch {
    // SAFETY: the buffer is read within its count and not kept.
    try unsafe batch.withUnsafeBytes { (bytes) throws(LogError) in
      try unsafe append(bytes, leaderEpoch: leaderEpoch, origin: origin)
    }
  }

  /// Remembers a client's batch that is refused before it comes here and is to come again: what its
  /// producer has sent behind it is refused until then, with `unwrittenBatch`.
  ///
  /// - Parameter leaderEpoch: in which it is refused; nil when the log is led elsewhere.
  package func noteRefused(_ batch: RawSpan, leaderEpoch: Int32?) {
    let header: RecordBatchHeader
    do throws(FormatError) { header = try RecordBatchHeader(parsing: batch) } catch {
      // Nothing that could be appended.
      return
    }
    guard header.hasProducer else { return }
    state.withLock { $0.unwritten.note(header, leaderEpoch: leaderEpoch) }
  }

  private func append(
    _ bytes: UnsafeRawBufferPointer, leaderEpoch: Int32, origin: AppendOrigin
  ) throws(LogError) -> AppendedBatch {
    let settings = state.withLock { $0.settings }
    let now = services.clock.nowMilliseconds()
    let batch = try unsafe BatchValidation(settings: settings, origin: origin, now: now)
      .check(bytes)
    let stampsTime = settings.usesLogAppendTime && origin != .leader
    guard stampsTime || batch.corrected != nil else {
      return try unsafe write(batch.header, bytes, leaderEpoch: leaderEpoch, origin: origin)
    }
    var header = batch.corrected ?? batch.header
    if stampsTime {
      header.attributes.isLogAppendTime = true
      header.maxTimestampMilliseconds = now
    }
    var appended: AppendedBatch
    if let recompressed = batch.recompressed {
      appended = try unsafe recompressed.span.bytes.withUnsafeBytes { (bytes) throws(LogError) in
        try unsafe appendCopy(of: bytes, header, leaderEpoch: leaderEpoch, origin)
      }
    } else {
      appended = try unsafe appendCopy(of: bytes, header, leaderEpoch: leaderEpoch, origin)
    }
    if stampsTime && !appended.isDuplicate { appended.logAppendTimeMilliseconds = now }
    return appended
  }

  /// Appends a copy of the batch with another header, and the checksum that this makes.
  private func appendCopy(
    of bytes: UnsafeRawBufferPointer, _ header: RecordBatchHeader, leaderEpoch: Int32,
    _ origin: AppendOrigin
  ) throws(LogError) -> AppendedBatch {
    var stamped = header
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 16)
    defer { unsafe copy.deallocate() }
    unsafe copy.copyMemory(from: bytes)
    // SAFETY: `copy` holds a whole batch, so its header's bytes are there.
    guard let start = copy.baseAddress else { preconditionFailure("a batch has bytes") }
    unsafe stamped.store(to: start)
    stamped.checksum = unsafe Checksum.crc32c(
      UnsafeRawBufferPointer(rebasing: copy[RecordBatchHeader.checksummedRangeStart...]))
    unsafe stamped.store(to: start)
    return try unsafe write(
      stamped, UnsafeRawBufferPointer(copy), leaderEpoch: leaderEpoch, origin: origin)
  }

  /// Writes a batch that was checked, or that this process has just encoded.
  func write(
    _ header: RecordBatchHeader, _ bytes: UnsafeRawBufferPointer, leaderEpoch: Int32,
    origin: AppendOrigin
  ) throws(LogError) -> AppendedBatch {
    try services.checkHealth()
    let control: ControlRecord?
    do throws(FormatError) { control = try unsafe ControlRecord.read(from: bytes, header) } catch {
      throw .invalidBatch(error)
    }
    var appended = try whileAppendable { (state) throws(LogError) in
      try unsafe writeLocked(
        &state, header, control, bytes, leaderEpoch: leaderEpoch, origin: origin)
    }
    if appended == nil {
      try recallBatches(of: header)
      appended = try whileAppendable { (state) throws(LogError) in
        try unsafe writeLocked(
          &state, header, control, bytes, leaderEpoch: leaderEpoch, origin: origin)
      }
    }
    guard let appended else { preconditionFailure("a producer's batches are recalled once") }
    if appended.isDuplicate { return appended }
    observers.notify(end: appended.lastOffset.advanced(by: 1))
    return appended
  }

  /// Writes a batch; nil when the log has to be asked for its producer's earlier ones first.
  ///
  /// HOT: once per batch, under the append lock. Benchmarks: `append-batch-16k`, `append-single`.
  private func writeLocked(
    _ state: inout AppendState, _ header: RecordBatchHeader, _ control: ControlRecord?,
    _ bytes: UnsafeRawBufferPointer, leaderEpoch: Int32, origin: AppendOrigin
  ) throws(LogError) -> AppendedBatch? {
    guard !state.isClosed else { throw .closed }
    if state.isShared { try state.role.check(origin, epoch: leaderEpoch) }
    if header.hasProducer && origin != .leader {
      if !state.unwritten.isEmpty && origin == .client {
        let expected = state.producers.expectedSequence(of: header)
        try state.unwritten.check(header, expected: expected, leaderEpoch: leaderEpoch)
      }
      switch try state.producers.verdict(on: header, origin) {
      case .next: break
      case .unclear: return nil
      case .duplicate(let batch): return AppendedBatch(duplicate: batch, state.settings)
      }
    }
    var header = header
    if origin == .leader {
      guard header.baseOffset >= state.nextOffset else {
        throw .invalidBatch(
          .invalid(field: "baseOffset", reason: "\(header.baseOffset) is below the log's end"))
      }
    } else {
      // A directory of someone else's may end at the last offset there is.
      guard state.nextOffset.rawValue < Int64.max - Int64(header.lastOffsetDelta) else {
        throw .invalidBatch(
          .invalid(field: "baseOffset", reason: "no offset is left behind \(state.nextOffset)"))
      }
      header.baseOffset = state.nextOffset
      header.partitionLeaderEpoch = leaderEpoch
    }
    let byteCount = header.batchByteCount
    var isWritten = false
    defer {
      if !isWritten && origin == .client { state.unwritten.note(header, leaderEpoch: leaderEpoch) }
    }
    if shouldRoll(state, header) { try roll(&state) }
    if !state.indexesAreGrowing { try prepareIndexes(&state) }
    guard header.lastOffset - state.active.baseOffset <= Int64(Int32.max) else {
      // A leader's offsets may leap; what is 2^31 above the segment has no place in its index.
      throw .invalidBatch(
        .invalid(field: "baseOffset", reason: "\(header.baseOffset) is too far above the log's end")
      )
    }

    var prefix = (UInt64(0), UInt64(0))
    try unsafe withUnsafeMutableBytes(of: &prefix) { (prefix) throws(LogError) in
      unsafe RecordBatch.stampPrefix(
        header, baseOffset: header.baseOffset, leaderEpoch: header.partitionLeaderEpoch,
        into: prefix)
      try unsafe put(
        UnsafeRawBufferPointer(prefix), UnsafeRawBufferPointer(rebasing: bytes[16..<byteCount]),
        &state)
    }
    isWritten = true
    finishWrite(&state, header, control)
    return AppendedBatch(
      baseOffset: header.baseOffset, lastOffset: header.lastOffset, logAppendTimeMilliseconds: -1,
      byteCount: byteCount)
  }

  /// Puts a batch's bytes behind the last batch, through the window when they are few.
  private func put(
    _ prefix: UnsafeRawBufferPointer, _ body: UnsafeRawBufferPointer, _ state: inout AppendState
  ) throws(LogError) {
    let byteCount = prefix.count + body.count
    if byteCount <= Limits.maxWindowedAppendBytes {
      state.smallAppendCount += 1
      if state.smallAppendCount > 1, let window = openWindow(&state, byteCount) {
        let target = unsafe window.bytes(from: state.position)
        // SAFETY: `openWindow` has made sure that the window holds `byteCount` bytes more.
        unsafe target.copyMemory(from: prefix)
        unsafe UnsafeMutableRawBufferPointer(rebasing: target[prefix.count...])
          .copyMemory(from: body)
        return
      }
    } else {
      state.smallAppendCount = 0
    }
    let file = try state.active.file()
    do throws(DiskError) {
      try unsafe file.write(prefix, body, at: state.position)
    } catch {
      takeBack(file, &state)
      throw LogError(error)
    }
  }

  /// Takes back what a failed write may have left. It is behind the log's end all the same, so that
  /// a failure here loses nothing.
  func takeBack(_ file: any DiskFile, _ state: inout AppendState) {
    state.fileMayGoOn = true
    do throws(DiskError) {
      try file.truncate(to: max(state.position, state.window?.end ?? 0))
    } catch {
      services.logger.warning("\(file.path): cutting an unfinished write failed: \(error)")
    }
  }

  /// Returns a window with room for `byteCount` bytes, or `nil` when the disk has none to give.
  func openWindow(_ state: inout AppendState, _ byteCount: Int) -> AppendWindow? {
    state.windowWasUsed = true
    if let window = state.window, window.end - state.position >= byteCount { return window }
    state.window = nil
    // Blocks that were allocated stay behind the last batch when mapping them fails.
    state.fileMayGoOn = true
    do {
      let file = try state.active.file()
      let window = try AppendWindow(
        file: file, position: state.position, byteCount: state.nextWindowBytes)
      state.window = window
      state.nextWindowBytes = min(state.nextWindowBytes * 2, Limits.maxWindowBytes)
      return window
    } catch {
      // Without blocks or address space there is still pwrite, which says so if there is no room.
      state.smallAppendCount = 0
      return nil
    }
  }

  /// Publishes a batch whose bytes are in place.
  private func finishWrite(
    _ state: inout AppendState, _ header: RecordBatchHeader, _ control: ControlRecord?
  ) {
    note(&state, header, control)
    publish(state)
  }

  /// Lets readers see what `note` has taken into account.
  @inline(__always)
  func publish(_ state: AppendState) {
    state.active.publish(byteCount: state.position)
    endCounter.store(state.nextOffset.rawValue, ordering: .releasing)
    publishStable(state)
  }

  /// Takes a batch into account whose bytes are in place.
  @inline(__always)
  func note(
    _ state: inout AppendState, _ header: RecordBatchHeader, _ control: ControlRecord?
  ) {
    let active = state.active
    let relative = active.relative(header.lastOffset)
    if header.maxTimestampMilliseconds > state.latest?.timestampMilliseconds ?? -1 {
      state.latest = TimeIndexEntry(
        timestampMilliseconds: header.maxTimestampMilliseconds, relativeOffset: relative)
    }
    if state.firstTimestampMilliseconds == nil {
      state.firstTimestampMilliseconds = header.maxTimestampMilliseconds
    }
    if state.unindexedByteCount > state.settings.indexIntervalBytes {
      active.addIndexEntry(
        lastOffset: header.lastOffset, position: state.position, time: state.latest)
      state.indexEntryCount += 1
      state.unindexedByteCount = 0
    }
    state.unindexedByteCount += header.batchByteCount
    state.unreportedByteCount += header.batchByteCount
    state.position += header.batchByteCount
    state.nextOffset = header.nextOffset
    if header.partitionLeaderEpoch > state.epochs.latest ?? -1 {
      state.epochs.note(header.partitionLeaderEpoch, from: header.baseOffset)
    }
    if header.hasProducer {
      if !state.unwritten.isEmpty { state.unwritten.forget(header.producerID) }
      let now = services.clock.nowMilliseconds()
      if let aborted = state.producers.add(header, control: control, now: now) {
        active.addAborted(aborted)
      }
    }
  }

  func publishStable(_ state: AppendState) {
    let stable = state.producers.firstUndecidedOffset ?? state.nextOffset
    stableCounter.store(stable.rawValue, ordering: .releasing)
  }

  /// Appends of a segment that was read from disk need its indexes in memory.
  func prepareIndexes(_ state: inout AppendState) throws(LogError) {
    try state.active.prepareForAppends()
    state.indexEntryCount = try state.active.indexEntryCount()
    state.indexesAreGrowing = true
  }
}
