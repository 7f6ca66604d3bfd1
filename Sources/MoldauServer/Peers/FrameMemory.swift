import NIOCore

/// The buffer into which a connection to another broker receives: an answer of several megabytes
/// lies in it as a whole, and is not copied on its way to the log.
///
/// It is lent to the socket for each read, with what has come of a frame at its front. On one event
/// loop.
final class FrameMemory {
  enum Step: Equatable {
    /// A frame of as many bytes has come whole.
    case frame(Int)
    case incomplete
    /// The size in front makes no sense.
    case malformed
  }

  private static let sizeByteCount = MemoryLayout<Int32>.size

  private var buffer = ByteBuffer()
  private var hasBegun = false
  private var isLent = false
  private var hasLost = false

  // MARK: For the socket

  /// Lends the buffer, with room for the rest of the frame that has begun.
  ///
  /// NIO keeps the first buffer for the channel's life; that is one of its own.
  func lend(_ allocator: ByteBufferAllocator) -> ByteBuffer {
    guard hasBegun else { return allocator.buffer(capacity: Limits.firstReceiveBytes) }
    guard !isLent else {
      // The socket has kept what was lent last, and what had come with it.
      hasLost = true
      return allocator.buffer(capacity: Limits.firstReceiveBytes)
    }
    isLent = true
    var lent = buffer
    buffer = ByteBuffer()
    if lent.capacity == 0 { lent = allocator.buffer(capacity: Limits.peerReceiveBytes) }
    let missing = missing(in: lent)
    if missing > lent.writableBytes {
      lent.reserveCapacity(minimumWritableBytes: missing)
    } else if lent.writableBytes == 0 {
      lent.reserveCapacity(minimumWritableBytes: Limits.peerReceiveBytes)
    }
    return lent
  }

  /// How many bytes the frame still needs that has begun.
  private func missing(in buffer: ByteBuffer) -> Int {
    guard case .some(let size) = size(in: buffer), size <= Limits.peerAnswerBytes else { return 0 }
    return Self.sizeByteCount + size - buffer.readableBytes
  }

  private func size(in buffer: ByteBuffer) -> Int? {
    buffer.getInteger(at: buffer.readerIndex, as: Int32.self).map { Int($0) }
  }

  /// Takes the buffer back, with what has come; false when something is missing.
  func takeBack(_ lent: ByteBuffer) -> Bool {
    guard !hasLost else { return false }
    guard hasBegun else {
      hasBegun = true
      buffer.writeImmutableBuffer(lent)
      return true
    }
    isLent = false
    buffer = lent
    return true
  }

  // MARK: Frames

  func nextFrame() -> Step {
    guard let size = size(in: buffer) else { return .incomplete }
    guard (0...Limits.peerAnswerBytes).contains(size) else { return .malformed }
    return buffer.readableBytes - Self.sizeByteCount >= size ? .frame(size) : .incomplete
  }

  /// Shows the frame that has come whole, its size taken off, and forgets it; what has come behind
  /// it moves to the front.
  func takeFrame(_ byteCount: Int, _ body: (RawSpan) -> Void) {
    show(Self.sizeByteCount..<(Self.sizeByteCount + byteCount), body)
    buffer.moveReaderIndex(forwardBy: Self.sizeByteCount + byteCount)
    if buffer.readableBytes > 0 {
      buffer.discardReadBytes()
    } else if buffer.capacity > Limits.peerKeptBytes {
      buffer = ByteBuffer()
    } else {
      buffer.clear()
    }
  }

  /// The buffer is held meanwhile, whatever `body` leads to.
  private func show(_ range: Range<Int>, _ body: (RawSpan) -> Void) {
    let held = buffer
    body(held.readableBytesSpan.extracting(range))
  }
}

/// Hands a channel's reads the buffer of its connection.
///
/// It must read once at a time (`maxMessagesPerRead` of 1).
struct FrameAllocator: RecvByteBufferAllocator {
  private let memory: NIOLoopBound<FrameMemory>

  /// On the event loop.
  init(_ memory: FrameMemory, _ eventLoop: any EventLoop) {
    self.memory = NIOLoopBound(memory, eventLoop: eventLoop)
  }

  func buffer(allocator: ByteBufferAllocator) -> ByteBuffer { memory.value.lend(allocator) }

  /// Says that the next buffer may be larger: NIO would read into the first one again else.
  mutating func record(actualReadBytes: Int) -> Bool { true }
}
