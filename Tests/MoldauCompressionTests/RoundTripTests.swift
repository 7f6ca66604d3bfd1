import MoldauCompression
import MoldauDisk
import MoldauFormat
import Testing

@Suite("What is compressed comes back")
struct RoundTripTests {
  @Test("every codec, size and kind of data", arguments: CompressionCodec.allCases)
  func roundTrip(codec: CompressionCodec) throws {
    let seed = UInt64.random(in: 0...(.max))
    var generator = SeededGenerator(seed: seed)
    let sizes = [0, 1, 7, 100, 4_095, 32_768, 32_769, 65_536, 65_537, 1_000_003]
    for size in sizes {
      for data in [generator.bytes(size), generator.compressibleBytes(size)] {
        let back = try codec.decompressed(codec.compressed(data), limit: size)
        #expect(back == data, "seed \(seed), \(size) bytes")
      }
    }
  }

  @Test("every level of every codec", arguments: CompressionCodec.compressing)
  func levels(codec: CompressionCodec) throws {
    guard let levels = Compression.levels(of: codec) else { return }
    var generator = SeededGenerator(seed: 7)
    let data = generator.compressibleBytes(20_000)
    for level in Set([levels.lowerBound, -1, 0, 1, 3, 6, 9, 12, 15, levels.upperBound])
    where levels.contains(level) {
      #expect(try codec.decompressed(codec.compressed(data, level: level)) == data)
    }
  }

  @Test("a level that the codec lacks is refused", arguments: CompressionCodec.allCases)
  func unknownLevel(codec: CompressionCodec) {
    let level = Compression.levels(of: codec).map { $0.upperBound + 1 } ?? 1
    #expect(throws: FormatError.self) { try codec.compressed([1, 2, 3], level: level) }
  }

  @Test("both ways append", arguments: CompressionCodec.allCases)
  func appends(codec: CompressionCodec) throws {
    let data: [UInt8] = Array("over and over and over".utf8)
    var compressed: [UInt8] = [9, 8, 7]
    try Compression.compress(data.rawSpan, codec: codec, into: &compressed)
    #expect(compressed.prefix(3) == [9, 8, 7])
    var output: [UInt8] = [1, 2]
    try Compression.decompress(
      compressed.rawSpan.extracting(droppingFirst: 3), codec: codec, limit: data.count,
      into: &output)
    #expect(output == [1, 2] + data)
  }

  @Test("more callers at once than idle contexts", arguments: CompressionCodec.compressing)
  func manyThreads(codec: CompressionCodec) async throws {
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for seed in 0..<24 {
        group.addTask {
          var generator = SeededGenerator(seed: UInt64(seed))
          let data = generator.compressibleBytes(50_000 + seed)
          return try codec.decompressed(codec.compressed(data)) == data
        }
      }
      for try await isEqual in group {
        #expect(isEqual)
      }
    }
  }

  @Test("LZ4 is written as Kafka's Java client writes it")
  func lz4Header() throws {
    // Magic; version 1 and independent blocks, nothing else; 64 KiB blocks; header checksum.
    let header: [UInt8] = [0x04, 0x22, 0x4D, 0x18, 0x60, 0x40, 0x82]
    for size in [10, 200_000] {
      let frame = try CompressionCodec.lz4.compressed([UInt8](repeating: 1, count: size))
      #expect(Array(frame.prefix(header.count)) == header)
    }
  }

  @Test("snappy is written with the framing of Kafka's Java client, 32 KiB a block")
  func snappyFraming() throws {
    let frame = try CompressionCodec.snappy.compressed([UInt8](repeating: 1, count: 40_000))
    #expect(Array(frame.prefix(16)) == [0x82] + Array("SNAPPY".utf8) + [0, 0, 0, 0, 1, 0, 0, 0, 1])
    let firstLength = frame[16..<20].reduce(0) { $0 << 8 | Int($1) }
    // 32,768 as a varint starts the block.
    #expect(Array(frame[20..<23]) == [0x80, 0x80, 0x02])
    let second = 20 + firstLength
    let secondLength = frame[second..<second + 4].reduce(0) { $0 << 8 | Int($1) }
    #expect(second + 4 + secondLength == frame.count)
  }
}
