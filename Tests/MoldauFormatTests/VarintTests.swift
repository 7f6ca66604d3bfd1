import MoldauFormat
import Testing

struct VarintTests {
  @Test(
    "a varint takes seven bits a byte, the sign lowest",
    arguments: [
      (0, "00"), (-1, "01"), (1, "02"), (63, "7e"), (-64, "7f"), (64, "8001"), (8191, "fe7f"),
      (-8192, "ff7f"), (8192, "808001"), (Int64(Int32.max), "feffffff0f"),
      (Int64(Int32.min), "ffffffff0f"), (Int64.max, "feffffffffffffffff01"),
      (Int64.min, "ffffffffffffffffff01"),
    ] as [(Int64, String)])
  func golden(value: Int64, text: String) throws {
    #expect(hex(encoded(value)) == text)
    #expect(Varint.byteCount(value) == text.utf8.count / 2)
    #expect(try decoded(hex(text)) == value)
  }

  @Test("reading undoes writing, whatever follows", arguments: UInt64(1)...5)
  func roundTrip(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<500 {
      let value = Int64(bitPattern: generator.next()) >> Int64.random(in: 0...63, using: &generator)
      let bytes = encoded(value)
      #expect(bytes.count == Varint.byteCount(value))
      #expect(try decoded(bytes) == value)
      #expect(try decoded(bytes + [0xFF]) == value)
    }
  }

  private func encoded(_ value: Int64) -> [UInt8] {
    unsafe [UInt8](unsafeUninitializedCapacity: Varint.maxByteCount64) { buffer, count in
      guard let start = buffer.baseAddress else { return }
      var next = UnsafeMutableRawPointer(start)
      // SAFETY: the capacity is what the longest takes.
      unsafe Varint.write(value, to: &next)
      count = unsafe next - UnsafeMutableRawPointer(start)
    }
  }

  private func decoded(_ bytes: [UInt8]) throws(FormatError) -> Int64 {
    try parse(bytes) { (span) throws(FormatError) in
      // SAFETY: the buffer is read within its count and not kept.
      try unsafe span.withUnsafeBytes { (buffer) throws(FormatError) in
        var cursor = unsafe RecordCursor(buffer)
        return try cursor.varlong()
      }
    }
  }
}
