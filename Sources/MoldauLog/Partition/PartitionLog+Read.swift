import MoldauDisk
package import MoldauFormat

/// A batch in a segment.
package struct BatchLocation: Sendable {
  let segment: Segment
  package let position: Int
  package let header: RecordBatchHeader
}

extension PartitionLog {
  /// Returns the batches from the one that holds `offset` on, or the next one where compaction left
  /// a gap; `nil` when there is none below `limit`.
  ///
  /// At least one batch, then as many whole ones of the same segment as fit in `maxBytes`, none that
  /// begins at or above `limit`; pass a limit above the end to take all there is. Reads indexes and
  /// batch headers, no records.
  /// - Throws: `offsetOutOfRange` unless `startOffset ≤ offset ≤ endOffset`.
  /// - Complexity: O(log *n*) in the segment's index entries, and a scan of one index interval at
  ///   either end.
  package func read(
    from offset: Offset, limit: Offset, maxBytes: Int
  ) throws(LogError) -> LogSlice? {
    let end = endOffset
    try checkRange(offset, end: end)
    guard offset < min(limit, end), let first = try locate(offset), first.header.baseOffset < limit
    else {
      return nil
    }
    let segment = first.segment
    let published = segment.byteCount
    var count = published - first.position
    if count > maxBytes || limit <= end {
      count = try wholeBatches(in: segment, from: first, limit: limit, maxBytes: maxBytes)
    }
    return LogSlice(
      file: try segment.file(), position: first.position, count: count,
      baseOffset: first.header.baseOffset)
  }

  /// Returns the aborted transactions with records in `[first, end)`, in the order of their markers.
  ///
  /// A reader of committed records leaves out the batches of such a producer from the transaction's
  /// first offset to its marker.
  package func abortedTransactions(
    from first: Offset, to end: Offset
  ) throws(LogError) -> [AbortedTransaction] {
    var found: [AbortedTransaction] = []
    let all = segments
    let index = Self.lastIndex(of: all, atOrBelow: first)
    for (number, segment) in zip(index..., all[index...]) {
      if number > index && segment.beganAfterTransactions(below: end) { return found }
      for transaction in try segment.abortedTransactions() {
        if transaction.lastOffset >= first && transaction.firstOffset < end {
          found.append(transaction)
        }
        // As in Kafka: all that began before `end` has ended once the stable offset is past it.
        if transaction.lastStableOffset >= end { return found }
      }
    }
    return found
  }

  /// Returns the batch that holds `offset`, or the first behind it where compaction left a gap.
  ///
  /// `nil` at the end of the log.
  /// HOT: once per fetched partition. Benchmark: `lookup`.
  package func locate(_ offset: Offset) throws(LogError) -> BatchLocation? {
    try locate(offset, in: segments)
  }

  /// As `locate`, in a list of segments that the caller has looked at before.
  func locate(_ offset: Offset, in all: [Segment]) throws(LogError) -> BatchLocation? {
    var index = Self.lastIndex(of: all, atOrBelow: offset)
    while index < all.count {
      let segment = all[index]
      let start = segment.baseOffset < offset ? try segment.floor(of: offset) : 0
      if let found = try scan(
        segment, from: start, until: { _, header in header.lastOffset >= offset })
      {
        return found
      }
      index += 1
    }
    return nil
  }

  func checkRange(_ offset: Offset, end: Offset) throws(LogError) {
    let start = startOffset
    guard offset >= start, offset <= end else {
      throw .offsetOutOfRange(offset: offset, first: start, next: end)
    }
  }

  /// The index of the last segment that begins at or below `offset`, 0 when none does.
  static func lastIndex(of segments: [Segment], atOrBelow offset: Offset) -> Int {
    var low = 0
    var high = segments.count
    while low < high {
      let middle = (low + high) >> 1
      if segments[middle].baseOffset <= offset { low = middle + 1 } else { high = middle }
    }
    return max(0, low - 1)
  }

