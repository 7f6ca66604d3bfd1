import MoldauDisk
import MoldauFormat

/// Opens one partition's log: trusts what was sealed and synced, checks the rest.
///
/// Owned by one recovery thread.
struct PartitionLoader {
  let identity: TopicPartition
  let configuration: TopicConfiguration
  let services: StoreServices
  /// All below it was synced, as the last checkpoint says.
  private var recoveryPoint: Offset
  private var startOffset: Offset?
  let wasClean: Bool
  /// Whether what lies behind the recovery point may be in the system's memory only, marked as
  /// written: after a failed sync.
  let rewritesUnsynced: Bool
  let journal: JournalReplay
  /// Whether this store made the topic, rather than another program.
  let isOwn: Bool
  /// All below it was compacted.
  let cleanedOffset: Offset
  /// Called with the number of bytes that were scanned since the last call.
  let onScanned: @Sendable (Int) -> Void

  private let directory: PartitionDirectory
  private(set) var report = RecoveryReport()

  init(
    identity: TopicPartition, configuration: TopicConfiguration, services: StoreServices,
    recoveryPoint: Offset?, startOffset: Offset?, wasClean: Bool, rewritesUnsynced: Bool,
    journal: JournalReplay, isOwn: Bool, cleanedOffset: Offset = .zero,
    onScanned: @escaping @Sendable (Int) -> Void = { _ in }
  ) {
    self.identity = identity
    self.configuration = configuration
    self.services = services
    self.recoveryPoint = recoveryPoint ?? .zero
    self.startOffset = startOffset
    self.wasClean = wasClean
    self.rewritesUnsynced = rewritesUnsynced
    self.journal = journal
    self.isOwn = isOwn
    self.cleanedOffset = cleanedOffset
    self.onScanned = onScanned
    directory = PartitionDirectory(
      path: "\(services.path)/\(identity.directoryName)", disk: services.disk,
      budget: services.budget, indexIntervalBytes: configuration.indexIntervalBytes)
  }

  mutating func load() throws(LogError) -> PartitionLog {
    report.partitionCount = 1
    if let offset = try ResetRecovery(directory: directory, wasClean: wasClean).run() {
      startOffset = offset
      recoveryPoint = .zero
    }
    var files = try takeStock()
    try removeSegmentsBelowStart(&files)
    let topicID = try directory.topicID()
    let epochs = try leaderEpochs(files)
    if wasClean, let log = try loadClean(files, topicID, epochs) { return log }
    return try recover(files, topicID, epochs)
  }

  private func leaderEpochs(_ files: Stock) throws(LogError) -> LeaderEpochs {
    if let known = try directory.leaderEpochs(services.logger) { return known }
    // What is not synced is scanned.
    let limit = wasClean ? Offset(rawValue: .max) : recoveryPoint
    return try EpochRecovery(directory: directory, limit: limit).run(files.baseOffsets)
  }

  // MARK: What is there

  private struct Stock {
    var baseOffsets: [Offset] = []
    var snapshots: [Offset] = []
  }

  /// Lists the folder's files, ending what a crash left half done: swaps are completed, files that
  /// were being deleted or written go.
  private mutating func takeStock() throws(LogError) -> Stock {
    var stock = Stock()
    var names = try segmentFiles()
    if try SwapRecovery(directory: directory, names: names).run() { names = try segmentFiles() }
    do throws(DiskError) {
      for name in names where name.state == .deleted || name.state == .cleaned {
        try services.disk.remove(directory.path(name))
      }
    } catch {
      throw LogError(error)
    }
    for name in names where name.state == .live {
      if name.kind == .log { stock.baseOffsets.append(name.baseOffset) }
      if name.kind == .snapshot { stock.snapshots.append(name.baseOffset) }
    }
    stock.baseOffsets.sort()
    stock.snapshots.sort()
    report.segmentCount = stock.baseOffsets.count
    return stock
  }

  /// The names of the segments' files; removes temporary ones.
  private func segmentFiles() throws(LogError) -> [SegmentFileName] {
    var names: [SegmentFileName] = []
    do throws(DiskError) {
      for entry in try services.disk.list(directory.path) where entry.kind == .file {
        if entry.name.hasSuffix(".tmp") {
          try services.disk.remove(directory.path(entry.name))
        } else if let name = SegmentFileName(parsing: entry.name) {
          names.append(name)
        }
      }
    } catch {
      throw LogError(error)
    }
    return names
  }

