import MoldauFormat

/// Tells which batches belong to aborted transactions, and which markers nobody needs any more
/// (KIP-98), as a pass meets them in the order of the log.
///
/// A marker is needed as long as the log has a batch of its transaction. Owned by one walk.
struct CleanedTransactions {
  private struct Aborted {
    var transaction: AbortedTransaction
    /// Whether the walk has met a batch of it.
    var hasBatches = false
  }

  /// Those that begin further on, the first one last.
  private var later: [AbortedTransaction]
  private var aborted: [Int64: Aborted] = [:]
  /// Producers with batches whose marker is still to come.
  private var committed: Set<Int64> = []

  /// `transactions` are all those with batches in the part of the log that is walked over, also if
  /// their markers lie behind it.
  init(_ transactions: [AbortedTransaction]) {
    later = transactions.sorted { $0.firstOffset > $1.firstOffset }
  }

  /// Whether a batch of data belongs to an aborted transaction.
  mutating func isAborted(_ header: RecordBatchHeader) -> Bool {
    guard header.attributes.isTransactional else { return false }
    begin(upTo: header.lastOffset)
    if let open = aborted[header.producerID], header.lastOffset < open.transaction.lastOffset {
      aborted[header.producerID]?.hasBatches = true
      return true
    }
    committed.insert(header.producerID)
    return false
  }

  /// Whether no batch of the transaction that a marker ends was met.
  ///
  /// Of a marker that is needed and aborts, the entry for the transaction index comes with it.
  mutating func isObsolete(
    _ header: RecordBatchHeader, _ record: ControlRecord?
  ) -> (isObsolete: Bool, entry: AbortedTransaction?) {
    begin(upTo: header.lastOffset)
    switch record?.kind {
    case nil:
      // Another cleaner has emptied it.
      return (true, nil)
    case .commit:
      return (committed.remove(header.producerID) == nil, nil)
    case .abort:
      // Batches of an abort that no index knows are taken for committed ones; the marker stays too.
      let hasOthers = committed.remove(header.producerID) != nil
      guard let open = aborted.removeValue(forKey: header.producerID), open.hasBatches else {
        return (!hasOthers, nil)
      }
      return (false, open.transaction)
    case .other:
      return (false, nil)
    }
  }

  private mutating func begin(upTo offset: Offset) {
    while let next = later.last, next.firstOffset <= offset {
      later.removeLast()
      aborted[next.producerID] = Aborted(transaction: next)
    }
  }
}
