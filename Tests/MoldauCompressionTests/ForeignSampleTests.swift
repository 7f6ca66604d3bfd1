import MoldauFormat
import Testing

@Suite("What others compressed is read")
struct ForeignSampleTests {
  @Test("every sample decodes to what its writer had", arguments: Sample.all)
  func decodes(sample: Sample) throws {
    let decoded = try sample.codec.decompressed(sample.bytes, limit: sample.decodedByteCount)
    #expect(decoded.count == sample.decodedByteCount)
    #expect(decoded.checksum == sample.decodedChecksum)
  }

  @Test("joined streams decode to joined data", arguments: Sample.all.filter(\.canBeJoined))
  func joined(sample: Sample) throws {
    let once = try sample.codec.decompressed(sample.bytes)
    #expect(try sample.codec.decompressed(sample.bytes + sample.bytes) == once + once)
  }

  @Test("frames to be skipped are skipped", arguments: [CompressionCodec.lz4, .zstd])
  func skippable(codec: CompressionCodec) throws {
    let skipped: [UInt8] = [0x53, 0x2A, 0x4D, 0x18, 3, 0, 0, 0, 1, 2, 3]
    let data = Array("data".utf8)
    #expect(try codec.decompressed(skipped + codec.compressed(data)) == data)
    #expect(try codec.decompressed(codec.compressed(data) + skipped) == data)
  }

  @Test("the framing alone is no data")
  func emptySnappy() throws {
    // As snappy-java writes a stream of nothing.
    let header: [UInt8] = [0x82] + Array("SNAPPY".utf8) + [0, 0, 0, 0, 1, 0, 0, 0, 1]
    #expect(try CompressionCodec.snappy.decompressed(header) == [])
  }
}