  /// Ends deletions that a crash interrupted: those of segments below the log's start.
  private func removeSegmentsBelowStart(_ stock: inout Stock) throws(LogError) {
    guard let startOffset, let first = stock.baseOffsets.lastIndex(where: { $0 <= startOffset })
    else { return }
    for base in stock.baseOffsets[..<first] { try remove(base) }
    stock.baseOffsets.removeFirst(first)
  }

  private func size(ofSegment baseOffset: Offset) throws(LogError) -> Int {
    let path = directory.path(SegmentFileName(baseOffset: baseOffset, kind: .log))
    do throws(DiskError) { return try services.disk.size(of: path) } catch { throw LogError(error) }
  }

  // MARK: After a clean stop

  /// Returns `nil` when the files are not as a clean stop leaves them.
  private mutating func loadClean(
    _ stock: Stock, _ topicID: TopicID, _ epochs: LeaderEpochs
  ) throws(LogError) -> PartitionLog? {
    guard let last = stock.baseOffsets.last else {
      return try makeEmptyLog(topicID, ProducerStates(), epochs)
    }
    var sealed: [Segment] = []
    for base in stock.baseOffsets.dropLast() {
      sealed.append(
        Segment(
          baseOffset: base, directory: directory, byteCount: try size(ofSegment: base),
          isSealed: true))
    }
    let active = Segment(
      baseOffset: last, directory: directory, byteCount: try size(ofSegment: last), isSealed: false)
    guard let tail = try walkTail(of: active) else { return nil }
    let producers = try producersAfterCleanStop(stock, sealed + [active], end: tail.nextOffset)
    var state = AppendState(
      settings: AppendSettings(configuration), active: active, nextOffset: tail.nextOffset,
      producers: producers, epochs: epochs)
    state.latest = tail.scan.latest
    state.unindexedByteCount = tail.scan.unindexedByteCount
    state.firstTimestampMilliseconds = tail.firstTimestampMilliseconds
    return try makeLog(
      sealed: sealed, state: state, topicID, isSynced: true)
  }

  /// A clean stop leaves a snapshot at the end; without any there were no producers.
  private func producersAfterCleanStop(
    _ stock: Stock, _ segments: [Segment], end: Offset
  ) throws(LogError) -> ProducerStates {
    guard let known = try directory.snapshot(of: stock.snapshots, atOrBelow: end) else {
      return ProducerStates()
    }
    var states = known.states
    for (index, segment) in segments.enumerated() where known.offset < end {
      let segmentEnd = index + 1 < segments.count ? segments[index + 1].baseOffset : end
      if segmentEnd > known.offset { try learnProducers(from: segment, known.offset, &states) }
    }
    return states
  }

  /// Whether the log has a batch for each offset: those of topics that this store made and never
  /// compacted do.
  private var isGapless: Bool { isOwn && configuration.isGapless }

  /// Whether the segment before the one that begins at `base` ended there, however many offsets are
  /// missing in it. Of a replica that has to be known: what is missing its leader may have. Compaction
  /// takes a segment's last records too.
  private func isContiguous(at base: Offset) -> Bool {
    isGapless || (isOwn && services.isReplicated && base > cleanedOffset)
  }

  /// Finds the log's end by walking from the last index entry; `nil` when the walk does not end with
  /// the file.
  private func walkTail(of active: Segment) throws(LogError) -> RecoveredSegment? {
    let size = active.byteCount
    var found = RecoveredSegment(
      scan: SegmentScan(
        baseOffset: active.baseOffset, indexIntervalBytes: configuration.indexIntervalBytes),
      byteCount: 0, nextOffset: active.baseOffset)
    guard size > 0 else { return found }
    guard
      let index = try directory.readOffsetIndex(active.path(.index), logByteCount: size),
      let times = try directory.readTimeIndex(active.path(.timeindex))
    else { return nil }
    found.scan.resume(latest: times.last, at: index.lastPosition)
    let file = try active.file()
    var reader = BatchReader(
      file: file, from: index.lastPosition, to: size, checksChecksums: false)
    while true {
      switch try reader.next() {
      case .batch(let header, let position):
        guard header.baseOffset >= found.nextOffset else { return nil }
        if found.firstTimestampMilliseconds == nil {
          found.firstTimestampMilliseconds = header.maxTimestampMilliseconds
        }
        found.scan.note(header, at: position)
        found.nextOffset = header.nextOffset
      case .end:
        if index.lastPosition > 0 {
          found.firstTimestampMilliseconds = try firstTimestamp(of: active)
        }
        return found
      case .invalid:
        return nil
      }
    }
  }

