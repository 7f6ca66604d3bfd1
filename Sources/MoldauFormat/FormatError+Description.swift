extension FormatError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .truncated(let needed, let available):
      "it needs \(needed) bytes and \(available) are there"
    case .lengthOutOfRange(let field, let length): "\(field) is \(length), which cannot be"
    case .unsupportedMagic(let magic): "magic is \(magic), and only 2 is read"
    case .checksumMismatch(let stored, let computed):
      "the checksum is \(String(stored, radix: 16)) and that of the bytes"
        + " \(String(computed, radix: 16))"
    case .malformedVarint: "an integer of variable length does not end"
    case .invalid(let field, let reason): "\(field): \(reason)"
    case .unsupportedVersion(let field, let version):
      "\(field): version \(version) is not one that is read"
    case .decompressedSizeAboveLimit(let limit): "it decompresses to more than \(limit) bytes"
    case .malformedCompression(let codec, let reason): "\(codec): \(reason)"
    }
  }
}
