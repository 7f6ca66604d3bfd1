import CMoldauZstd
import MoldauFormat

/// Zstandard (RFC 8878): plain frames.
enum Zstd {
  static let levels = Int(ZSTD_minCLevel())...Int(ZSTD_maxCLevel())

  private static let encoders = ContextPool<ZstdEncoder>()
  private static let decoders = ContextPool<ZstdDecoder>()

  /// Appends one frame, which states its content's size and has no checksum.
  static func compress(_ bytes: RawSpan, level: Int?, into output: inout [UInt8]) {
    encoders.withContext { encoder in
      output.append(addingCapacity: ZSTD_compressBound(bytes.byteCount)) { tail in
        encoder.encode(bytes, level: level ?? Int(ZSTD_CLEVEL_DEFAULT), into: &tail)
      }
    }
  }

  /// Decodes in steps, since writers of streams leave the content's size out of the header.
  static func decompress(
    _ bytes: RawSpan, limit: Int, into output: inout [UInt8]
  ) throws(FormatError) {
    try decoders.withContext { (decoder: ZstdDecoder) throws(FormatError) in
      try decoder.decodeFrames(bytes, limit: limit, into: &output)
    }
  }
}

/// `ZSTD_CCtx`.
// SAFETY: the context belongs to this object, which the pool lends to one call at a time.
@safe
private final class ZstdEncoder: PooledContext, @unchecked Sendable {
  private let context: OpaquePointer

  init() {
    guard let created = unsafe ZSTD_createCCtx() else {
      preconditionFailure("no memory for a zstd context")
    }
    unsafe context = created
  }

  deinit {
    unsafe ZSTD_freeCCtx(context)
  }

  func reset() {
    let result = unsafe ZSTD_CCtx_reset(context, ZSTD_reset_session_and_parameters)
    precondition(ZSTD_isError(result) == 0, "a session can be left at any time")
  }

  var isWorthKeeping: Bool { unsafe ZSTD_sizeof_CCtx(context) <= Limits.pooledContextByteCount }

  /// - Precondition: `output` has room for `ZSTD_compressBound`.
  func encode(_ bytes: RawSpan, level: Int, into output: inout OutputSpan<UInt8>) {
    let set = unsafe ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, Int32(level))
    precondition(ZSTD_isError(set) == 0, "the caller checks the level")
    // SAFETY: C reads the borrowed bytes and writes at most `count` bytes of the free tail.
    unsafe bytes.withUnsafeBytes { source in
      unsafe output.withUnsafeMutableBufferPointer { buffer, count in
        let result = unsafe ZSTD_compress2(
          context, buffer.baseAddress, buffer.count, source.baseAddress, source.count)
        precondition(ZSTD_isError(result) == 0, "the buffer has the library's own bound")
        count = result
      }
    }
  }
}

/// `ZSTD_DCtx`.
// SAFETY: the context belongs to this object, which the pool lends to one call at a time.
@safe
private final class ZstdDecoder: FrameDecoder, @unchecked Sendable {
  static let codec = CompressionCodec.zstd

  private let context: OpaquePointer
  private var isAtFrameStart = true

  init() {
    guard let created = unsafe ZSTD_createDCtx() else {
      preconditionFailure("no memory for a zstd context")
    }
    unsafe context = created
  }

  deinit {
    unsafe ZSTD_freeDCtx(context)
  }

  func reset() {
    let result = unsafe ZSTD_DCtx_reset(context, ZSTD_reset_session_only)
    precondition(ZSTD_isError(result) == 0, "a session can be left at any time")
    isAtFrameStart = true
  }

  var isWorthKeeping: Bool { unsafe ZSTD_sizeof_DCtx(context) <= Limits.pooledContextByteCount }

  func decode(
    _ input: RawSpan, into output: inout OutputSpan<UInt8>
  ) throws(FormatError) -> DecodingStep {
    if isAtFrameStart && !Self.startsFrame(input) {
      throw .malformedCompression(codec: .zstd, reason: "no zstd frame starts here")
    }
    var consumed = 0
    // SAFETY: C reads at most the input and writes at most the free tail; `pos` says how much.
    let result = unsafe input.withUnsafeBytes { source in
      unsafe output.withUnsafeMutableBufferPointer { buffer, count in
        var from = unsafe ZSTD_inBuffer(src: source.baseAddress, size: source.count, pos: 0)
        var to = unsafe ZSTD_outBuffer(dst: buffer.baseAddress, size: buffer.count, pos: count)
        let result = unsafe ZSTD_decompressStream(context, &to, &from)
        consumed = unsafe from.pos
        count = unsafe to.pos
        return result
      }
    }
    guard ZSTD_isError(result) == 0 else {
      throw .malformedCompression(
        codec: .zstd, reason: unsafe String(cString: ZSTD_getErrorName(result)))
    }
    isAtFrameStart = result == 0
    return DecodingStep(consumedByteCount: consumed, endsFrame: result == 0)
  }

  /// Whether a frame of RFC 8878 starts here, skippable ones included.
  ///
  /// The library would also read the formats from before the RFC, with decoders of their own that
  /// no Kafka client ever wrote for.
  private static func startsFrame(_ bytes: RawSpan) -> Bool {
    guard bytes.byteCount >= 4 else { return false }
    let magic = UInt32(
      littleEndian: unsafe bytes.unsafeLoadUnaligned(fromByteOffset: 0, as: UInt32.self))
    return magic == UInt32(ZSTD_MAGICNUMBER)
      || magic & UInt32(ZSTD_MAGIC_SKIPPABLE_MASK) == UInt32(ZSTD_MAGIC_SKIPPABLE_START)
  }
}
