import MoldauCompression
import MoldauDisk
import MoldauFormat
import Testing

@Suite("Damaged bytes are refused")
struct DamagedInputTests {
  @Test("every truncation throws", arguments: Sample.all)
  func truncations(sample: Sample) throws {
    let bytes = sample.bytes
    for count in 0..<bytes.count where !sample.completePrefixes.contains(count) {
      expectMalformed(Array(bytes.prefix(count)), sample.codec, "the first \(count) bytes")
    }
  }

  @Test("bytes behind the end throw", arguments: Sample.all)
  func trailing(sample: Sample) {
    for tail: [UInt8] in [[0], [0xFF, 0xFF, 0xFF, 0xFF], [1, 2, 3, 4, 5, 6, 7, 8, 9]] {
      expectMalformed(sample.bytes + tail, sample.codec, "with \(tail) behind")
    }
  }

  @Test("no bytes are no stream", arguments: CompressionCodec.compressing)
  func empty(codec: CompressionCodec) {
    expectMalformed([], codec, "nothing")
  }

  @Test("a failure leaves the array as it was", arguments: Sample.all)
  func restores(sample: Sample) {
    let damaged = Array(sample.bytes.dropLast())
    var output: [UInt8] = [1, 2, 3]
    #expect(throws: FormatError.self) {
      try Compression.decompress(
        damaged.rawSpan, codec: sample.codec, limit: 1 << 20, into: &output)
    }
    #expect(output == [1, 2, 3])
  }

  @Test("a context that failed serves the next call", arguments: Sample.all)
  func recovers(sample: Sample) throws {
    let bytes = sample.bytes
    for count in stride(from: 0, to: bytes.count, by: 5) {
      expectDecodesOrThrows(Array(bytes.prefix(count)), sample.codec, limit: 1 << 20)
      let decoded = try sample.codec.decompressed(bytes)
      #expect(decoded.checksum == sample.decodedChecksum)
    }
  }

  @Test("mutations decode within the bound or throw", arguments: Sample.all)
  func mutations(sample: Sample) {
    let original = sample.bytes
    for seed in 0..<400 {
      var generator = SeededGenerator(seed: UInt64(seed))
      var bytes = original
      for _ in 0...Int.random(in: 0..<4, using: &generator) {
        mutate(&bytes, using: &generator)
      }
      expectDecodesOrThrows(bytes, sample.codec, limit: 256 << 10)
    }
  }

  private func mutate(_ bytes: inout [UInt8], using generator: inout SeededGenerator) {
    guard let index = bytes.indices.randomElement(using: &generator) else { return }
    switch Int.random(in: 0..<4, using: &generator) {
    case 0: bytes[index] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
    case 1: bytes[index] = .random(in: 0...255, using: &generator)
    case 2: bytes.remove(at: index)
    default: bytes.insert(contentsOf: bytes.prefix(8), at: index)
    }
  }

  private func expectMalformed(
    _ bytes: [UInt8], _ codec: CompressionCodec, _ what: String
  ) {
    do throws(FormatError) {
      let decoded = try codec.decompressed(bytes)
      Issue.record("\(codec), \(what): decoded to \(decoded.count) bytes")
    } catch {
      guard case .malformedCompression(codec, _) = error else {
        Issue.record("\(codec), \(what): \(error)")
        return
      }
    }
  }

  private func expectDecodesOrThrows(_ bytes: [UInt8], _ codec: CompressionCodec, limit: Int) {
    do throws(FormatError) {
      let decoded = try codec.decompressed(bytes, limit: limit)
      #expect(decoded.count <= limit)
    } catch {
      switch error {
      case .malformedCompression, .decompressedSizeAboveLimit: break
      default: Issue.record("\(codec): \(error)")
      }
    }
  }
}
