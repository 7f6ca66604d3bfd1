import MoldauCompression
import MoldauFormat

extension FuzzTarget {
  /// Each codec, both ways.
  static let compressionTargets = [
    FuzzTarget("gzip") { codecHolds(.gzip, $0) },
    FuzzTarget("snappy") { codecHolds(.snappy, $0) },
    FuzzTarget("lz4") { codecHolds(.lz4, $0) },
    FuzzTarget("zstd") { codecHolds(.zstd, $0) },
  ]

  private static func codecHolds(_ codec: CompressionCodec, _ bytes: RawSpan) {
    var output: [UInt8] = [0xA5]
    let isDecoded = result { () throws(FormatError) in
      try Compression.decompress(bytes, codec: codec, limit: decompressionLimit, into: &output)
      return true
    }
    precondition(output.first == 0xA5, "what was in the array stays")
    precondition(output.count <= 1 + decompressionLimit, "the bound holds")
    precondition(isDecoded == true || output.count == 1, "a failure leaves nothing behind")
    expectRoundTrip(codec, bytes)
  }

  private static func expectRoundTrip(_ codec: CompressionCodec, _ bytes: RawSpan) {
    do throws(FormatError) {
      var compressed: [UInt8] = []
      var back: [UInt8] = []
      try Compression.compress(bytes, codec: codec, into: &compressed)
      try Compression.decompress(
        compressed.rawSpan, codec: codec, limit: bytes.byteCount, into: &back)
      precondition(isEqual(back, bytes), "what is compressed comes back")
    } catch {
      preconditionFailure("what is compressed can be read: \(error)")
    }
  }
}
