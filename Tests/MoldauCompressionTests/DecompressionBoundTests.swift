import MoldauCompression
import MoldauFormat
import Testing

@Suite("Decompression is bounded")
struct DecompressionBoundTests {
  @Test("the bound is exact", arguments: CompressionCodec.allCases)
  func exact(codec: CompressionCodec) throws {
    for size in [1, 4_096, 65_536, 300_000] {
      let compressed = try codec.compressed([UInt8](repeating: 5, count: size))
      #expect(try codec.decompressed(compressed, limit: size).count == size)
      #expect(throws: FormatError.decompressedSizeAboveLimit(limit: size - 1)) {
        try codec.decompressed(compressed, limit: size - 1)
      }
    }
  }

  @Test("gigabytes in a small input are refused in little memory", arguments: Bomb.allCases)
  func bombs(bomb: Bomb) throws {
    let bytes = try bomb.bytes()
    let limit = 1 << 20
    var output: [UInt8] = []
    #expect(throws: FormatError.decompressedSizeAboveLimit(limit: limit)) {
      try Compression.decompress(
        bytes.rawSpan, codec: bomb.codec, limit: limit, into: &output)
    }
    // The allocator may round up; it never comes near twice the bound.
    #expect(output.capacity < limit + limit / 2)
  }

  @Test("a size that is only claimed reserves nothing", arguments: Bomb.claims)
  func claims(codec: CompressionCodec, bytes: [UInt8]) {
    var output: [UInt8] = []
    #expect(throws: FormatError.self) {
      try Compression.decompress(bytes.rawSpan, codec: codec, limit: .max, into: &output)
    }
    #expect(output.capacity < 64 << 10)
  }
}

/// An input that would expand to a gigabyte or more; one gzip member to 64 MiB.
enum Bomb: String, CaseIterable {
  case gzipMember, gzipMembers, snappyBlocks, snappyClaim, lz4Blocks, zstdRuns

  var codec: CompressionCodec {
    switch self {
    case .gzipMember, .gzipMembers: .gzip
    case .snappyBlocks, .snappyClaim: .snappy
    case .lz4Blocks: .lz4
    case .zstdRuns: .zstd
    }
  }

  func bytes() throws -> [UInt8] {
    switch self {
    case .gzipMember:
      return try CompressionCodec.gzip.compressed(.init(repeating: 0, count: 64 << 20), level: 1)
    case .gzipMembers:
      let member = try CompressionCodec.gzip.compressed(.init(repeating: 0, count: 1 << 20))
      return repeated(member, count: 1_024)
    case .snappyBlocks:
      let one = try CompressionCodec.snappy.compressed(.init(repeating: 0, count: 32 << 10))
      return one.prefix(16) + repeated(Array(one.dropFirst(16)), count: 32 << 10)
    case .snappyClaim:
      return [0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 0x00, 0x00]
    case .lz4Blocks:
      let one = try CompressionCodec.lz4.compressed(.init(repeating: 0, count: 64 << 10))
      let block = one.dropFirst(7).dropLast(4)
      return one.prefix(7) + repeated(Array(block), count: 16 << 10) + [0, 0, 0, 0]
    case .zstdRuns:
      // A header without content size, then blocks of 128 KiB that repeat one byte.
      let run: [UInt8] = [0x02, 0x00, 0x10, 0x00]
      return [0x28, 0xB5, 0x2F, 0xFD, 0x00, 0x58] + repeated(run, count: 32 << 10)
    }
  }

  /// Doubles up, since appending is quick and a joined sequence is not.
  private func repeated(_ bytes: [UInt8], count: Int) -> [UInt8] {
    var output = bytes
    while output.count < bytes.count * count {
      output += output
    }
    return output
  }

  /// Headers that promise far more than follows.
  static let claims: [(codec: CompressionCodec, bytes: [UInt8])] = [
    // A plain block of 4 GiB − 1.
    (.snappy, [0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 0x00, 0x00]),
    // The framing, and a block length of 2 GiB − 1.
    (
      .snappy,
      [0x82, 0x53, 0x4E, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0x7F, 0xFF, 0xFF, 0xFF]
    ),
    // A content size of 2⁶² bytes with a window of 2 MiB.
    (.zstd, [0x28, 0xB5, 0x2F, 0xFD, 0xC0, 0x58, 0, 0, 0, 0, 0, 0, 0, 0x40, 0x09, 0, 0, 0x61]),
    // A content size of 1 TiB in the frame's header.
    (.lz4, [0x04, 0x22, 0x4D, 0x18, 0x68, 0x40, 0, 0, 0, 0, 0, 1, 0, 0, 0x57, 0, 0, 0, 0]),
  ]
}
