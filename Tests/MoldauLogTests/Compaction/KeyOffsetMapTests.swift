import MoldauDisk
import MoldauFormat
import Testing

@testable import MoldauLog

/// The map of keys that a pass of compaction takes.
struct KeyOffsetMapTests {
  @Test(
    "keys are hashed as the authors of SipHash do",
    arguments: [
      (0, KeyHash(high: 0x9302_55c7_1472_f66d, low: 0xe6a8_25ba_047f_81a3)),
      (1, KeyHash(high: 0x45fc_229b_1159_7634, low: 0x44af_996b_d8c1_87da)),
    ])
  func testVectors(byteCount: Int, expected: KeyHash) {
    // The secret is the bytes 0 to 15, and the key the first of the same.
    let hasher = KeyHasher(secret: (0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908))
    let key = (0..<UInt8(byteCount)).map { $0 }
    #expect(unsafe hasher.hash(key.span.bytes) == expected)
  }

  @Test("the map knows the newest offset of each key and refuses keys that it has no room for")
  func newestOffsets() {
    var generator = SeededGenerator(seed: 1)
    var map = KeyOffsetMap(
      maxBytes: 1000 * KeyOffsetMap.bytesPerSlot, expectedKeyCount: .max, using: &generator)
    var isFull = false
    var offset: Int64 = 0
    for round in 0..<3 {
      for number in 0..<750 {
        let key = Array("key \(number)".utf8)
        offset += 1
        isFull = unsafe isFull || !map.put(key.span.bytes, at: Offset(rawValue: offset))
        #expect(unsafe map.newest(key.span.bytes) == Offset(rawValue: offset), "\(round)")
      }
    }
    #expect(!isFull)
    #expect(map.keyCount == 750)
    let other = Array("another".utf8)
    #expect(unsafe map.newest(other.span.bytes) == nil)
    #expect(unsafe !map.put(other.span.bytes, at: .zero))
  }
}
