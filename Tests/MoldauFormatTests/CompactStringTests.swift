import Testing

@testable import MoldauFormat

@Suite("Compact strings of group records")
struct CompactStringTests {
  @Test(
    "a string that no version could write again is refused",
    arguments: [(32_767, true), (32_768, false), (40_000, false)])
  func length(byteCount: Int, isAccepted: Bool) {
    // Version 4: offset, leader epoch, metadata, commit time, no tagged fields.
    var bytes: [UInt8] = []
    bytes.appendBigEndian(Int16(4))
    bytes.appendBigEndian(Int64(5))
    bytes.appendBigEndian(Int32(1))
    let coded = byteCount + 1
    bytes += [UInt8(coded & 0x7F | 0x80), UInt8(coded >> 7 & 0x7F | 0x80), UInt8(coded >> 14)]
    bytes += [UInt8](repeating: UInt8(ascii: "m"), count: byteCount)
    bytes.appendBigEndian(Int64(9))
    bytes.append(0)
    do throws(FormatError) {
      // SAFETY: bytes have no padding, so all of the array's are initialised.
      let value = try unsafe GroupOffsetValue(parsing: bytes.span.bytes)
      #expect(isAccepted)
      #expect(value.encode().count > byteCount)
    } catch {
      #expect(!isAccepted)
      #expect(error == .lengthOutOfRange(field: "metadata", length: byteCount))
    }
  }
}
