import CMoldauZlib
import MoldauFormat

/// gzip (RFC 1952): one member is written, any number is read.
enum Gzip {
  static let levels = 1...9
  /// zlib's way to say: the greatest window, in a gzip wrapper.
  fileprivate static let windowBits: Int32 = 15 + 16

  private static let encoders = ContextPool<GzipEncoder>()
  private static let decoders = ContextPool<GzipDecoder>()

  static func compress(_ bytes: RawSpan, level: Int?, into output: inout [UInt8]) {
    encoders.withContext { encoder in
      encoder.use(level: Int32(level ?? Int(Z_DEFAULT_COMPRESSION)))
      output.append(addingCapacity: encoder.bound(bytes.byteCount)) { tail in
        encoder.encode(bytes, into: &tail)
      }
    }
  }

  static func decompress(
    _ bytes: RawSpan, limit: Int, into output: inout [UInt8]
  ) throws(FormatError) {
    try decoders.withContext { (decoder: GzipDecoder) throws(FormatError) in
      try decoder.decodeFrames(bytes, limit: limit, into: &output)
    }
  }
}

/// A `z_stream` that deflates.
// SAFETY: the stream belongs to this object, which the pool lends to one call at a time. It lies
// at an address of its own, since zlib's state points back at it.
@safe
private final class GzipEncoder: PooledContext, @unchecked Sendable {
  private let stream: UnsafeMutablePointer<z_stream>
  private var level = Z_DEFAULT_COMPRESSION

  init() {
    unsafe stream = .allocate(capacity: 1)
    unsafe stream.initialize(to: z_stream())
    let memoryLevel: Int32 = 8
    let result = unsafe deflateInit2_(
      stream, level, Z_DEFLATED, Gzip.windowBits, memoryLevel, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
      Int32(MemoryLayout<z_stream>.size))
    precondition(result == Z_OK, "no memory for a zlib stream")
  }

  deinit {
    unsafe deflateEnd(stream)
    unsafe stream.deallocate()
  }

  func reset() {
    let result = unsafe deflateReset(stream)
    precondition(result == Z_OK, "a stream can be left at any time")
  }

  var isWorthKeeping: Bool { true }

  func use(level: Int32) {
    guard level != self.level else { return }
    let result = unsafe deflateParams(stream, level, Z_DEFAULT_STRATEGY)
    precondition(result == Z_OK, "the caller checks the level")
    self.level = level
  }

  func bound(_ byteCount: Int) -> Int {
    Int(unsafe deflateBound(stream, UInt(byteCount)))
  }

  /// - Precondition: `output` has room for `bound`.
  func encode(_ bytes: RawSpan, into output: inout OutputSpan<UInt8>) {
    var position = 0
    var isComplete = false
    while !isComplete {
      let part = bytes.extracting(droppingFirst: position).extracting(first: Int(UInt32.max))
      let flush = position + part.byteCount == bytes.byteCount ? Z_FINISH : Z_NO_FLUSH
      let (consumed, result) = unsafe run(stream, from: part, into: &output) {
        unsafe deflate($0, flush)
      }
      position += consumed
      isComplete = result == Z_STREAM_END
      precondition(isComplete || consumed > 0, "the buffer has the library's own bound")
    }
  }
}

/// A `z_stream` that inflates.
// SAFETY: as for `GzipEncoder`.
@safe
private final class GzipDecoder: FrameDecoder, @unchecked Sendable {
  static let codec = CompressionCodec.gzip

  private let stream: UnsafeMutablePointer<z_stream>
  private var endedMember = false

  init() {
    unsafe stream = .allocate(capacity: 1)
    unsafe stream.initialize(to: z_stream())
    let result = unsafe inflateInit2_(
      stream, Gzip.windowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    precondition(result == Z_OK, "no memory for a zlib stream")
  }

  deinit {
    unsafe inflateEnd(stream)
    unsafe stream.deallocate()
  }

  func reset() {
    let result = unsafe inflateReset(stream)
    precondition(result == Z_OK, "a stream can be left at any time")
    endedMember = false
  }

  var isWorthKeeping: Bool { true }

  func decode(
    _ input: RawSpan, into output: inout OutputSpan<UInt8>
  ) throws(FormatError) -> DecodingStep {
    if endedMember {
      reset()
    }
    let part = input.extracting(first: Int(UInt32.max))
    let (consumed, result) = unsafe run(stream, from: part, into: &output) {
      unsafe inflate($0, Z_NO_FLUSH)
    }
    switch result {
    case Z_OK, Z_BUF_ERROR: break
    case Z_STREAM_END: endedMember = true
    default:
      let message = unsafe stream.pointee.msg.map { unsafe String(cString: $0) }
      throw .malformedCompression(codec: .gzip, reason: message ?? "zlib error \(result)")
    }
    return DecodingStep(consumedByteCount: consumed, endsFrame: endedMember)
  }
}

/// Makes one call of zlib, from the start of `input` into the free tail of `output`.
///
/// - Precondition: `input` has at most `UInt32.max` bytes.
private func run(
  _ stream: UnsafeMutablePointer<z_stream>, from input: RawSpan,
  into output: inout OutputSpan<UInt8>, _ call: (UnsafeMutablePointer<z_stream>) -> Int32
) -> (consumedByteCount: Int, result: Int32) {
  // SAFETY: zlib reads at most `avail_in` bytes and writes at most `avail_out`, and lowers both by
  // what it used. It never writes through `next_in`. The pointers are taken back at the end.
  unsafe input.withUnsafeBytes { source in
    unsafe output.withUnsafeMutableBufferPointer { buffer, count in
      let room = UInt32(clamping: buffer.count - count)
      unsafe stream.pointee.next_in = UnsafeMutablePointer(
        mutating: source.assumingMemoryBound(to: UInt8.self).baseAddress)
      unsafe stream.pointee.avail_in = UInt32(source.count)
      unsafe stream.pointee.next_out = buffer.baseAddress.map { unsafe $0 + count }
      unsafe stream.pointee.avail_out = room
      let result = unsafe call(stream)
      count += unsafe Int(room - stream.pointee.avail_out)
      let consumed = unsafe source.count - Int(stream.pointee.avail_in)
      unsafe stream.pointee.next_in = nil
      unsafe stream.pointee.avail_in = 0
      unsafe stream.pointee.next_out = nil
      unsafe stream.pointee.avail_out = 0
      return (consumed, result)
    }
  }
}
