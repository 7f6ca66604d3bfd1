package import MoldauFormat

/// From where a replica goes on: what its next fetch tells the leader.
package struct FetchPosition: Hashable, Sendable {
  /// The log's end: it acknowledges all below.
  package var offset: Offset
  /// The epoch of the batch before it, or one in which this replica led without writing; −1 when
  /// the log is empty.
  package var lastFetchedEpoch: Int32
  package var logStart: Offset

  package init(offset: Offset, lastFetchedEpoch: Int32, logStart: Offset) {
    self.offset = offset
    self.lastFetchedEpoch = lastFetchedEpoch
    self.logStart = logStart
  }
}

extension FetchPosition {
  /// Where a log goes on that has the whole batches of `records`; nil when these have none, when one
  /// is damaged at first sight, or when the last was written in no epoch.
  ///
  /// - Complexity: O(*n*) in the number of batches; their records are not looked at.
  init?(behind records: RawSpan, logStart: Offset) {
    var last: RecordBatchHeader?
    var position = 0
    do throws(FormatError) {
      while records.byteCount - position >= RecordBatchHeader.byteCount {
        let header = try RecordBatchHeader(
          parsing: records.extracting(position..<records.byteCount))
        guard header.batchByteCount <= records.byteCount - position else { break }
        last = header
        position += header.batchByteCount
      }
    } catch {
      return nil
    }
    guard let last, last.partitionLeaderEpoch >= 0 else { return nil }
    self.init(
      offset: last.nextOffset, lastFetchedEpoch: last.partitionLeaderEpoch, logStart: logStart)
  }
}
