import MoldauDisk
import MoldauFormat

/// The batches that a scan of a segment found, and what is derived from them.
struct RecoveredSegment {
  var scan: SegmentScan
  var byteCount: Int
  var nextOffset: Offset
  var firstTimestampMilliseconds: Int64?
  var aborted: [AbortedTransaction] = []
}

/// Checks the bytes of one segment's log from a position on, batch by batch, and mends what a crash
/// has left.
///
/// A tail of which no batch can be made is cut: it is an unfinished write. Bytes of which none can be
/// made although whole batches follow are damage: they go to a quarantine file, and what follows
/// stays (docs/decisions/recovery.md). Owned by one recovery thread.
struct SegmentRecovery {
  let partition: TopicPartition
  let baseOffset: Offset
  let directory: PartitionDirectory
  /// What the commit journal holds of a range of offsets, from its first on.
  let journaled: (Range<Offset>) -> JournaledBatches
  /// Whether batches are there for all offsets, as in a log that nobody compacts.
  let isGapless: Bool
  /// Whether the segment ended where the next one begins.
  let isContiguous: Bool
  /// Called with the number of bytes that were scanned since the last call.
  let onScanned: (Int) -> Void
  /// Begins the offsets of the next segment that holds anything, if there is one.
  let nextBaseOffset: Offset?

  /// Batches below are in `producers` already.
  let producersFrom: Offset
  var producers: ProducerStates
  var epochs: LeaderEpochs
  var report = RecoveryReport()
  /// Where bytes from the journal were put last.
  private var lastRestored: Offset?

  /// The position in the file at which the bytes that no batch can be made of begin; what a scan
  /// found of them.
  private enum Ending {
    case clean
    /// Nothing behind is a batch.
    case torn(at: Int, FormatError)
    /// There are spots with batches behind them.
    case damaged([DamagedSpot])
  }

  /// Bytes that no batch can be made of, in front of some that are one.
  private struct DamagedSpot {
    var bytes: Range<Int>
    /// What the batches on either side leave room for.
    var offsets: Range<Offset>
    var reason: FormatError
  }

  init(
    partition: TopicPartition, baseOffset: Offset, nextBaseOffset: Offset?,
    directory: PartitionDirectory, producersFrom: Offset, producers: ProducerStates,
    epochs: LeaderEpochs,
    isGapless: Bool, isContiguous: Bool, journaled: @escaping (Range<Offset>) -> JournaledBatches,
    onScanned: @escaping (Int) -> Void
  ) {
    self.partition = partition
    self.baseOffset = baseOffset
    self.nextBaseOffset = nextBaseOffset
    self.directory = directory
    self.producersFrom = producersFrom
    self.producers = producers
    self.epochs = epochs
    self.isGapless = isGapless
    self.isContiguous = isContiguous
    self.journaled = journaled
    self.onScanned = onScanned
  }

  private var logPath: String {
    directory.path(SegmentFileName(baseOffset: baseOffset, kind: .log))
  }

  /// Scans from `start`, where a batch begins, whose predecessors are in `scan`.
  mutating func run(
    from start: Int, nextOffset: Offset, scan: SegmentScan
  ) throws(LogError) -> RecoveredSegment {
    report.scannedSegmentCount += 1
    let (producers, epochs) = (self.producers, self.epochs)
    while true {
      var found = RecoveredSegment(scan: scan, byteCount: start, nextOffset: nextOffset)
      let file = try directory.open(logPath, .readWrite)
      let size = try Self.size(of: file)
      switch try walk(file, from: start, size: size, &found) {
      case .clean:
        guard try restore(to: file, at: size, after: found.nextOffset) else {
          reportGap(at: size, after: found.nextOffset)
          return found
        }
      case .torn(let position, let reason):
        guard try restore(to: file, at: position, after: found.nextOffset) else {
          try cutTail(file, at: position, size: size, next: found.nextOffset, reason)
          return found
        }
      case .damaged(let spots):
        try remove(spots, from: file, size: size)
      }
      // The file is another one now: scan it anew, from where this scan began.
      self.producers = producers
      self.epochs = epochs
    }
  }

  /// HOT: once per batch of unsealed segments on opening. Benchmark: `recovery`.
  private mutating func walk(
    _ file: any DiskFile, from start: Int, size: Int, _ found: inout RecoveredSegment
  ) throws(LogError) -> Ending {
    var reader = BatchReader(file: file, from: start, to: size, checksChecksums: true)
    var reported = start
    var spots: [DamagedSpot] = []
    while true {
      if reader.position - reported >= Limits.recoveryProgressBytes {
        onScanned(reader.position - reported)
        reported = reader.position
      }
      switch try reader.next() {
      case .end:
        report.scannedByteCount += size - start
        onScanned(size - reported)
        return spots.isEmpty ? .clean : .damaged(spots)
      case .batch(let header, let position):
        if let reason = misplacement(of: header, after: found.nextOffset) {
          guard try pass(file, position, size: size, reason, &found, &spots, &reader) else {
            return spots.isEmpty ? .torn(at: position, reason) : .damaged(spots)
          }
          continue
        }
        if found.firstTimestampMilliseconds == nil && position == 0 {
          found.firstTimestampMilliseconds = header.maxTimestampMilliseconds
        }
        found.scan.add(header, at: position)
        found.byteCount = position + header.batchByteCount
        found.nextOffset = header.nextOffset
        epochs.note(header.partitionLeaderEpoch, from: header.baseOffset)
        if header.hasProducer && header.baseOffset >= producersFrom {
          let record = try unsafe ControlRecord.read(from: reader.batch, header, path: logPath)
          if let aborted = producers.add(header, control: record) { found.aborted.append(aborted) }
        }
      case .invalid(let reason, let position):
        guard try pass(file, position, size: size, reason, &found, &spots, &reader) else {
          report.scannedByteCount += position - start
          return spots.isEmpty ? .torn(at: position, reason) : .damaged(spots)
        }
      }
    }
  }

