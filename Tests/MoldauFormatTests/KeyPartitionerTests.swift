import MoldauFormat
import Testing

@Suite struct KeyPartitionerTests {
  /// The values of Kafka's own test of its hash.
  @Test(
    "a key's hash is Kafka's",
    arguments: [
      ("21", -973_932_308), ("foobar", -790_332_482), ("a-little-bit-long-string", -985_981_536),
      ("a-little-bit-longer-string", -1_486_304_829),
      ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971),
      ("abc", 479_470_107),
    ] as [(String, Int32)])
  func hash(key: String, expected: Int32) {
    let bytes = Array(key.utf8)
    #expect(unsafe Int32(bitPattern: KeyPartitioner.hash(bytes.span.bytes)) == expected)
  }

  @Test("every key has a partition of the topic")
  func partitions() {
    var seen: Set<Int> = []
    for number in 0..<1_000 {
      let bytes = Array("key \(number)".utf8)
      seen.insert(unsafe KeyPartitioner.partition(of: bytes.span.bytes, partitionCount: 7))
    }
    #expect(seen == Set(0..<7))
  }
}