  /// The timestamp of a segment's first batch, from which its age counts.
  private func firstTimestamp(of segment: Segment) throws(LogError) -> Int64? {
    var reader = BatchReader(
      file: try segment.file(), from: 0, to: min(segment.byteCount, RecordBatchHeader.byteCount),
      checksChecksums: false)
    return try reader.nextHeader()?.maxTimestampMilliseconds
  }

  // MARK: After a crash

  private mutating func recover(
    _ stock: Stock, _ topicID: TopicID, _ epochs: LeaderEpochs
  ) throws(LogError) -> PartitionLog {
    let key = JournalReplay.PartitionKey(topicID: topicID, partition: identity.partition)
    let bases = stock.baseOffsets
    let foundEpochs = epochs
    var epochs = epochs
    // The file may be older than the batches behind the recovery point, and have epochs in which
    // nothing was written.
    epochs.truncate(to: recoveryPoint)
    var sealed: [Segment] = []
    // The last segment that begins below the recovery point is the first to be checked. One that ends
    // there may not have been sealed to the end, when the next begins there too.
    let firstUnsynced = bases.lastIndex { $0 < recoveryPoint } ?? 0
    var known = try directory.snapshot(
      of: stock.snapshots, atOrBelow: max(recoveryPoint, bases.first ?? .zero))
    var resume: ResumePoint?
    if bases.indices.contains(firstUnsynced) {
      let base = bases[firstUnsynced]
      resume = try resumePoint(base, producersFrom: known?.offset ?? bases[0])
      // A scan from the segment's start has to see the producers as they were there, to know where
      // the transactions began that were aborted since.
      if resume == nil { known = try directory.snapshot(of: stock.snapshots, atOrBelow: base) }
    }
    var producers = known?.states ?? ProducerStates()
    let producersFrom = known?.offset ?? bases.first ?? .zero
    var expected = bases.first ?? .zero
    var active: RecoveredSegment?
    if let first = bases.first { reportGap(from: startOffset ?? .zero, to: first) }
    let lastFilled = try lastFilledSegment(bases, from: firstUnsynced)
    for (index, base) in bases.enumerated() {
      let isLast = index + 1 == bases.count
      let next = isLast ? nil : bases[index + 1]
      if index < firstUnsynced, let next {
        let segment = Segment(
          baseOffset: base, directory: directory, byteCount: try size(ofSegment: base),
          isSealed: true)
        if next > producersFrom { try learnProducers(from: segment, producersFrom, &producers) }
        sealed.append(segment)
        expected = next
        continue
      }
      if index > lastFilled, expected != base, isContiguous(at: base) {
        // Nothing is in the segments from here on, and the log does not end where they begin.
        try remove(base)
        continue
      }
      var recovery = SegmentRecovery(
        partition: identity, baseOffset: base,
        nextBaseOffset: next.flatMap { index >= lastFilled && isContiguous(at: $0) ? nil : $0 },
        directory: directory,
        producersFrom: producersFrom, producers: producers, epochs: epochs,
        isGapless: isGapless, isContiguous: next.map { isContiguous(at: $0) } ?? true,
        journaled: { [journal, isGapless] offsets in
          journal.batches(of: key, in: offsets, isGapless: isGapless)
        },
        onScanned: onScanned)
      let start = index == firstUnsynced ? resume : nil
      let found = try recovery.run(
        from: start?.position ?? 0, nextOffset: start?.offset ?? base,
        scan: start?.scan
          ?? SegmentScan(
            baseOffset: base, indexIntervalBytes: configuration.indexIntervalBytes))
      producers = recovery.producers
      epochs = recovery.epochs
      report.merge(recovery.report)
      report.rebuiltIndexCount += 1
      expected = found.nextOffset
      let segment = try makeSegment(
        base, found, isSealed: !isLast, knownBelow: start == nil ? nil : producersFrom)
      active = found
      sealed.append(segment)
    }
    // Learnt anew and the same: the file needs no other content.
    if epochs.entries == foundEpochs.entries { epochs = foundEpochs }
    guard let last = sealed.popLast() else {
      return try finish(try makeEmptyLog(topicID, producers, epochs), key)
    }
    return try finish(
      try makeLog(
        sealed: sealed, state: activeState(last, active, expected, producers, epochs), topicID,
        isSynced: false), key)
  }

