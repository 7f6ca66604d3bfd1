package import MoldauFormat

extension PartitionLog {
  /// Returns the aborted transactions that have a record in `from..<to`, for a reader that is to
  /// skip them.
  package func abortedTransactions(
    from: Offset, to: Offset
  ) throws(LogError) -> [AbortedTransaction] {
    var found: [AbortedTransaction] = []
    // The marker that ends a transaction may lie in a segment behind `to`.
    let all = segments
    for segment in all[Self.lastIndex(of: all, atOrBelow: from)...] {
      for aborted in try segment.abortedTransactions()
      where aborted.lastOffset >= from && aborted.firstOffset < to {
        found.append(aborted)
      }
    }
    return found
  }
}
