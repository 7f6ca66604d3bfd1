import MoldauCompression
package import MoldauFormat

/// A record found by its timestamp.
package struct TimestampedOffset: Hashable, Sendable {
  package var offset: Offset
  package var timestampMilliseconds: Int64
}

extension PartitionLog {
  /// Returns the first record at or after a timestamp, also where timestamps are out of order; `nil`
  /// when all are earlier.
  ///
  /// - Complexity: a lookup in each segment's time index, one walk over part of a segment's batches,
  ///   and one batch's records.
  package func firstOffset(
    atOrAfter timestampMilliseconds: Int64
  ) throws(LogError) -> TimestampedOffset? {
    let start = startOffset
    let all = segments
    for segment in all {
      guard let latest = try latestTimestamp(of: segment),
        latest.timestampMilliseconds >= timestampMilliseconds
      else { continue }
      let from = segment.baseOffset.advanced(
        by: Int64(try segment.timeIndex().floor(of: timestampMilliseconds)))
      if let found = try search(
        segment, of: all, from: max(from, start),
        { record in
          record.timestampMilliseconds >= timestampMilliseconds
        }, skipping: { $0.maxTimestampMilliseconds < timestampMilliseconds })
      {
        return found
      }
    }
    return nil
  }

  /// Returns the record with the latest timestamp (KIP-734); `nil` when the log is empty.
  package func latestTimestampOffset() throws(LogError) -> TimestampedOffset? {
    var latest: TimestampedOffset?
    let start = startOffset
    let all = segments
    for segment in all {
      if segment.baseOffset < start {
        latest = try latestTimestamp(in: segment, of: all, from: start)
        continue
      }
      guard let entry = try latestTimestamp(of: segment),
        entry.timestampMilliseconds > latest?.timestampMilliseconds ?? -1
      else { continue }
      // The entry names the batch by its last offset; the record may come earlier in it.
      let holder = segment.baseOffset.advanced(by: Int64(entry.relativeOffset))
      let found = try search(segment, of: all, from: holder, atBatch: true) { record in
        record.timestampMilliseconds == entry.timestampMilliseconds
      } skipping: {
        $0.maxTimestampMilliseconds < entry.timestampMilliseconds
      }
      // Compaction may have emptied the batch: it keeps its time for its producer's sake.
      var other = found
      if found == nil {
        other = try latestTimestamp(in: segment, of: all, from: segment.baseOffset)
      }
      if let other, other.timestampMilliseconds > latest?.timestampMilliseconds ?? -1 {
        latest = other
      }
    }
    return latest
  }

  /// The first of the latest records at or above `start`, found without the index: that knows the
  /// records below too.
  private func latestTimestamp(
    in segment: Segment, of all: [Segment], from start: Offset
  ) throws(LogError) -> TimestampedOffset? {
    var latest: TimestampedOffset?
    while let found = try search(
      segment, of: all, from: max(start, latest?.offset ?? start),
      { record in
        record.timestampMilliseconds > latest?.timestampMilliseconds ?? -1
      }, skipping: { $0.maxTimestampMilliseconds <= latest?.timestampMilliseconds ?? -1 })
    {
      latest = found
    }
    return latest
  }

  private func latestTimestamp(of segment: Segment) throws(LogError) -> TimeIndexEntry? {
    if segment.isSealed { return try segment.latestTime() }
    let (active, latest) = state.withLock { ($0.active, $0.latest) }
    return active === segment ? latest : try segment.latestTime()
  }

  /// Walks the batches from the one that holds `offset` to the first record that `matches`.
  private func search(
    _ segment: Segment, of all: [Segment], from offset: Offset, atBatch: Bool = false,
    _ matches: (borrowing RecordView) -> Bool, skipping isSkipped: (RecordBatchHeader) -> Bool
  ) throws(LogError) -> TimestampedOffset? {
    guard let first = try locate(offset, in: all), first.segment === segment else { return nil }
    var reader = BatchReader(
      file: try segment.file(), from: first.position, to: segment.byteCount,
      checksChecksums: false)
    var decoder = BatchDecoder()
    while case .batch(let header, let position) = try reader.next() {
      if isSkipped(header) { continue }
      var found: TimestampedOffset?
      do throws(FormatError) {
        try unsafe decoder.forEachRecord(of: reader.batch, header) { record in
          if (atBatch || record.offset >= offset) && matches(record) {
            found = TimestampedOffset(
              offset: record.offset, timestampMilliseconds: record.timestampMilliseconds)
          }
          return found == nil
        }
      } catch {
        throw .corrupt(
          path: segment.logPath, position: FilePosition(rawValue: position), reason: error)
      }
      if let found { return found }
    }
    return nil
  }
}