  /// The append state of a log whose last segment was scanned, or lost its successors.
  private func activeState(
    _ segment: Segment, _ found: RecoveredSegment?, _ end: Offset, _ producers: ProducerStates,
    _ epochs: LeaderEpochs
  ) throws(LogError) -> AppendState {
    var epochs = epochs
    epochs.truncate(to: end)
    var state = AppendState(
      settings: AppendSettings(configuration), active: segment, nextOffset: end,
      producers: producers, epochs: epochs)
    if let found {
      state.latest = found.scan.latest
      state.unindexedByteCount = found.scan.unindexedByteCount
      state.indexEntryCount = found.scan.offsets.count
      state.firstTimestampMilliseconds = try firstTimestamp(of: segment)
      state.indexesAreGrowing = true
    }
    segment.reopen()
    return state
  }

  /// Appends what the journal has beyond the log's end. The store syncs all logs together.
  private mutating func finish(
    _ log: PartitionLog, _ key: JournalReplay.PartitionKey
  ) throws(LogError) -> PartitionLog {
    var replayedCount = 0
    try journal.forEachBatch(of: key, from: log.endOffset) { (header, batch) throws(LogError) in
      let end = log.endOffset
      guard header.baseOffset >= end else { return }
      // A commit is of all that was there: where offsets may be missing, these were.
      if isGapless, end > log.startOffset { reportGap(from: end, to: header.baseOffset) }
      _ = try log.append(batch, origin: .leader)
      replayedCount += 1
    }
    report.replayedBatchCount += replayedCount
    if rewritesUnsynced { try log.rewriteFiles() }
    return log
  }

  private struct ResumePoint {
    var position: Int
    var offset: Offset
    var scan: SegmentScan
  }

  /// A scan need not begin at the segment's start when an index written before the crash leads to a
  /// batch at or below both the recovery point and the producers' snapshot.
  private func resumePoint(
    _ base: Offset, producersFrom: Offset
  ) throws(LogError) -> ResumePoint? {
    let target = min(recoveryPoint, producersFrom)
    guard target > base, target - base <= Int64(Int32.max) else { return nil }
    let name = { (kind: SegmentFileName.Kind) in
      directory.path(SegmentFileName(baseOffset: base, kind: kind))
    }
    let size = try size(ofSegment: base)
    guard let index = try directory.readOffsetIndex(name(.index), logByteCount: size),
      let times = try directory.readTimeIndex(name(.timeindex))
    else { return nil }
    let position = index.floor(of: Int32(target - base) - 1)
    guard position > 0 else { return nil }
    let file = try directory.open(name(.log), .readOnly)
    var reader = BatchReader(file: file, from: position, to: size, checksChecksums: true)
    guard case .batch(let header, _) = try reader.next(), header.baseOffset > base,
      header.baseOffset <= target
    else { return nil }
    var scan = SegmentScan(
      baseOffset: base, indexIntervalBytes: configuration.indexIntervalBytes)
    scan.resume(
      offsets: index.truncated(toPosition: position),
      times: times.truncated(to: Int32(header.baseOffset - base)))
    return ResumePoint(position: position, offset: header.baseOffset, scan: scan)
  }

  private func makeSegment(
    _ base: Offset, _ found: RecoveredSegment, isSealed: Bool, knownBelow: Offset?
  ) throws(LogError) -> Segment {
    var scan = found.scan
    if isSealed { scan.finishTimes() }
    let segment = Segment(
      baseOffset: base, directory: directory, byteCount: found.byteCount, isSealed: isSealed,
      offsetIndex: scan.offsets, timeIndex: scan.times)
    if let knownBelow {
      // What the file says of later ones may have been cut since.
      let before = try segment.abortedTransactions().filter { $0.lastOffset < knownBelow }
      segment.setAborted(before + found.aborted)
    } else {
      segment.setAborted(found.aborted)
    }
    return segment
  }

