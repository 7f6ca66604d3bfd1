import CMoldau
import MoldauFormat
import Testing

struct ChecksumTests {
  @Test(
    "the vectors of RFC 3720 come out",
    arguments: [
      ([UInt8](repeating: 0x00, count: 32), 0x8A91_36AA),
      ([UInt8](repeating: 0xFF, count: 32), 0x62A8_AB43),
      ([UInt8](0..<32), 0x46DD_794E),
      ([UInt8]((0..<32).reversed()), 0x113F_DB5C),
      (Array("123456789".utf8), 0xE306_9283),
      ([], 0),
    ] as [([UInt8], UInt32)])
  func vectors(bytes: [UInt8], checksum: UInt32) throws {
    #expect(try parse(bytes) { Checksum.crc32c($0) } == checksum)
    #expect(portable(extending: 0, bytes) == checksum)
  }

  @Test("all implementations agree at every short length and alignment")
  func agreement() throws {
    var generator = SeededGenerator(seed: 1)
    let bytes = generator.bytes(count: 300)
    for count in 0...260 {
      let part = Array(bytes[count % 7..<(count % 7 + count)])
      let seed = UInt32(truncatingIfNeeded: generator.next())
      let expected = bitByBit(extending: seed, part)
      #expect(try parse(part) { Checksum.crc32c(extending: seed, $0) } == expected)
      #expect(portable(extending: seed, part) == expected)
    }
  }

  @Test(
    "all implementations agree on inputs of many blocks",
    arguments: [6143, 6144, 16_391, 16_392, 16_393, 70_001])
  func longAgreement(count: Int) throws {
    var generator = SeededGenerator(seed: UInt64(count))
    let bytes = generator.bytes(count: count)
    #expect(try parse(bytes) { Checksum.crc32c($0) } == portable(extending: 0, bytes))
  }

  @Test("a checksum can be extended from any place", arguments: [0, 1, 47, 48, 49, 1000, 3999])
  func extending(middle: Int) throws {
    var generator = SeededGenerator(seed: 2)
    let bytes = generator.bytes(count: 4000)
    let whole = try parse(bytes) { Checksum.crc32c($0) }
    let head = try parse(Array(bytes[..<middle])) { Checksum.crc32c($0) }
    let both = try parse(Array(bytes[middle...])) { Checksum.crc32c(extending: head, $0) }
    #expect(both == whole)
  }

  private func portable(extending crc: UInt32, _ bytes: [UInt8]) -> UInt32 {
    // SAFETY: C reads exactly `count` bytes and keeps no pointer.
    unsafe bytes.withUnsafeBytes {
      unsafe moldau_crc32c_portable(crc, $0.baseAddress, $0.count)
    }
  }

  /// The definition, slowly.
  private func bitByBit(extending crc: UInt32, _ bytes: [UInt8]) -> UInt32 {
    var rest = ~crc
    for byte in bytes {
      rest ^= UInt32(byte)
      for _ in 0..<8 { rest = rest >> 1 ^ (rest & 1 == 1 ? 0x82F6_3B78 : 0) }
    }
    return ~rest
  }
}
