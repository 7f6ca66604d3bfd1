import MoldauDisk
import MoldauFormat
import Testing

@testable import MoldauLog

/// What a client says of its batch's timestamps is held against the records.
struct TimestampCorrectionTests {
  @Test("a maximum timestamp that is not the records' is put right", arguments: [5, 1_000_000])
  func maxTimestamp(claimed: Int64) throws {
    let store = try openStore(SimulatedDisk(isCrashable: false))
    let log = try store.createTopic("orders", TopicConfiguration()).partitions[0]
    var encoder = RecordBatchEncoder()
    let value: [UInt8] = [1]
    unsafe encoder.append(key: nil, value: value.span.bytes, timestampMilliseconds: 100)
    unsafe encoder.append(key: nil, value: value.span.bytes, timestampMilliseconds: 90)
    _ = encoder.finish(BatchFields(maxTimestampMilliseconds: claimed))
    _ = try log.append(encoder.bytes)

    let found = try log.firstOffset(atOrAfter: 95)
    #expect(found == TimestampedOffset(offset: .zero, timestampMilliseconds: 100))
    #expect(try log.firstOffset(atOrAfter: 101) == nil)
    let header = try #require(try log.locate(.zero)).header
    #expect(header.maxTimestampMilliseconds == 100)
    let slice = try #require(try log.read(from: .zero, limit: log.endOffset, maxBytes: 1 << 20))
    let bytes = try slice.copyBytes()
    try unsafe RecordBatch.checkChecksum(of: bytes.span.bytes, header)
    try store.closeBlocking()
  }
}
