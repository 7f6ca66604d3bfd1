import MoldauFormat

/// A transaction that a fetch says was aborted: the records of a producer from an offset on.
package struct AbortedRange: Equatable, Sendable {
  let producerID: Int64
  let firstOffset: Int64
}

/// Which of a fetch's batches belong to aborted transactions (KIP-98).
///
/// A range begins at its first offset and ends at the producer's abort marker.
struct AbortedTransactions {
  /// The ranges that have not begun, the one that begins last first.
  private var coming: [AbortedRange]
  private var producerIDs: Set<Int64> = []

  init(_ ranges: [AbortedRange]) {
    coming = ranges.sorted { $0.firstOffset > $1.firstOffset }
  }

  /// Whether the records of a batch are to be left out.
  ///
  /// - Precondition: the batches are asked for in the order of their offsets.
  mutating func isAborted(_ header: RecordBatchHeader) -> Bool {
    while let next = coming.last, next.firstOffset <= header.lastOffset.rawValue {
      producerIDs.insert(next.producerID)
      coming.removeLast()
    }
    return header.attributes.isTransactional && producerIDs.contains(header.producerID)
  }

  /// Takes the marker in a control batch into account.
  mutating func end(_ batch: RawSpan, _ header: RecordBatchHeader) throws(FormatError) {
    guard producerIDs.contains(header.producerID) else { return }
    let records = batch.extracting(droppingFirst: RecordBatchHeader.byteCount)
    var reader = RecordReader(records, header)
    guard let record = try reader.next() else { return }
    let marker = try ControlRecord(parsingKey: record.key, value: record.value)
    if marker.kind == .abort { producerIDs.remove(header.producerID) }
  }
}
