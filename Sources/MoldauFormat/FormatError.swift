/// What is wrong with bytes that should follow docs/format.
public enum FormatError: Error, Equatable, Sendable {
  /// The bytes end early: `needed` were expected, `available` were there.
  case truncated(needed: Int, available: Int)
  /// A length field holds `length`, which no well-formed input can.
  case lengthOutOfRange(field: String, length: Int)
  /// The batch has a magic byte other than 2.
  case unsupportedMagic(Int8)
  /// The stored checksum is not the one of the bytes.
  case checksumMismatch(stored: UInt32, computed: UInt32)
  /// A variable-length integer does not end within its width.
  case malformedVarint
  /// `field` contradicts another field or a rule of the format.
  case invalid(field: String, reason: String)
  /// The version of the file or message is not one that this build reads.
  case unsupportedVersion(field: String, version: Int)
  /// Decompression would pass the bound of `limit` bytes.
  case decompressedSizeAboveLimit(limit: Int)
  /// The compressed bytes are not what `codec` produces.
  case malformedCompression(codec: CompressionCodec, reason: String)
}