  /// What is wrong with where a batch lies, if anything.
  private func misplacement(of header: RecordBatchHeader, after next: Offset) -> FormatError? {
    guard header.baseOffset >= next else {
      return .invalid(field: "baseOffset", reason: "\(header.baseOffset) is below \(next)")
    }
    guard header.lastOffset - baseOffset <= Int64(Int32.max) else {
      return .invalid(field: "baseOffset", reason: "too far above the segment's")
    }
    if let nextBaseOffset, header.lastOffset >= nextBaseOffset {
      return .invalid(field: "baseOffset", reason: "it belongs to the next segment")
    }
    return nil
  }

  /// Looks for a whole batch behind bytes that are none, and lets the walk go on there; returns `false`
  /// when there is none, or when the spots that were found are enough to be mended first.
  private func pass(
    _ file: any DiskFile, _ position: Int, size: Int, _ reason: FormatError,
    _ found: inout RecoveredSegment, _ spots: inout [DamagedSpot], _ reader: inout BatchReader
  ) throws(LogError) -> Bool {
    guard spots.count < Limits.maxSpotsMendedTogether else { return false }
    // Zeros at the end are room that was allocated ahead.
    let written = try BatchSearch.lastNonzero(of: file, from: position, to: size)
    // What is passed over was a batch at least.
    let least = isGapless ? found.nextOffset.advanced(by: 1) : found.nextOffset
    let most = nextBaseOffset ?? Offset(rawValue: .max)
    guard least <= most else { return false }
    let search = BatchSearch(file: file, offsets: least...most)
    var candidate = try search.first(from: position + 1, to: written, fileSize: size)
    while let found = candidate, try isContradicted(found.header, at: found.position, file, size) {
      candidate = try search.first(from: found.position + 1, to: written, fileSize: size)
    }
    guard let next = candidate else { return false }
    spots.append(
      DamagedSpot(
        bytes: position..<next.position, offsets: found.nextOffset..<next.header.baseOffset,
        reason: reason))
    found.nextOffset = next.header.baseOffset
    reader = BatchReader(file: file, from: next.position, to: size, checksChecksums: true)
    return true
  }

  /// Whether the batch behind a batch says that its offset is another one: no checksum covers that, and
  /// a crash may have left zeros for the sector in which it was. One that may be such a batch counts as
  /// one unless the batch behind it says that it is none.
  private func isContradicted(
    _ header: RecordBatchHeader, at position: Int, _ file: any DiskFile, _ size: Int
  ) throws(LogError) -> Bool {
    let isDoubtful = Self.mayLackOffset(header, at: position)
    guard isGapless || isDoubtful else { return false }
    var reader = BatchReader(
      file: file, from: position + header.batchByteCount, to: size, checksChecksums: true)
    guard case .batch(let follower, _) = try reader.next() else { return isDoubtful }
    return follower.baseOffset != header.nextOffset
  }

  /// Whether a sector ends in a batch's offset or length, and what it has of them ends in a zero: of a
  /// lost one the length says the same when only zeros of it were there.
  private static func mayLackOffset(_ header: RecordBatchHeader, at position: Int) -> Bool {
    let byteCount = Limits.sectorBytes - position % Limits.sectorBytes
    let offsetByteCount = MemoryLayout<Int64>.size
    guard byteCount <= offsetByteCount + MemoryLayout<Int32>.size else { return false }
    let length = header.batchByteCount - offsetByteCount - MemoryLayout<Int32>.size
    let last =
      byteCount <= offsetByteCount
      ? header.baseOffset.rawValue >> (8 * (offsetByteCount - byteCount))
      : Int64(length) >> (8 * (offsetByteCount + MemoryLayout<Int32>.size - byteCount))
    return last & 0xff == 0
  }

  // MARK: Mending

