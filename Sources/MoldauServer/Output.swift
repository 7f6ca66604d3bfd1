import MoldauBroker
import MoldauLog
import MoldauProtocol
import NIOCore

/// Answers in the order of the stream: bytes, and pieces of files between them.
struct Output {
  enum Piece {
    case bytes(ByteBuffer)
    case file(LogSlice)
  }

  private(set) var pieces: [Piece] = []
  /// Bytes behind the pieces.
  private var tail = ByteBuffer()
  /// The bytes in memory, files not counted.
  private(set) var byteCount = 0

  var isEmpty: Bool { byteCount == 0 && pieces.isEmpty }

  /// Appends an answer: small slices are copied here, which may wait for the disk; large ones are
  /// left to the system.
  ///
  /// - Throws: when a slice cannot be read. The answer's size is out by then: the stream is broken.
  mutating func append(
    _ reply: borrowing Reply, _ allocator: ByteBufferAllocator
  ) throws(LogError) {
    let slices = reply.slices
    try reply.writer.forEachSegment { (segment) throws(LogError) in
      switch segment {
      case .bytes(let range):
        reserve(range.count, allocator)
        tail.writeBytes(reply.writer.bytes.extracting(range))
        byteCount += range.count
      case .slice(let index, let count):
        try append(slices[index], count, allocator)
      }
    }
  }

  private mutating func append(
    _ slice: LogSlice, _ count: Int, _ allocator: ByteBufferAllocator
  ) throws(LogError) {
    // An answer of many partitions must not take as much memory as they hold.
    let isLarge =
      count >= Limits.fileTransferBytes
      || byteCount >= Limits.highWaterBytes && count >= Limits.smallFileTransferBytes
    if isLarge, FileTransfer.canSend(slice) {
      cutTail()
      pieces.append(.file(slice))
      return
    }
    reserve(count, allocator)
    var failure: LogError?
    unsafe tail.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { target in
      do throws(LogError) {
        // SAFETY: the buffer has room for `count` bytes.
        try unsafe slice.copy(into: target)
        return count
      } catch {
        failure = error
        return 0
      }
    }
    if let failure { throw failure }
    byteCount += count
  }

  /// Appends all of another output.
  mutating func append(_ other: consuming Output, _ allocator: ByteBufferAllocator) {
    if isEmpty {
      self = other
      return
    }
    for piece in other.pieces {
      switch piece {
      case .bytes(var bytes):
        reserve(bytes.readableBytes, allocator)
        tail.writeBuffer(&bytes)
      case .file:
        cutTail()
        pieces.append(piece)
      }
    }
    reserve(other.tail.readableBytes, allocator)
    tail.writeBuffer(&other.tail)
    byteCount += other.byteCount
  }

  /// Returns all pieces in order and forgets them.
  mutating func takeAll() -> [Piece] {
    cutTail()
    defer { self = Output() }
    return pieces
  }

  private mutating func reserve(_ count: Int, _ allocator: ByteBufferAllocator) {
    if tail.capacity == 0 { tail = allocator.buffer(capacity: max(count, 512)) }
  }

  private mutating func cutTail() {
    guard tail.readableBytes > 0 else { return }
    pieces.append(.bytes(tail))
    tail = ByteBuffer()
  }
}
