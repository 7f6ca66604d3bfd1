import MoldauCompression
import MoldauFormat

extension FuzzTarget {
  /// Each codec, both ways.
  static let compressionTargets = [
    FuzzTarget("gzip") { decompress(.gzip, $0) },
    FuzzTarget("snappy") { decompress(.snappy, $0) },
    FuzzTarget("lz4") { decompress(.lz4, $0) },
    FuzzTarget("zstd") { decompress(.zstd, $0) },
    // The first byte chooses the codec, the second its level; the rest is compressed.
    FuzzTarget("compression") { bytes in
      guard bytes.byteCount >= 2 else { return }
      let chosen = Int(byte(bytes, at: 0)) % CompressionCodec.allCases.count
      let codec = CompressionCodec.allCases[chosen]
      let level = Int(byte(bytes, at: 1))
      let isLevel = Compression.levels(of: codec)?.contains(level) == true
      roundTrip(codec, level: isLevel ? level : nil, bytes.extracting(droppingFirst: 2))
    },
  ]

  private static func decompress(_ codec: CompressionCodec, _ bytes: RawSpan) {
    var output: [UInt8] = [0xA5]
    let isDecoded = result { () throws(FormatError) in
      try Compression.decompress(bytes, codec: codec, limit: decompressionLimit, into: &output)
      return true
    }
    hold(output.first == 0xA5, "what was in the array stays")
    hold(output.count <= 1 + decompressionLimit, "the bound holds")
    hold(isDecoded == true || output.count == 1, "a failure leaves nothing behind")
  }

  private static func roundTrip(_ codec: CompressionCodec, level: Int?, _ bytes: RawSpan) {
    do throws(FormatError) {
      var compressed: [UInt8] = []
      var back: [UInt8] = []
      try Compression.compress(bytes, codec: codec, level: level, into: &compressed)
      try Compression.decompress(
        compressed.rawSpan, codec: codec, limit: bytes.byteCount, into: &back)
      hold(isEqual(back, bytes), "what is compressed comes back")
    } catch {
      fatalError("what is compressed can be read: \(error)")
    }
  }
}