  /// Returns how many bytes from `first` on are whole batches within both bounds, at least one batch.
  private func wholeBatches(
    in segment: Segment, from first: BatchLocation, limit: Offset, maxBytes: Int
  ) throws(LogError) -> Int {
    let smallest = first.header.batchByteCount
    let lastFit = first.position + min(max(maxBytes, smallest), segment.byteCount)
    // Start where the index knows a batch at or before both bounds.
    var start = try segment.floor(ofPosition: lastFit)
    if limit <= endOffset { start = min(start, try segment.floor(of: limit)) }
    start = max(start, first.position)
    let stop = try scan(segment, from: start) { position, header in
      position + header.batchByteCount > lastFit || header.baseOffset >= limit
    }
    let end = stop?.position ?? segment.byteCount
    return max(end - first.position, smallest)
  }

  /// Walks batch headers from `start` to the first for which `isFound` holds; `nil` at the end.
  private func scan(
    _ segment: Segment, from start: Int, until isFound: (Int, RecordBatchHeader) -> Bool
  ) throws(LogError) -> BatchLocation? {
    if segment.isSealed {
      return try scanMap(segment, from: start, until: isFound)
    }
    return try scanFile(segment, from: start, until: isFound)
  }

  private func scanMap(
    _ segment: Segment, from start: Int, until isFound: (Int, RecordBatchHeader) -> Bool
  ) throws(LogError) -> BatchLocation? {
    let end = segment.byteCount
    guard start < end else { return nil }
    let map = try segment.map()
    let base = unsafe UnsafeRawPointer(map.base)
    defer { withExtendedLifetime(map) {} }
    var position = start
    while position + RecordBatchHeader.byteCount <= end {
      // SAFETY: the loop's condition keeps the header in the map, which lives until the end.
      let header = unsafe RecordBatchHeader(loading: base + position)
      try checkStructure(header, in: segment, at: position)
      if isFound(position, header) {
        return BatchLocation(segment: segment, position: position, header: header)
      }
      position += header.batchByteCount
    }
    return nil
  }

  private func scanFile(
    _ segment: Segment, from start: Int, until isFound: (Int, RecordBatchHeader) -> Bool
  ) throws(LogError) -> BatchLocation? {
    let end = segment.byteCount
    guard start < end else { return nil }
    let file = try segment.file()
    let buffer = UnsafeMutableRawBufferPointer.allocate(
      byteCount: Limits.probeBytes, alignment: 16)
    defer { unsafe buffer.deallocate() }
    // SAFETY: a fresh allocation has a base address.
    guard let base = buffer.baseAddress else { preconditionFailure("no buffer") }
    var bufferStart = start
    var bufferCount = 0
    var position = start
    while position + RecordBatchHeader.byteCount <= end {
      if position + RecordBatchHeader.byteCount > bufferStart + bufferCount {
        let wanted = unsafe UnsafeMutableRawBufferPointer(
          rebasing: buffer[..<min(buffer.count, end - position)])
        do throws(DiskError) {
          bufferCount = try unsafe file.read(into: wanted, at: position)
        } catch {
          throw LogError(error)
        }
        bufferStart = position
        guard bufferCount >= RecordBatchHeader.byteCount else { return nil }
      }
      // SAFETY: the header's bytes were just seen to lie in the buffer.
      let header = unsafe RecordBatchHeader(
        loading: UnsafeRawPointer(base + (position - bufferStart)))
      try checkStructure(header, in: segment, at: position)
      if isFound(position, header) {
        return BatchLocation(segment: segment, position: position, header: header)
      }
      position += header.batchByteCount
    }
    return nil
  }

  /// A header that would lead the walk astray is damage, not a place to guess.
  private func checkStructure(
    _ header: RecordBatchHeader, in segment: Segment, at position: Int
  ) throws(LogError) {
    guard header.magic == RecordBatchHeader.supportedMagic,
      header.batchByteCount >= RecordBatchHeader.byteCount,
      header.baseOffset >= segment.baseOffset
    else {
      throw .corrupt(
        path: segment.logPath, position: FilePosition(rawValue: position),
        reason: header.magic == RecordBatchHeader.supportedMagic
          ? .lengthOutOfRange(field: "batchLength", length: Int(header.batchLength))
          : .unsupportedMagic(header.magic))
    }
  }
}
