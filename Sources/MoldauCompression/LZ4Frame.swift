import CMoldauLZ4
import MoldauFormat

/// The LZ4 frame format, written as Kafka's Java client does and read in every valid form.
enum LZ4Frame {
  static let levels = 1...17

  private static let decoders = ContextPool<LZ4FrameDecoder>()

  /// Appends one frame of independent 64 KiB blocks without checksums of the content.
  static func compress(_ bytes: RawSpan, level: Int?, into output: inout [UInt8]) {
    var preferences = LZ4F_preferences_t()
    preferences.frameInfo.blockSizeID = LZ4F_max64KB
    preferences.frameInfo.blockMode = LZ4F_blockIndependent
    preferences.frameInfo.contentChecksumFlag = LZ4F_noContentChecksum
    preferences.compressionLevel = Int32(level ?? 0)
    let bound = unsafe LZ4F_compressFrameBound(bytes.byteCount, &preferences)
    output.append(addingCapacity: bound) { tail in
      // SAFETY: C reads the borrowed bytes and writes at most `count` bytes of the free tail.
      unsafe bytes.withUnsafeBytes { source in
        unsafe tail.withUnsafeMutableBufferPointer { buffer, count in
          let result = unsafe LZ4F_compressFrame(
            buffer.baseAddress, buffer.count, source.baseAddress, source.count, &preferences)
          precondition(LZ4F_isError(result) == 0, "the buffer has the library's own bound")
          count = result
        }
      }
    }
  }

  static func decompress(
    _ bytes: RawSpan, limit: Int, into output: inout [UInt8]
  ) throws(FormatError) {
    try decoders.withContext { (decoder: LZ4FrameDecoder) throws(FormatError) in
      try decoder.decodeFrames(bytes, limit: limit, into: &output)
    }
  }
}

/// `LZ4F_dctx`.
// SAFETY: the context belongs to this object, which the pool lends to one call at a time.
@safe
private final class LZ4FrameDecoder: FrameDecoder, @unchecked Sendable {
  static let codec = CompressionCodec.lz4

  private let context: OpaquePointer
  private var isAtFrameStart = true
  /// The library keeps buffers for the greatest blocks it met, up to 4 MiB each.
  private var metLargeBlocks = false

  init() {
    var created: OpaquePointer?
    let result = unsafe LZ4F_createDecompressionContext(&created, UInt32(LZ4F_VERSION))
    guard LZ4F_isError(result) == 0, let created = unsafe created else {
      preconditionFailure("no memory for an LZ4 context")
    }
    unsafe context = created
  }

  deinit {
    unsafe LZ4F_freeDecompressionContext(context)
  }

  func reset() {
    unsafe LZ4F_resetDecompressionContext(context)
    isAtFrameStart = true
  }

  var isWorthKeeping: Bool { !metLargeBlocks }

  func decode(
    _ input: RawSpan, into output: inout OutputSpan<UInt8>
  ) throws(FormatError) -> DecodingStep {
    if isAtFrameStart {
      metLargeBlocks = metLargeBlocks || Self.announcesLargeBlocks(input)
    }
    var consumed = input.byteCount
    // SAFETY: C reads `consumed` bytes of the input and writes `produced` bytes of the free tail,
    // and lowers both to what it used.
    let result = unsafe input.withUnsafeBytes { source in
      unsafe output.withUnsafeMutableBufferPointer { buffer, count in
        var produced = buffer.count - count
        let result = unsafe LZ4F_decompress(
          context, buffer.baseAddress.map { unsafe $0 + count }, &produced,
          source.baseAddress, &consumed, nil)
        count += produced
        return result
      }
    }
    guard LZ4F_isError(result) == 0 else {
      throw .malformedCompression(
        codec: .lz4, reason: unsafe String(cString: LZ4F_getErrorName(result)))
    }
    isAtFrameStart = result == 0
    return DecodingStep(consumedByteCount: consumed, endsFrame: result == 0)
  }

  /// Whether the frame's blocks may be above 256 KiB: bits 4 to 6 of the header's sixth byte.
  private static func announcesLargeBlocks(_ frame: RawSpan) -> Bool {
    guard frame.byteCount > 5 else { return false }
    // SAFETY: the load checks its bounds, and every bit pattern is a valid integer.
    return unsafe frame.unsafeLoad(fromByteOffset: 5, as: UInt8.self) >> 4 & 7 > 5
  }
}
