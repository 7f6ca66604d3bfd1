import CMoldauSnappy
import MoldauFormat

/// Snappy as Kafka's Java client frames it ("xerial"); plain blocks are read too.
///
/// The framing: 82 'SNAPPY' 00, int32 version, int32 oldest compatible version, then for each block
/// its int32 length and the block; integers are big-endian.
enum Snappy {
  private static let magic: [UInt8] = [0x82, 0x53, 0x4E, 0x41, 0x50, 0x50, 0x59, 0x00]
  private static let versions: [UInt8] = [0, 0, 0, 1, 0, 0, 0, 1]
  private static let headerByteCount = 16
  private static let lengthByteCount = 4

  static func compress(_ bytes: RawSpan, into output: inout [UInt8]) {
    output.append(contentsOf: magic)
    output.append(contentsOf: versions)
    var position = 0
    while position < bytes.byteCount {
      let end = min(position + Limits.snappyBlockByteCount, bytes.byteCount)
      appendBlock(bytes.extracting(position..<end), to: &output)
      position = end
    }
  }

  static func decompress(
    _ bytes: RawSpan, limit: Int, into output: inout [UInt8]
  ) throws(FormatError) {
    let bound = OutputBound(start: output.count, limit: limit)
    guard startsWithMagic(bytes) else {
      return try decodeBlock(bytes, bound: bound, into: &output)
    }
    var position = 0
    while position < bytes.byteCount {
      let rest = bytes.extracting(droppingFirst: position)
      if startsWithMagic(rest) {
        // Joined streams each bring their header.
        try checkHeader(rest)
        position += headerByteCount
        continue
      }
      let length = try blockLength(rest)
      let block = rest.extracting(lengthByteCount..<(lengthByteCount + length))
      try decodeBlock(block, bound: bound, into: &output)
      position += lengthByteCount + length
    }
  }

  private static func appendBlock(_ bytes: RawSpan, to output: inout [UInt8]) {
    let lengthPosition = output.count
    output.append(contentsOf: [0, 0, 0, 0])
    let start = output.count
    output.append(addingCapacity: snappy_max_compressed_length(bytes.byteCount)) { tail in
      // SAFETY: C reads the borrowed bytes and writes at most `length` bytes of the free tail.
      unsafe bytes.withUnsafeBytes { source in
        unsafe tail.withUnsafeMutableBufferPointer { buffer, count in
          var length = buffer.count
          let status = unsafe snappy_compress(
            source.assumingMemoryBound(to: CChar.self).baseAddress, source.count,
            UnsafeMutableRawPointer(buffer.baseAddress)?.assumingMemoryBound(to: CChar.self),
            &length)
          precondition(status == SNAPPY_OK, "the buffer has the library's own bound")
          count = length
        }
      }
    }
    let length = UInt32(output.count - start)
    for index in 0..<lengthByteCount {
      output[lengthPosition + index] = UInt8(truncatingIfNeeded: length >> (24 - 8 * index))
    }
  }

  private static func startsWithMagic(_ bytes: RawSpan) -> Bool {
    guard bytes.byteCount >= magic.count else { return false }
    // SAFETY: the comparison reads the borrowed bytes only.
    return unsafe bytes.withUnsafeBytes { unsafe $0.starts(with: magic) }
  }

  private static func checkHeader(_ bytes: RawSpan) throws(FormatError) {
    guard bytes.byteCount >= headerByteCount else {
      throw .malformedCompression(codec: .snappy, reason: "the bytes end within the header")
    }
    let version = bigEndianInt32(bytes, at: magic.count)
    guard version >= 1 else {
      throw .malformedCompression(codec: .snappy, reason: "the framing has version \(version)")
    }
  }

  /// The length of the block whose length field starts `bytes`, all of which is there.
  private static func blockLength(_ bytes: RawSpan) throws(FormatError) -> Int {
    guard bytes.byteCount >= lengthByteCount else {
      throw .malformedCompression(codec: .snappy, reason: "the bytes end within a length")
    }
    let length = Int(bigEndianInt32(bytes, at: 0))
    guard length >= 0, length <= bytes.byteCount - lengthByteCount else {
      throw .malformedCompression(
        codec: .snappy, reason: "a block of \(length) bytes does not fit in what is left")
    }
    return length
  }

  private static func decodeBlock(
    _ block: RawSpan, bound: OutputBound, into output: inout [UInt8]
  ) throws(FormatError) {
    let byteCount = try decodedByteCount(of: block)
    guard byteCount <= bound.remaining(in: output) else {
      throw .decompressedSizeAboveLimit(limit: bound.limit)
    }
    guard isPlausible(byteCount, from: block.byteCount) else {
      throw .malformedCompression(codec: .snappy, reason: "a block claims more than it can hold")
    }
    bound.reserve(byteCount, in: &output)
    var status = SNAPPY_OK
    output.append(addingCapacity: byteCount) { tail in
      // SAFETY: C reads the borrowed bytes and writes at most `length` bytes of the free tail.
      unsafe block.withUnsafeBytes { source in
        unsafe tail.withUnsafeMutableBufferPointer { buffer, count in
          var length = buffer.count
          status = unsafe snappy_uncompress(
            source.assumingMemoryBound(to: CChar.self).baseAddress, source.count,
            UnsafeMutableRawPointer(buffer.baseAddress)?.assumingMemoryBound(to: CChar.self),
            &length)
          count = status == SNAPPY_OK ? length : 0
        }
      }
    }
    guard status == SNAPPY_OK else {
      throw .malformedCompression(codec: .snappy, reason: "a block is damaged")
    }
  }

  private static func decodedByteCount(of block: RawSpan) throws(FormatError) -> Int {
    var byteCount = 0
    // SAFETY: C reads the borrowed bytes only.
    let status = unsafe block.withUnsafeBytes { source in
      unsafe snappy_uncompressed_length(
        source.assumingMemoryBound(to: CChar.self).baseAddress, source.count, &byteCount)
    }
    guard status == SNAPPY_OK else {
      throw .malformedCompression(codec: .snappy, reason: "a block has no valid length")
    }
    return byteCount
  }

  /// Whether a block can decode to `byteCount` bytes: its densest element is a copy of 64 bytes in
  /// 3. This ties the memory that is reserved to the bytes that came.
  private static func isPlausible(_ byteCount: Int, from blockByteCount: Int) -> Bool {
    byteCount <= (blockByteCount / 3 + 1) * 64
  }

  private static func bigEndianInt32(_ bytes: RawSpan, at position: Int) -> Int32 {
    // SAFETY: the load checks its bounds, and every bit pattern is a valid integer.
    unsafe Int32(bigEndian: bytes.unsafeLoadUnaligned(fromByteOffset: position, as: Int32.self))
  }
}