  private func learnProducers(
    from segment: Segment, _ from: Offset, _ producers: inout ProducerStates
  ) throws(LogError) {
    let start = from > segment.baseOffset ? try segment.floor(of: from) : 0
    var reader = BatchReader(
      file: try segment.file(), from: start, to: segment.byteCount, checksChecksums: false)
    while true {
      switch try reader.next() {
      case .batch(let header, _):
        guard header.hasProducer, header.baseOffset >= from else { continue }
        let record = try unsafe ControlRecord.read(
          from: reader.batch, header, path: segment.logPath)
        _ = producers.add(header, control: record)
      case .end:
        return
      case .invalid(let reason, let position):
        throw .corrupt(
          path: segment.logPath, position: FilePosition(rawValue: position), reason: reason)
      }
    }
  }

  /// A crash may take the name of a file that nobody had asked to be durable and leave the next one's.
  private mutating func reportGap(from first: Offset, to end: Offset) {
    guard first < end, isContiguous(at: end) else { return }
    report.damages.append(
      RecoveryReport.Damage(
        partition: identity, path: directory.path, position: .zero, byteCount: 0,
        offsets: first..<end, quarantinePath: "",
        reason: .truncated(needed: RecordBatchHeader.byteCount, available: 0)))
  }

  /// The index of the last segment that holds a whole batch, or that begins where the log is known to
  /// have reached; at least `first`.
  private func lastFilledSegment(_ bases: [Offset], from first: Int) throws(LogError) -> Int {
    for (index, base) in bases.enumerated().reversed() where index > first {
      guard base > recoveryPoint else { return index }
      let size = try size(ofSegment: base)
      guard size > 0 else { continue }
      let file = try directory.open(
        directory.path(SegmentFileName(baseOffset: base, kind: .log)), .readOnly)
      let written = try BatchSearch.lastNonzero(of: file, from: 0, to: size)
      let search = BatchSearch(file: file, offsets: base...Offset(rawValue: .max))
      if try search.first(from: 0, to: written, fileSize: size) != nil { return index }
    }
    return first
  }

  /// Removes the files of a segment that is no part of the log.
  private func remove(_ base: Offset) throws(LogError) {
    do throws(DiskError) {
      for kind in [SegmentFileName.Kind.index, .timeindex, .txnindex, .log] {
        let derived = directory.path(SegmentFileName(baseOffset: base, kind: kind))
        if try services.disk.kind(of: derived) == .file { try services.disk.remove(derived) }
      }
    } catch {
      throw LogError(error)
    }
  }

  // MARK: Making the log

  private func makeEmptyLog(
    _ topicID: TopicID, _ producers: ProducerStates, _ epochs: LeaderEpochs
  ) throws(LogError) -> PartitionLog {
    let base = startOffset ?? .zero
    let segment = Segment(
      baseOffset: base, directory: directory, byteCount: 0, isSealed: false,
      offsetIndex: OffsetIndex(), timeIndex: TimeIndex())
    segment.adopt(try directory.open(segment.logPath, .createEmpty))
    var state = AppendState(
      settings: AppendSettings(configuration), active: segment, nextOffset: base,
      producers: producers, epochs: epochs)
    state.indexesAreGrowing = true
    return try makeLog(sealed: [], state: state, topicID, isSynced: false)
  }

  private func makeLog(
    sealed: [Segment], state: AppendState, _ topicID: TopicID, isSynced: Bool
  ) throws(LogError) -> PartitionLog {
    let segments = sealed + [state.active]
    let end = state.nextOffset
    let first = segments[0].baseOffset
    return PartitionLog(
      identity: identity, topicID: topicID, directory: directory, services: services,
      segments: segments, state: state, startOffset: min(max(startOffset ?? first, first), end),
      recoveryPoint: isSynced ? end : min(recoveryPoint, end), hasUnsyncedNames: !isSynced)
  }
}
