import MoldauFormat

/// Takes records out of chunks, batch by batch.
///
/// Owned by one reader. Holds one chunk and the records of a few batches of it.
struct ChunkDecoder {
  private var chunk: LogChunk?
  private var position = 0
  private var batches = BatchDecoder()

  /// Whether all batches of the chunk were taken.
  var isDone: Bool { chunk == nil }

  mutating func take(_ chunk: LogChunk) {
    self.chunk = chunk
    position = 0
  }

  /// Adds the records at or above `next` of some more batches to `records`, and moves `next` behind
  /// these batches.
  ///
  /// Throws for a damaged batch only when it is the first: what comes before it is handed out.
  mutating func decode(
    _ reading: LogReading, _ next: inout Offset, into records: inout [ConsumedRecord],
    minCount: Int = Limits.minDecodedRecords
  ) throws(LogError) {
    guard let chunk else { return }
    let first = next
    let partition = Int(reading.log.identity.partition)
    while records.count < minCount {
      let bytes = chunk.bytes
      let start = position
      let expected = next
      let count = records.count
      let header: RecordBatchHeader
      do throws(FormatError) {
        header = try unsafe bytes.span.bytes.withUnsafeBytes { (bytes) throws(FormatError) in
          let batch = unsafe UnsafeRawBufferPointer(rebasing: bytes[start...])
          let header = try unsafe RecordBatchHeader(parsing: batch)
          try unsafe RecordBatch.checkChecksum(of: batch, header)
          try header.checkLeads(past: expected)
          guard !header.attributes.isControl, !chunk.aborted.hides(header) else { return header }
          try unsafe batches.forEachRecord(of: batch, header) { (record) -> Bool in
            if record.offset >= first {
              records.append(ConsumedRecord(record, partition: partition))
            }
            return true
          }
          return header
        }
      } catch {
        records.removeLast(records.count - count)
        if count > 0 { return }
        throw .corrupt(
          path: chunk.path, position: FilePosition(rawValue: chunk.position + start), reason: error)
      }
      position += header.batchByteCount
      next = header.nextOffset
      if position >= bytes.count {
        self.chunk = nil
        return
      }
    }
  }
}

extension [AbortedTransaction] {
  /// Whether the batch belongs to one of these.
  func hides(_ header: RecordBatchHeader) -> Bool {
    guard !isEmpty, header.attributes.isTransactional else { return false }
    return contains {
      $0.producerID == header.producerID && $0.firstOffset <= header.baseOffset
        && header.baseOffset <= $0.lastOffset
    }
  }
}
