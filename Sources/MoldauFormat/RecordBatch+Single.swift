extension RecordBatch {
  /// Returns how much room `encodeSingleRecordBatch` wants: a bound on what it writes.
  @inlinable
  package static func singleRecordBatchMaxByteCount(
    keyByteCount: Int, valueByteCount: Int, headers: [RecordHeader] = []
  ) -> Int {
    RecordBatchHeader.byteCount + RecordEncoding.maxFixedByteCount + keyByteCount + valueByteCount
      + RecordEncoding.byteCount(of: headers)
  }

  /// Writes a batch of one record, with header and checksum, and returns its size.
  ///
  /// HOT: once per append of a single record. No allocation.
  ///
  /// - Precondition: `target` has the room that `singleRecordBatchMaxByteCount` asks for.
  @inlinable
  package static func encodeSingleRecordBatch(
    into target: UnsafeMutableRawBufferPointer, key: UnsafeRawBufferPointer?,
    value: UnsafeRawBufferPointer?, timestampMilliseconds: Int64, headers: [RecordHeader] = [],
    fields: BatchFields = BatchFields()
  ) -> Int {
    let record = unsafe RecordEncoding(timestampDelta: 0, offsetDelta: 0, key: key, value: value)
    let headersByteCount = RecordEncoding.byteCount(of: headers)
    let bound =
      RecordBatchHeader.byteCount + RecordEncoding.maxFixedByteCount + record.payloadByteCount
      + headersByteCount
    precondition(bound <= Int(Int32.max), "a batch stays below 2 GiB")
    guard let start = target.baseAddress, target.count >= bound else {
      preconditionFailure("the caller makes room for the batch")
    }
    // SAFETY: the room is checked.
    let end = unsafe record.write(
      to: start + RecordBatchHeader.byteCount, headers: headers, headersByteCount: headersByteCount)
    let batchByteCount = unsafe end - start
    var header = RecordBatchHeader(
      baseOffset: fields.baseOffset,
      batchLength: Int32(truncatingIfNeeded: batchByteCount - 12),
      partitionLeaderEpoch: fields.partitionLeaderEpoch, checksum: 0,
      attributes: fields.attributes, lastOffsetDelta: fields.lastOffsetDelta ?? 0,
      baseTimestampMilliseconds: timestampMilliseconds,
      maxTimestampMilliseconds: fields.maxTimestampMilliseconds ?? timestampMilliseconds,
      producerID: fields.producerID, producerEpoch: fields.producerEpoch,
      baseSequence: fields.baseSequence, recordCount: 1)
    unsafe header.storeWithChecksum(to: start, batchByteCount: batchByteCount)
    return batchByteCount
  }
}
