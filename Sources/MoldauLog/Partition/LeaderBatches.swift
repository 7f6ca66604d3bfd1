import MoldauFormat

/// Whole batches, one behind the other, as a leader has sent them: what a follower checks of them
/// before it takes its append lock.
struct LeaderBatches {
  struct Batch {
    var header: RecordBatchHeader
    /// The record of a control batch.
    var control: ControlRecord?
  }

  private(set) var batches: [Batch] = []
  private(set) var byteCount = 0
  /// Whether offsets are missing between them.
  private(set) var hasGap = false
  /// What is wrong with the batch behind the last, if that is whole.
  private(set) var fault: FormatError?

  /// Checks each batch's header and checksum, no records.
  ///
  /// HOT: once per fetched partition of a follower. Benchmark: `append-follower`.
  init(_ bytes: UnsafeRawBufferPointer, epoch: Int32) {
    do throws(FormatError) {
      while let batch = try unsafe Self.batch(at: byteCount, of: bytes, epoch: epoch) {
        let header = batch.header
        if let last = batches.last?.header {
          guard header.baseOffset >= last.nextOffset else {
            throw .invalid(
              field: "baseOffset", reason: "\(header.baseOffset) is below \(last.nextOffset)")
          }
          if header.baseOffset > last.nextOffset { hasGap = true }
        }
        batches.append(batch)
        byteCount += header.batchByteCount
      }
    } catch {
      fault = error
    }
  }

  /// The batch that begins at `position`; nil when it is not whole.
  private static func batch(
    at position: Int, of bytes: UnsafeRawBufferPointer, epoch: Int32
  ) throws(FormatError) -> Batch? {
    let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[position...])
    guard rest.count >= RecordBatchHeader.byteCount else { return nil }
    let header = try unsafe RecordBatchHeader(parsing: rest)
    guard header.batchByteCount <= Limits.maxBatchBytes else {
      throw .lengthOutOfRange(field: "batchLength", length: Int(header.batchLength))
    }
    guard header.batchByteCount <= rest.count else { return nil }
    guard header.partitionLeaderEpoch <= epoch else {
      throw .invalid(
        field: "partitionLeaderEpoch",
        reason: "\(header.partitionLeaderEpoch) is above the leader's, \(epoch)")
    }
    try unsafe RecordBatch.checkChecksum(of: rest, header)
    let control = try unsafe ControlRecord.read(from: rest, header)
    return Batch(header: header, control: control)
  }
}
