import CMoldauBaseline

/// The floors in C, with safe faces; docs in `moldau_baseline.h`.
enum Baseline {
  typealias End = moldau_baseline_end
  typealias Scan = moldau_baseline_scan

  /// Returns one batch of the values that lie end to end in `values`.
  static func encode(
    values: Span<UInt8>, valueSize: Int, baseOffset: Int64, timestamp: Int64
  ) -> [UInt8] {
    let count = values.count / valueSize
    let bound = moldau_baseline_batch_bound(valueSize, count)
    // SAFETY: the buffer holds the bound that C asks for; C reads `count` values and tells how many
    // bytes it wrote.
    return unsafe [UInt8](unsafeUninitializedCapacity: bound) { batch, batchSize in
      unsafe values.withUnsafeBufferPointer { values in
        batchSize = unsafe moldau_baseline_encode(
          batch.baseAddress, baseOffset, timestamp, values.baseAddress, valueSize, count)
      }
    }
  }

  /// Appends the whole batches in `batches`, stamping them in place.
  static func append(
    _ batches: inout [UInt8], count: Int, to file: BaselineFile, at end: inout End
  ) throws(BaselineError) {
    // SAFETY: `batches` holds `count` whole batches, as `PrebuiltBatches` makes them.
    let error = unsafe batches.withUnsafeMutableBufferPointer { batches in
      unsafe moldau_baseline_append_batches(file.descriptor, &end, batches.baseAddress, count)
    }
    try BaselineError.check(error, "append_batches")
  }

  /// Encodes and appends `batchCount` batches of the workload's values.
  static func appendEncoded(
    _ values: Values, recordsPerBatch: Int, batchCount: Int, timestamp: Int64,
    to file: BaselineFile, at end: inout End
  ) throws(BaselineError) {
    let bound = moldau_baseline_batch_bound(Values.valueSize, recordsPerBatch)
    var scratch = [UInt8](repeating: 0, count: bound)
    // SAFETY: `scratch` holds the bound that C asks for; C reads at most `values.count` values.
    let error = unsafe scratch.withUnsafeMutableBufferPointer { scratch in
      unsafe values.bytes.withUnsafeBufferPointer { bytes in
        unsafe moldau_baseline_append_encoded(
          file.descriptor, &end, scratch.baseAddress, timestamp, bytes.baseAddress,
          Values.valueSize, values.count, recordsPerBatch, batchCount)
      }
    }
    try BaselineError.check(error, "append_encoded")
  }

  /// Checks and decodes the whole batches of a mapped log.
  static func scan(_ log: BaselineMap) throws(BaselineError) -> Scan {
    var result = Scan()
    // SAFETY: the map lives during the call.
    let error = unsafe moldau_baseline_scan(log.bytes, log.count, &result)
    try BaselineError.check(error, "scan")
    return result
  }

  /// Looks up offsets in mapped segments; returns the sum of the positions found.
  static func lookup(_ targets: [Int64], in segments: [BaselineSegment]) -> UInt64 {
    // SAFETY: `segments` keeps the maps alive until the call below is over.
    let views = unsafe segments.map { segment in
      unsafe moldau_baseline_segment(
        base_offset: segment.baseOffset, log: segment.log.bytes, log_size: segment.log.count,
        index: segment.index.bytes, index_entry_count: segment.index.count / 8)
    }
    return withExtendedLifetime(segments) {
      // SAFETY: both arrays live during the call, with their counts.
      unsafe views.withUnsafeBufferPointer { views in
        unsafe targets.withUnsafeBufferPointer { targets in
          unsafe moldau_baseline_lookup(
            views.baseAddress, views.count, targets.baseAddress, targets.count)
        }
      }
    }
  }

  /// Reads and checks a log file; adds to `result` and `indexEntries`.
  static func recover(
    _ file: BaselineFile, buffer: inout [UInt8], into result: inout Scan,
    indexEntries: inout UInt64
  ) throws(BaselineError) {
    // SAFETY: C stays within the buffer's count.
    let error = unsafe buffer.withUnsafeMutableBufferPointer { buffer in
      unsafe moldau_baseline_recover(
        file.descriptor, buffer.baseAddress, buffer.count, &result, &indexEntries)
    }
    try BaselineError.check(error, "recover")
  }

  /// Reads and checks many log files, spread over threads; returns what was found.
  @discardableResult
  static func recover(_ files: [BaselineFile], threads: Int) throws(BaselineError) -> Scan {
    var result = Scan()
    var indexEntries: UInt64 = 0
    let descriptors = files.map(\.descriptor)
    // SAFETY: C reads the descriptors within their count.
    let error = unsafe descriptors.withUnsafeBufferPointer { descriptors in
      unsafe moldau_baseline_recover_files(
        descriptors.baseAddress, descriptors.count, threads, &result, &indexEntries)
    }
    try BaselineError.check(error, "recover_files")
    return result
  }

  /// Commits in rounds for `duration`; returns the number of commits and the time they took.
  static func commit(
    _ batch: inout [UInt8], batchesPerRound: Int, for duration: Duration, in file: BaselineFile,
    of writtenBytes: Int
  ) throws(BaselineError) -> Committed {
    var committed = Committed()
    // SAFETY: C stays within the batch's count.
    let error = unsafe batch.withUnsafeMutableBufferPointer { batch in
      unsafe moldau_baseline_commit(
        file.descriptor, writtenBytes, batch.baseAddress, batch.count, batchesPerRound,
        UInt64(duration.inNanoseconds), &committed.count, &committed.nanoseconds)
    }
    try BaselineError.check(error, "commit")
    return committed
  }

  /// The same with a thread a waiter.
  static func commitThreads(
    _ batch: [UInt8], waiters: Int, for duration: Duration, in file: BaselineFile,
    of writtenBytes: Int
  ) throws(BaselineError) -> Committed {
    var committed = Committed()
    // SAFETY: C only reads the batch.
    let error = unsafe batch.withUnsafeBufferPointer { batch in
      unsafe moldau_baseline_commit_threads(
        file.descriptor, writtenBytes, batch.baseAddress, batch.count, waiters,
        UInt64(duration.inNanoseconds), &committed.count, &committed.nanoseconds)
    }
    try BaselineError.check(error, "commit_threads")
    return committed
  }

  struct Committed {
    var count: UInt64 = 0
    var nanoseconds: UInt64 = 0
  }
}
