import MoldauDisk
import MoldauFormat

/// What the commit journal of a store that was not closed holds, by partition.
///
/// Built once on opening, before any partition is recovered; read by the recovery threads.
struct JournalReplay: Sendable {
  struct PartitionKey: Hashable, Sendable {
    var topicID: TopicID
    var partition: Int32

    init(topicID: TopicID, partition: Int32) {
      self.topicID = topicID
      self.partition = partition
    }

    init(_ log: PartitionLog) {
      self.init(topicID: log.topicID, partition: log.identity.partition)
    }
  }

  /// Batches that lie one behind the other in one of the journal's files.
  struct Run: Sendable {
    var file: Int
    var bytes: Range<Int>
    var offsets: Range<Offset>
  }

  private var files: [[UInt8]] = []
  private var runs: [PartitionKey: [Run]] = [:]
  /// The bytes of frames that were damaged although others follow them.
  private(set) var damagedByteCount = 0

  init() {}

  /// Reads the journal's files in the order in which they were written.
  init(directory: String, disk: any Disk) throws(LogError) {
    var frames: [(file: Int, frame: CommitJournalFrame)] = []
    for name in CommitJournal.fileNames {
      let path = "\(directory)/\(name)"
      do throws(DiskError) {
        guard try disk.kind(of: path) == .file else { continue }
        files.append(try disk.contents(of: path))
      } catch {
        throw LogError(error)
      }
      let found = Self.frames(of: files[files.count - 1])
      damagedByteCount += found.damagedByteCount
      frames += found.frames.map { (files.count - 1, $0) }
    }
    frames.sort { $0.frame.sequence < $1.frame.sequence }
    for (file, frame) in frames {
      for entry in frame.entries { add(entry, file: file) }
    }
  }

  /// The frames from a file's start on, as far as they are whole and follow each other: what lies
  /// behind is of an earlier turn of the file, or was not written to its end.
  ///
  /// A frame that is not whole and is followed by the next but one is damaged, not the end.
  private static func frames(
    of bytes: [UInt8]
  ) -> (frames: [CommitJournalFrame], damagedByteCount: Int) {
    var frames: [CommitJournalFrame] = []
    var damagedByteCount = 0
    var position = 0
    while true {
      let expected = frames.last.map { $0.sequence + 1 }
      if let frame = frame(in: bytes, at: position, sequence: expected) {
        frames.append(frame)
        position += frame.byteCount
      } else if let expected, let end = claimedEnd(in: bytes, at: position, sequence: expected),
        let frame = frame(in: bytes, at: end, sequence: expected + 1)
      {
        damagedByteCount += end - position
        frames.append(frame)
        position = end + frame.byteCount
      } else {
        return (frames, damagedByteCount)
      }
    }
  }

  /// The frame of this sequence number, or of any, that begins at a position; nil when none does.
  private static func frame(
    in bytes: [UInt8], at position: Int, sequence: UInt64?
  ) -> CommitJournalFrame? {
    do throws(FormatError) {
      let frame = try unsafe CommitJournalFrame(parsing: bytes.span.bytes, at: position)
      return sequence.map { $0 == frame.sequence } ?? true ? frame : nil
    } catch {
      return nil
    }
  }

  /// Where a frame ends that is damaged behind its header, by what that says.
  private static func claimedEnd(
    in bytes: [UInt8], at position: Int, sequence: UInt64
  ) -> Int? {
    guard bytes.count - position >= CommitJournalFrame.headerByteCount else { return nil }
    let header = unsafe bytes.span.bytes.extracting(droppingFirst: position)
    guard header.bigEndian(UInt32.self, at: 0) == CommitJournalFrame.magic,
      header.bigEndian(UInt64.self, at: CommitJournalFrame.sequencePosition) == sequence
    else { return nil }
    let end =
      position + CommitJournalFrame.headerByteCount
      + Int(header.bigEndian(UInt32.self, at: CommitJournalFrame.payloadLengthPosition))
    return end <= bytes.count ? end : nil
  }

