import MoldauCompression
import MoldauFormat

extension CompressionCodec {
  static let compressing: [CompressionCodec] = [.gzip, .snappy, .lz4, .zstd]

  func compressed(_ bytes: [UInt8], level: Int? = nil) throws(FormatError) -> [UInt8] {
    var output: [UInt8] = []
    try Compression.compress(bytes.rawSpan, codec: self, level: level, into: &output)
    return output
  }

  func decompressed(_ bytes: [UInt8], limit: Int = 64 << 20) throws(FormatError) -> [UInt8] {
    var output: [UInt8] = []
    try Compression.decompress(bytes.rawSpan, codec: self, limit: limit, into: &output)
    return output
  }
}

extension [UInt8] {
  var rawSpan: RawSpan {
    @_lifetime(borrow self)
    borrowing get {
      // SAFETY: a byte has no padding and any value.
      unsafe span.bytes
    }
  }

  var checksum: UInt32 { Checksum.crc32c(rawSpan) }
}
