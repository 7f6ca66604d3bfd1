import MoldauDisk
import MoldauFormat

/// Writes the one segment that takes the place of several, to `.cleaned` files beside them.
///
/// Nothing is written as long as the result is the first segment as it is. Owned by one pass.
struct CleanedSegmentWriter: ~Copyable {
  /// A segment whose `.cleaned` files are written and synced.
  struct Cleaned {
    var byteCount: Int
  }

  private let first: Segment
  private let directory: PartitionDirectory
  private var file: (any DiskFile)?
  private var scan: SegmentScan
  private var aborted: [AbortedTransaction] = []
  /// The bytes of all batches so far.
  private var position = 0
  /// Bytes that wait to be written, up to `position`.
  private var buffer: [UInt8] = []

  init(first: Segment, directory: PartitionDirectory) {
    self.first = first
    self.directory = directory
    scan = SegmentScan(
      baseOffset: first.baseOffset, indexIntervalBytes: directory.indexIntervalBytes)
  }

  private func path(_ kind: SegmentFileName.Kind) -> String {
    directory.path(
      SegmentFileName(baseOffset: first.baseOffset, kind: kind, state: .cleaned))
  }

  /// Says that the result differs from the first segment from here on.
  mutating func beginChange() throws(LogError) {
    guard file == nil else { return }
    let copy = try directory.open(path(.log), .createEmpty)
    let original = try first.file()
    do throws(DiskError) { try original.copy(0..<position, to: copy, at: 0) } catch {
      throw LogError(error)
    }
    file = copy
  }

  /// Adds a batch; before `beginChange`, the next one of the first segment.
  mutating func add(
    _ batch: RawSpan, _ header: RecordBatchHeader, aborted entry: AbortedTransaction?
  ) throws(LogError) {
    guard position <= Limits.maxSegmentBytes - batch.byteCount else {
      throw .corrupt(
        path: path(.log), position: FilePosition(rawValue: position),
        reason: .lengthOutOfRange(field: "segment", length: position + batch.byteCount))
    }
    scan.add(header, at: position)
    if let entry { aborted.append(entry) }
    position += batch.byteCount
    guard file != nil else { return }
    // SAFETY: the buffer is read within its count and not kept.
    unsafe batch.withUnsafeBytes { unsafe buffer.append(contentsOf: $0) }
    if buffer.count >= Limits.scanBytes { try writeBuffer() }
  }

  private mutating func writeBuffer() throws(LogError) {
    guard let file, !buffer.isEmpty else { return }
    let start = position - buffer.count
    do throws(DiskError) {
      // SAFETY: the buffer is the array's own storage and is not kept.
      try unsafe buffer.span.bytes.withUnsafeBytes { (bytes) throws(DiskError) in
        try unsafe file.write(bytes, at: start)
      }
    } catch {
      throw LogError(error)
    }
    buffer.removeAll(keepingCapacity: true)
  }

  /// Writes the indexes and makes all files durable, their names too; `nil` when the first segment may
  /// stay as it is.
  ///
  /// There is always a transaction index, if without entries: it takes the place of an old one.
  mutating func finish(modifiedMilliseconds: Int64) throws(LogError) -> Cleaned? {
    guard let file else { return nil }
    try writeBuffer()
    scan.finishTimes()
    var transactions: [UInt8] = []
    for entry in aborted { entry.encode(into: &transactions) }
    do throws(DiskError) {
      try file.sync()
      try write(scan.offsets.encoded(), .index)
      try write(scan.times.encoded(), .timeindex)
      try write(transactions, .txnindex)
      try directory.disk.setModificationTime(of: path(.log), to: modifiedMilliseconds)
    } catch {
      throw LogError(error)
    }
    return Cleaned(byteCount: position)
  }

  private func write(_ bytes: [UInt8], _ kind: SegmentFileName.Kind) throws(DiskError) {
    let file = try directory.disk.open(path(kind), .createEmpty)
    // SAFETY: the buffer is the array's own storage and is not kept.
    try unsafe bytes.span.bytes.withUnsafeBytes { (buffer) throws(DiskError) in
      try unsafe file.write(buffer, at: 0)
    }
    try file.sync()
  }
}
