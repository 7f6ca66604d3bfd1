package import MoldauFormat

/// Compresses and decompresses the records of a batch, in the forms that Kafka's clients read.
///
/// Both calls append to the array that they are given and leave it as it was when they throw, so
/// one array serves many batches without a new allocation. Any number of threads may call at once:
/// the C libraries' contexts are lent to one call at a time from a bounded pool per codec.
package enum Compression {
  /// Appends the compressed form of `bytes` to `output`.
  ///
  /// - Parameter level: nil means the codec's default, which is Kafka's: gzip 6, zstd 3 and the
  ///   fast LZ4 compressor.
  /// - Throws: `.invalid` when `levels(of:)` does not hold `level`.
  /// - Complexity: O(*n*); one pass.
  package static func compress(
    _ bytes: RawSpan, codec: CompressionCodec, level: Int? = nil, into output: inout [UInt8]
  ) throws(FormatError) {
    if let level, levels(of: codec)?.contains(level) != true {
      throw .invalid(field: "compression level", reason: "\(codec) has no level \(level)")
    }
    switch codec {
    case .none: append(bytes, to: &output)
    case .gzip: Gzip.compress(bytes, level: level, into: &output)
    case .snappy: Snappy.compress(bytes, into: &output)
    case .lz4: LZ4Frame.compress(bytes, level: level, into: &output)
    case .zstd: Zstd.compress(bytes, level: level, into: &output)
    }
  }

  /// Appends what `bytes` decompress to, at most `limit` bytes, to `output`.
  ///
  /// Memory follows what was decoded and never what the input claims: `output` grows by doubling
  /// up to `limit`. A codec's own window comes on top (zstd: at most 128 MiB of address space, of
  /// which only what was decoded is touched).
  ///
  /// - Throws: `.decompressedSizeAboveLimit`, or `.malformedCompression` for bytes that end early,
  ///   contradict the codec's format, or go on behind it.
  /// - Complexity: O(*n*) in the number of decompressed bytes.
  package static func decompress(
    _ bytes: RawSpan, codec: CompressionCodec, limit: Int, into output: inout [UInt8]
  ) throws(FormatError) {
    precondition(limit >= 0, "a bound is a number of bytes")
    let start = output.count
    do throws(FormatError) {
      switch codec {
      case .none:
        guard bytes.byteCount <= limit else { throw .decompressedSizeAboveLimit(limit: limit) }
        append(bytes, to: &output)
      case .gzip: try Gzip.decompress(bytes, limit: limit, into: &output)
      case .snappy: try Snappy.decompress(bytes, limit: limit, into: &output)
      case .lz4: try LZ4Frame.decompress(bytes, limit: limit, into: &output)
      case .zstd: try Zstd.decompress(bytes, limit: limit, into: &output)
      }
    } catch {
      output.removeSubrange(start...)
      throw error
    }
  }

  /// The levels that `compress` takes; nil when the codec has none.
  ///
  /// The ranges are those of Kafka's topic settings. LZ4 levels above 12 mean 12.
  package static func levels(of codec: CompressionCodec) -> ClosedRange<Int>? {
    switch codec {
    case .none, .snappy: nil
    case .gzip: Gzip.levels
    case .lz4: LZ4Frame.levels
    case .zstd: Zstd.levels
    }
  }

  private static func append(_ bytes: RawSpan, to output: inout [UInt8]) {
    // SAFETY: the array copies the bytes while they are borrowed.
    unsafe bytes.withUnsafeBytes { unsafe output.append(contentsOf: $0) }
  }
}