  private mutating func add(_ entry: CommitJournalFrame.Entry, file: Int) {
    let key = PartitionKey(topicID: entry.topicID, partition: entry.partition)
    switch entry.kind {
    case .truncation:
      let kept = (runs[key] ?? []).compactMap { cut($0, to: entry.baseOffset) }
      runs[key] = kept.isEmpty ? nil : kept
    case .batches:
      // A frame whose checksum holds was written by somebody; what it says may still be nonsense.
      guard let end = endOffset(of: entry.batches, in: file), end > entry.baseOffset else {
        return
      }
      // A log's entries follow each other: one that begins below the last's end was written after a
      // cut, whose entry may be in a damaged frame.
      if let last = runs[key]?.last, last.offsets.upperBound > entry.baseOffset {
        runs[key] = runs[key]?.compactMap { cut($0, to: entry.baseOffset) }
      }
      runs[key, default: []].append(
        Run(file: file, bytes: entry.batches, offsets: entry.baseOffset..<end))
    }
  }

  /// The part of a run whose batches end at or below `offset`.
  private func cut(_ run: Run, to offset: Offset) -> Run? {
    guard run.offsets.upperBound > offset else { return run }
    guard run.offsets.lowerBound < offset else { return nil }
    var end = run.bytes.lowerBound
    var last = run.offsets.lowerBound
    forEachBatch(of: run) { header, bytes in
      guard header.nextOffset <= offset else { return }
      end = bytes.upperBound
      last = header.nextOffset
    }
    return Run(
      file: run.file, bytes: run.bytes.lowerBound..<end, offsets: run.offsets.lowerBound..<last)
  }

  /// Whether there is nothing to replay.
  var isEmpty: Bool { runs.isEmpty }

  /// The end of what the journal holds of a partition.
  func end(of key: PartitionKey) -> Offset? { runs[key]?.last?.offsets.upperBound }

  /// What the journal holds of a range of a partition's offsets: batches that follow each other from
  /// the range's first offset on and end in it; without a gap unless the log may have them.
  func batches(
    of key: PartitionKey, in offsets: Range<Offset>, isGapless: Bool
  ) -> JournaledBatches {
    var found = JournaledBatches(end: offsets.lowerBound)
    for run in runs[key] ?? [] where run.offsets.upperBound > found.end {
      let file = files[run.file]
      forEachBatch(of: run) { header, bytes in
        guard header.baseOffset >= found.end, header.nextOffset <= offsets.upperBound,
          !isGapless || header.baseOffset == found.end
        else { return }
        found.bytes += file[bytes]
        found.end = header.nextOffset
        found.count += 1
      }
    }
    return found
  }

  /// Calls `body` with each batch that the journal holds of a partition at or above `offset`.
  func forEachBatch(
    of key: PartitionKey, from offset: Offset,
    _ body: (RecordBatchHeader, RawSpan) throws(LogError) -> Void
  ) throws(LogError) {
    for run in runs[key] ?? [] where run.offsets.upperBound > offset {
      var batches: [(RecordBatchHeader, Range<Int>)] = []
      forEachBatch(of: run) { batches.append(($0, $1)) }
      let file = files[run.file]
      for (header, bytes) in batches where header.baseOffset >= offset {
        try unsafe body(header, file.span.bytes.extracting(bytes))
      }
    }
  }

  private func forEachBatch(of run: Run, _ body: (RecordBatchHeader, Range<Int>) -> Void) {
    var position = run.bytes.lowerBound
    while let header = header(at: position, before: run.bytes.upperBound, in: run.file) {
      body(header, position..<position + header.batchByteCount)
      position += header.batchByteCount
    }
  }

  private func endOffset(of bytes: Range<Int>, in file: Int) -> Offset? {
    var position = bytes.lowerBound
    var end: Offset?
    while let header = header(at: position, before: bytes.upperBound, in: file) {
      end = header.nextOffset
      position += header.batchByteCount
    }
    return end
  }

  /// The header of a batch whose bytes the frame's checksum has covered.
  private func header(at position: Int, before end: Int, in file: Int) -> RecordBatchHeader? {
    guard end - position >= RecordBatchHeader.byteCount else { return nil }
    let bytes = files[file]
    do throws(FormatError) {
      let header = try unsafe RecordBatchHeader(
        parsing: bytes.span.bytes.extracting(position..<end))
      return header.batchByteCount <= end - position ? header : nil
    } catch {
      return nil
    }
  }
}

/// Batches that the commit journal gives back, one behind the other.
struct JournaledBatches {
  var bytes: [UInt8] = []
  var count = 0
  /// The offset behind the last one, the first that was asked for when there is none.
  var end: Offset
}
