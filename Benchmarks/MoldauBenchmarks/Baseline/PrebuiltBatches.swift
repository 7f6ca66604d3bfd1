/// Whole batches, end to end in memory, as a client sends them.
struct PrebuiltBatches {
  var bytes: [UInt8]
  /// Where each batch lies in `bytes`.
  let ranges: [Range<Int>]
  let recordsPerBatch: Int

  var count: Int { ranges.count }
  var recordCount: Int { ranges.count * recordsPerBatch }

  /// Makes `count` batches of as many records as fit in `byteCount` bytes.
  init(count: Int, upTo byteCount: Int, seed: UInt64, timestamp: Int64) {
    // The longest encoding of a record of 100 bytes is 112 bytes.
    let fits = (byteCount - 61) / (Values.valueSize + 12)
    self.init(count: count, recordsPerBatch: fits, seed: seed, timestamp: timestamp)
  }

  init(count: Int, recordsPerBatch: Int, seed: UInt64, timestamp: Int64) {
    let values = Values(count: count * recordsPerBatch, seed: seed)
    var bytes: [UInt8] = []
    var ranges: [Range<Int>] = []
    let stride = recordsPerBatch * Values.valueSize
    for batch in 0..<count {
      let encoded = Baseline.encode(
        values: values.bytes.span.extracting(batch * stride..<(batch + 1) * stride),
        valueSize: Values.valueSize, baseOffset: 0, timestamp: timestamp)
      ranges.append(bytes.count..<bytes.count + encoded.count)
      bytes += encoded
    }
    self.bytes = bytes
    self.ranges = ranges
    self.recordsPerBatch = recordsPerBatch
  }
}
