import NIOCore

/// Why a connection's bytes are no frames.
enum FrameError: Error, Equatable {
  case sizeOutOfRange(Int, limit: Int)
}

/// Cuts a stream of bytes into frames: an int32 size, and as many bytes.
///
/// A frame that came whole is a slice of what was received. One that came in parts is put together
/// in memory of its own, reserved once in its full size.
struct FrameAssembler {
  enum Step {
    /// A frame, its size taken off.
    case frame(ByteBuffer)
    /// More bytes are needed.
    case incomplete
    /// The frame's memory has to be granted first; call `next` again then.
    case needsMemory(byteCount: Int)
  }

  private let limit: Int
  /// What has come of a frame, or of its size.
  private var partial = ByteBuffer()
  /// The size of the frame that has begun, once it is known.
  private var frameByteCount: Int?
  private var hasMemory = false

  init(limit: Int) {
    self.limit = limit
  }

  /// Whether a frame has begun and not ended.
  var isWithinFrame: Bool { frameByteCount != nil || partial.readableBytes > 0 }

  /// Takes the next frame off the front of `incoming`.
  ///
  /// HOT: once per request.
  mutating func next(from incoming: inout ByteBuffer) throws(FrameError) -> Step {
    if !isWithinFrame {
      guard let size = incoming.getInteger(at: incoming.readerIndex, as: Int32.self) else {
        partial.writeBuffer(&incoming)
        return .incomplete
      }
      let byteCount = try check(size)
      incoming.moveReaderIndex(forwardBy: MemoryLayout<Int32>.size)
      if let frame = incoming.readSlice(length: byteCount) { return .frame(frame) }
      frameByteCount = byteCount
    }
    guard let byteCount = try takeSize(from: &incoming) else { return .incomplete }
    if !hasMemory, byteCount > Limits.unreservedFrameBytes {
      return .needsMemory(byteCount: byteCount)
    }
    if partial.capacity < byteCount { partial.reserveCapacity(byteCount) }
    take(byteCount - partial.readableBytes, from: &incoming)
    guard partial.readableBytes == byteCount else { return .incomplete }
    defer { reset() }
    return .frame(partial)
  }

  /// The memory that `needsMemory` asked for is there.
  mutating func grantMemory() {
    hasMemory = true
  }

  /// The size of the frame that has begun, read from two parts of the stream if need be.
  private mutating func takeSize(from incoming: inout ByteBuffer) throws(FrameError) -> Int? {
    if let frameByteCount { return frameByteCount }
    take(MemoryLayout<Int32>.size - partial.readableBytes, from: &incoming)
    guard partial.readableBytes == MemoryLayout<Int32>.size,
      let size = partial.readInteger(as: Int32.self)
    else { return nil }
    partial.clear()
    let byteCount = try check(size)
    frameByteCount = byteCount
    return byteCount
  }

  private mutating func take(_ byteCount: Int, from incoming: inout ByteBuffer) {
    guard var part = incoming.readSlice(length: min(byteCount, incoming.readableBytes)) else {
      return
    }
    partial.writeBuffer(&part)
  }

  private func check(_ size: Int32) throws(FrameError) -> Int {
    guard (0...limit).contains(Int(size)) else {
      throw .sizeOutOfRange(Int(size), limit: limit)
    }
    return Int(size)
  }

  private mutating func reset() {
    partial = ByteBuffer()
    frameByteCount = nil
    hasMemory = false
  }
}
