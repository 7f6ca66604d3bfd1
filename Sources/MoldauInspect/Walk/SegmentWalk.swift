import MoldauDisk
import MoldauFormat
import MoldauLog

/// Walks over all that a log file holds, the damaged parts too, and changes nothing.
///
/// Judges as recovery does (`SegmentRecovery`): what that would keep is a batch here, what it would
/// cut or put in quarantine is unreadable. Owned by one thread.
struct SegmentWalk: ~Copyable {
  enum Step {
    case batch(RecordBatchHeader, position: Int)
    case unreadable(UnreadableBytes)
  }

  private let file: any DiskFile
  private let size: Int
  private let baseOffset: Offset
  private let nextBaseOffset: Offset?
  private var reader: BatchReader
  private var decoder = BatchDecoder()
  private var isOver = false
  /// The offset behind the last batch, below which none may begin.
  private(set) var nextOffset: Offset

  /// Walks from `start`, where a batch begins, to the file's end.
  ///
  /// - Parameter nextBaseOffset: where the next segment begins, if there is one.
  init(
    file: any DiskFile, from start: Int = 0, baseOffset: Offset, nextBaseOffset: Offset?
  ) throws(InspectError) {
    self.file = file
    self.baseOffset = baseOffset
    self.nextBaseOffset = nextBaseOffset
    size = try InspectError.wrap { () throws(DiskError) in try file.size() }
    reader = BatchReader(file: file, from: start, to: size, checksChecksums: false)
    nextOffset = baseOffset
  }

  /// The next batch or piece of damage, `nil` at the end of the file.
  mutating func next() throws(InspectError) -> Step? {
    guard !isOver else { return nil }
    do throws(LogError) {
      switch try reader.next() {
      case .end:
        return nil
      case .invalid(let reason, let position):
        return .unreadable(try skip(from: position, reason, header: nil))
      case .batch(let header, let position):
        if let reason = misplacement(of: header) ?? checksumError(of: header) {
          return .unreadable(try skip(from: position, reason, header: header))
        }
        nextOffset = header.nextOffset
        return .batch(header, position: position)
      }
    } catch {
      throw .log(error)
    }
  }

  /// What is wrong with the records of the batch at hand, if anything.
  ///
  /// Compaction leaves gaps between the offsets, so that they need only rise.
  mutating func recordsError(_ header: RecordBatchHeader) -> FormatError? {
    var last: Offset?
    var fall: FormatError?
    do throws(FormatError) {
      try unsafe decoder.forEachRecord(of: reader.batch, header) { record in
        if let last, record.offset <= last {
          fall = .invalid(field: "offsetDelta", reason: "\(record.offset) follows \(last)")
        }
        last = record.offset
        return fall == nil
      }
      if header.attributes.isControl {
        _ = try unsafe ControlRecord.read(from: reader.batch, header)
      }
    } catch {
      return error
    }
    return fall
  }

  /// Calls `body` with each record of the batch at hand.
  mutating func forEachRecord(
    _ header: RecordBatchHeader, _ body: (borrowing RecordView) -> Void
  ) throws(FormatError) {
    try unsafe decoder.forEachRecord(of: reader.batch, header) { record in
      body(record)
      return true
    }
  }

  /// The marker in the batch at hand; `nil` for data, and for a marker that cannot be read.
  func controlRecord(_ header: RecordBatchHeader) -> ControlRecord? {
    do throws(FormatError) {
      return try unsafe ControlRecord.read(from: reader.batch, header)
    } catch {
      return nil
    }
  }

  private func misplacement(of header: RecordBatchHeader) -> FormatError? {
    guard header.baseOffset >= nextOffset else {
      return .invalid(field: "baseOffset", reason: "\(header.baseOffset) is below \(nextOffset)")
    }
    guard header.lastOffset - baseOffset <= Int64(Int32.max) else {
      return .invalid(field: "baseOffset", reason: "too far above the segment's")
    }
    if let nextBaseOffset, header.lastOffset >= nextBaseOffset {
      return .invalid(field: "baseOffset", reason: "it belongs to the next segment")
    }
    return nil
  }

  private func checksumError(of header: RecordBatchHeader) -> FormatError? {
    do throws(FormatError) { try unsafe RecordBatch.checkChecksum(of: reader.batch, header) } catch
    {
      return error
    }
    return nil
  }

  /// Finds where whole batches go on, and puts the reader there.
  private mutating func skip(
    from position: Int, _ reason: FormatError, header: RecordBatchHeader?
  ) throws(LogError) -> UnreadableBytes {
    let written = try BatchSearch.lastNonzero(of: file, from: position, to: size)
    isOver = true
    guard written > position else {
      return UnreadableBytes(range: position..<size, extent: .zeros, reason: reason)
    }
    let limit = nextBaseOffset ?? Offset(rawValue: .max)
    let search = BatchSearch(file: file, offsets: nextOffset...max(nextOffset, limit))
    guard let found = try search.first(from: position + 1, to: written, fileSize: size) else {
      return UnreadableBytes(
        range: position..<written, extent: .tornTail, reason: reason, header: header)
    }
    isOver = false
    reader = BatchReader(file: file, from: found.position, to: size, checksChecksums: false)
    let lost = nextOffset..<found.header.baseOffset
    nextOffset = found.header.baseOffset
    return UnreadableBytes(
      range: position..<found.position, extent: .damage(lost), reason: reason, header: header)
  }
}