  /// Puts what the journal has of the end of a segment that others follow in its place; returns
  /// whether it has anything.
  private mutating func restore(
    to file: any DiskFile, at position: Int, after next: Offset
  ) throws(LogError) -> Bool {
    guard let nextBaseOffset, next < nextBaseOffset else { return false }
    // Bytes from the journal of which the scan made no batch would come again and again.
    guard lastRestored.map({ $0 < next }) ?? true else { return false }
    lastRestored = next
    let batches = journaled(next..<nextBaseOffset)
    guard batches.count > 0 else { return false }
    try truncate(file, to: position)
    do throws(DiskError) {
      // SAFETY: the buffer is the array's own storage and is not kept.
      try unsafe batches.bytes.span.bytes.withUnsafeBytes { (buffer) throws(DiskError) in
        try unsafe file.write(buffer, at: position)
      }
      // The file is closed next, and an error that comes after might be told to nobody.
      try file.sync()
    } catch {
      throw LogError(error)
    }
    report.replayedBatchCount += batches.count
    return true
  }

  /// A segment that ends before the next one begins has lost something.
  private mutating func reportGap(at position: Int, after next: Offset) {
    guard let nextBaseOffset, next < nextBaseOffset, isContiguous else { return }
    report.damages.append(
      RecoveryReport.Damage(
        partition: partition, path: logPath, position: FilePosition(rawValue: position),
        byteCount: 0, offsets: next..<nextBaseOffset, quarantinePath: "",
        reason: .truncated(needed: RecordBatchHeader.byteCount, available: 0)))
  }

  private mutating func cutTail(
    _ file: any DiskFile, at position: Int, size: Int, next: Offset, _ reason: FormatError
  ) throws(LogError) {
    guard position < size else { return }
    let written = try BatchSearch.lastNonzero(of: file, from: position, to: size)
    if let nextBaseOffset, next < nextBaseOffset || written > position {
      // More segments follow, so the log did not end here.
      let path: String
      do throws(DiskError) { path = try quarantine(file, position..<max(written, position)) } catch
      {
        throw LogError(error)
      }
      report.damages.append(
        RecoveryReport.Damage(
          partition: partition, path: logPath, position: FilePosition(rawValue: position),
          byteCount: written - position, offsets: next..<max(next, nextBaseOffset),
          quarantinePath: path, reason: reason))
    }
    report.cutByteCount += written - position
    try truncate(file, to: position)
  }

  /// Copies bytes to a file beside the segment; returns its path.
  private func quarantine(_ file: any DiskFile, _ range: Range<Int>) throws(DiskError) -> String {
    var path = "\(logPath).quarantine-\(range.lowerBound)"
    // What an earlier recovery put aside stays.
    while try directory.disk.kind(of: path) != nil { path += "+" }
    let copy = try directory.disk.open(path, .createEmpty)
    try file.copy(range, to: copy, at: 0)
    try copy.sync()
    return path
  }

  /// Writes the segment anew, with what the journal has in the place of the damaged bytes.
  private mutating func remove(
    _ spots: [DamagedSpot], from file: any DiskFile, size: Int
  ) throws(LogError) {
    let cleaned = SegmentFileName(baseOffset: baseOffset, kind: .log, state: .cleaned)
    do throws(DiskError) {
      let copy = try directory.disk.open(directory.path(cleaned), .createEmpty)
      var (read, written) = (0, 0)
      for spot in spots {
        try file.copy(read..<spot.bytes.lowerBound, to: copy, at: written)
        written += spot.bytes.lowerBound - read
        let restored = journaled(spot.offsets)
        // SAFETY: the buffer is the array's own storage and is not kept.
        try unsafe restored.bytes.span.bytes.withUnsafeBytes { (buffer) throws(DiskError) in
          try unsafe copy.write(buffer, at: written)
        }
        written += restored.bytes.count
        read = spot.bytes.upperBound
        try note(spot, restored, in: file)
      }
      try file.copy(read..<size, to: copy, at: written)
      try copy.sync()
      try directory.disk.rename(directory.path(cleaned), to: logPath)
      try directory.disk.syncDirectory(directory.path)
    } catch {
      throw LogError(error)
    }
  }

  /// Puts a spot's bytes aside and reports it, unless the journal has all of it.
  private mutating func note(
    _ spot: DamagedSpot, _ restored: JournaledBatches, in file: any DiskFile
  ) throws(DiskError) {
    report.replayedBatchCount += restored.count
    // Where offsets may be missing the bytes tell: a batch comes back as it was.
    let isWhole =
      isGapless
      ? restored.end == spot.offsets.upperBound : restored.bytes.count == spot.bytes.count
    guard !isWhole else { return }
    let path = try quarantine(file, spot.bytes)
    report.damages.append(
      RecoveryReport.Damage(
        partition: partition, path: logPath,
        position: FilePosition(rawValue: spot.bytes.lowerBound), byteCount: spot.bytes.count,
        offsets: max(restored.end, spot.offsets.lowerBound)..<spot.offsets.upperBound,
        quarantinePath: path, reason: spot.reason))
  }

  private func truncate(_ file: any DiskFile, to byteCount: Int) throws(LogError) {
    do throws(DiskError) { try file.truncate(to: byteCount) } catch { throw LogError(error) }
  }

  private static func size(of file: any DiskFile) throws(LogError) -> Int {
    do throws(DiskError) { return try file.size() } catch { throw LogError(error) }
  }
}
