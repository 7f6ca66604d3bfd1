import MoldauDisk
import MoldauFormat

@testable import MoldauLog

/// A batch as it lies in a log, and what a reader is to find in it.
struct ModelBatch: Equatable {
  var baseOffset: Offset
  /// All bytes, with the offset and the epoch that the log gave the batch.
  var bytes: [UInt8]
  /// One for each record.
  var timestamps: [Int64]
  var leaderEpoch: Int32
  var producerID: Int64 = -1
  var lastSequence: Int32 = -1

  var nextOffset: Offset { baseOffset.advanced(by: Int64(timestamps.count)) }

  /// Stamps what the log decides, as an append does.
  mutating func stamp(baseOffset: Offset, leaderEpoch: Int32) {
    self.baseOffset = baseOffset
    self.leaderEpoch = leaderEpoch
    for index in 0..<8 {
      bytes[index] = UInt8(truncatingIfNeeded: baseOffset.rawValue >> Int64(56 - 8 * index))
    }
    for index in 0..<4 {
      bytes[12 + index] = UInt8(truncatingIfNeeded: leaderEpoch >> Int32(24 - 8 * index))
    }
  }
}

extension ModelBatch {
  /// Makes a batch of random records whose times lie around `timestampMilliseconds`.
  static func random(
    recordCount: Int, valueByteCount: Int, around timestampMilliseconds: Int64,
    producerID: Int64 = -1, firstSequence: Int32 = -1,
    using generator: inout some RandomNumberGenerator
  ) -> ModelBatch {
    var encoder = RecordBatchEncoder()
    var timestamps: [Int64] = []
    for _ in 0..<recordCount {
      var value: [UInt8] = []
      while value.count < valueByteCount {
        let random = generator.next()
        for shift in 0..<8 { value.append(UInt8(truncatingIfNeeded: random &>> (8 * shift))) }
      }
      value.removeLast(value.count - valueByteCount)
      let time = timestampMilliseconds + Int64.random(in: -20...20, using: &generator)
      timestamps.append(time)
      unsafe encoder.append(key: nil, value: value.span.bytes, timestampMilliseconds: time)
    }
    _ = encoder.finish(
      BatchFields(
        producerID: producerID, producerEpoch: producerID < 0 ? -1 : 0,
        baseSequence: firstSequence))
    let bytes = unsafe encoder.bytes.withUnsafeBytes { unsafe Array($0) }
    return ModelBatch(
      baseOffset: .zero, bytes: bytes, timestamps: timestamps, leaderEpoch: -1,
      producerID: producerID,
      lastSequence: firstSequence < 0 ? -1 : firstSequence + Int32(recordCount) - 1)
  }

  /// Reads a batch back from a log's bytes; throws when it is not whole.
  init(parsing bytes: ArraySlice<UInt8>) throws {
    let copy = Array(bytes)
    let header = try unsafe RecordBatchHeader(parsing: copy.span.bytes)
    guard header.batchByteCount <= copy.count else {
      throw FormatError.truncated(needed: header.batchByteCount, available: copy.count)
    }
    self.bytes = Array(copy[..<header.batchByteCount])
    baseOffset = header.baseOffset
    leaderEpoch = header.partitionLeaderEpoch
    producerID = header.producerID
    lastSequence = header.hasProducer ? header.lastSequence : -1
    timestamps = []
    var times: [Int64] = []
    try unsafe self.bytes.withUnsafeBytes { buffer in
      try unsafe RecordBatch.checkChecksum(of: buffer, header)
      var decoder = BatchDecoder()
      try unsafe decoder.forEachRecord(of: buffer, header) { record in
        times.append(record.timestampMilliseconds)
        return true
      }
    }
    timestamps = times
  }
}
