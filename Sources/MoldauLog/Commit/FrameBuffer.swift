import Glibc
import MoldauDisk
import MoldauFormat

/// The memory in which the commit thread puts a journal frame together; grows and is kept.
///
/// `@unchecked Sendable`: only the commit thread touches it.
@safe final class FrameBuffer: @unchecked Sendable {
  private var memory: UnsafeMutableRawBufferPointer
  private var count = 0
  private var frameByteCount = 0

  init() {
    unsafe memory = .allocate(byteCount: 256 << 10, alignment: 4096)
  }

  deinit {
    unsafe memory.deallocate()
  }

  /// The bytes of the frame so far.
  var byteCount: Int { count }

  /// The frame with its padding.
  var bytes: UnsafeRawBufferPointer {
    unsafe UnsafeRawBufferPointer(rebasing: memory[..<frameByteCount])
  }

  /// Starts a frame.
  func begin() {
    count = CommitJournalFrame.headerByteCount
  }

  /// Adds the batches of an extent, read from the segment's file.
  func add(_ extent: CommitExtent, of log: PartitionLog) throws(DiskError) {
    let start = count
    let header = CommitJournalFrame.entryHeaderByteCount
    reserve(start + header + extent.byteCount)
    guard let base = unsafe memory.baseAddress else { preconditionFailure("no memory") }
    let target = unsafe UnsafeMutableRawBufferPointer(
      start: base + start + header, count: extent.byteCount)
    let file: any DiskFile
    do throws(LogError) { file = try extent.segment.file() } catch {
      guard case .io(let call, let path, let errno) = error else {
        throw DiskError(call: "open", path: extent.segment.logPath, errno: EIO)
      }
      throw DiskError(call: call, path: path, errno: errno)
    }
    let read = try unsafe file.read(into: target, at: extent.start)
    guard read == extent.byteCount else {
      throw DiskError(call: "pread", path: file.path, errno: 5)
    }
    // SAFETY: `reserve` has made room; the batch's first eight bytes were just read.
    let baseOffset = unsafe UnsafeRawPointer(base + start + header).bigEndian(Int64.self, at: 0)
    unsafe CommitJournalFrame.storeEntryHeader(
      kind: .batches, topicID: log.topicID, partition: log.identity.partition,
      baseOffset: Offset(rawValue: baseOffset), batchByteCount: extent.byteCount,
      to: base + start)
    count = start + header + extent.byteCount
  }

  /// Adds the entry that voids earlier ones.
  func addTruncation(of log: PartitionLog, to offset: Offset) {
    reserve(count + CommitJournalFrame.entryHeaderByteCount)
    guard let base = unsafe memory.baseAddress else { preconditionFailure("no memory") }
    // SAFETY: `reserve` has made room.
    unsafe CommitJournalFrame.storeEntryHeader(
      kind: .truncation, topicID: log.topicID, partition: log.identity.partition,
      baseOffset: offset, batchByteCount: 0, to: base + count)
    count += CommitJournalFrame.entryHeaderByteCount
  }

  /// Writes the frame's header and, behind the frame, zeros up to `paddedByteCount`.
  func finish(sequence: UInt64, entryCount: Int, paddedByteCount: Int) {
    reserve(paddedByteCount)
    frameByteCount = max(count, paddedByteCount)
    unsafe CommitJournalFrame.storeHeader(
      sequence: sequence, entryCount: entryCount,
      frame: UnsafeMutableRawBufferPointer(rebasing: memory[..<count]))
    let padding = unsafe UnsafeMutableRawBufferPointer(rebasing: memory[count..<frameByteCount])
    unsafe padding.initializeMemory(as: UInt8.self, repeating: 0)
  }

  private func reserve(_ byteCount: Int) {
    guard unsafe byteCount > memory.count else { return }
    let larger = unsafe UnsafeMutableRawBufferPointer.allocate(
      byteCount: max(byteCount, memory.count * 2), alignment: 4096)
    unsafe larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: memory[..<count]))
    unsafe memory.deallocate()
    unsafe memory = larger
  }
}
