import MoldauCompression
import MoldauDisk
import MoldauFormat
import MoldauLog

extension FuzzTarget {
  /// The engine over a directory that someone else wrote, and under batches that someone else sent.
  static let storeTargets = [
    FuzzTarget("store", isSlow: true) { bytes in
      openStore(FuzzedDirectory(bytes))
    },
    // The first byte configures the topic. Then batches, each behind its length in two bytes.
    FuzzTarget("append", isSlow: true) { bytes in
      guard bytes.byteCount > 0 else { return }
      append(bytes.extracting(droppingFirst: 1), flags: byte(bytes, at: 0))
    },
  ]

  // MARK: Opening

  private static func openStore(_ directory: FuzzedDirectory) {
    let disk = SimulatedDisk(isCrashable: false)
    do throws(DiskError) { try directory.write(to: disk) } catch {
      fatalError("a disk in memory takes the files: \(error)")
    }
    guard let store = result({ () throws(LogError) in try openStore(on: disk) }) else { return }
    let isWhole = directory.isCheckedWhole
    _ = readAll(of: store, isWhole: isWhole)
    let batch = singleRecordBatch()
    for log in store.topics.flatMap(\.partitions) { appendOne(batch, to: log) }
    expectReopens(store, disk, isWhole: isWhole)
  }

  private static func appendOne(_ batch: [UInt8], to log: PartitionLog) {
    let end = log.endOffset
    ignoringErrors { () throws(LogError) in
      let appended = try log.append(batch.rawSpan)
      hold(appended.baseOffset == end, "a batch is appended at the end")
      hold(log.endOffset == end.advanced(by: 1), "the end moves by one record")
    }
  }

  private static func expectReopens(_ store: LogStore, _ disk: SimulatedDisk, isWhole: Bool) {
    let ends = readAll(of: store, isWhole: isWhole)
    guard result({ () throws(LogError) in try store.closeBlocking() }) != nil else { return }
    do throws(LogError) {
      let again = try openStore(on: disk)
      hold(again.recovery.wasClean, "a store that was closed is clean")
      hold(readAll(of: again, isWhole: isWhole) == ends, "a closed store keeps its records")
      try again.closeBlocking()
    } catch {
      fatalError("a store that was closed can be opened: \(error)")
    }
  }

  static func openStore(on disk: SimulatedDisk) throws(LogError) -> LogStore {
    var configuration = StoreConfiguration(recoveryThreadCount: 1)
    configuration.runsMaintenance = false
    return try LogStore.open(
      at: FuzzedDirectory.path, configuration, disk: disk, clock: StoppedClock())
  }

  // MARK: Appending

  private static func append(_ input: RawSpan, flags: UInt8) {
    let disk = SimulatedDisk(isCrashable: false)
    do throws(LogError) {
      let store = try openStore(on: disk)
      let log = try store.createTopic("t", configuration(flags)).partitions[0]
      var position = 0
      while input.byteCount - position >= 2 {
        let length = Int(input.bigEndian(UInt16.self, at: position))
        let rest = input.extracting(droppingFirst: position + 2)
        let batch = resealed(rest.extracting(first: length))
        ignoringErrors { () throws(LogError) in _ = try log.append(batch.rawSpan, leaderEpoch: 1) }
        position += 2 + min(length, rest.byteCount)
      }
      expectWellFormed(log)
      expectReopens(store, disk, isWhole: true)
    } catch {
      fatalError("a new store takes a topic: \(error)")
    }
  }

  private static func configuration(_ flags: UInt8) -> TopicConfiguration {
    TopicConfiguration(
      cleanupPolicy: flags & 1 != 0 ? .compact : .delete, segmentBytes: 1_024,
      indexIntervalBytes: 16,
      maxBatchBytes: 10_000, timestampType: flags & 2 != 0 ? .logAppendTime : .createTime)
  }

  /// What was accepted from a client holds for every reader: offsets without gaps, whole records.
  private static func expectWellFormed(_ log: PartitionLog) {
    do throws(LogError) {
      try forEachBatch(of: log) { (header, batch) throws(FormatError) in
        let stored = batch.extracting(droppingFirst: RecordBatchHeader.byteCount)
        guard let codec = header.attributes.codec else { fatalError("an unknown codec is refused") }
        var records: [UInt8] = []
        try Compression.decompress(stored, codec: codec, limit: 1 << 30, into: &records)
        try RecordBatch.checkRecords(records.rawSpan, header)
      }
    } catch {
      fatalError("what was accepted can be read: \(error)")
    }
  }

  static func singleRecordBatch() -> [UInt8] {
    var encoder = RecordBatchEncoder(initialCapacity: 128)
    let value: [UInt8] = [1, 2, 3]
    encoder.append(key: value.rawSpan, value: value.rawSpan, timestampMilliseconds: 1)
    encoder.finish(BatchFields(baseOffset: .zero))
    return copy(encoder.bytes)
  }

  // MARK: Reading

  /// Reads every batch, and where records are by time; returns where each log ends.
  private static func readAll(of store: LogStore, isWhole: Bool) -> [Offset] {
    store.topics.flatMap { topic in topic.partitions.map { (topic, $0) } }.map { (topic, log) in
      do throws(LogError) { try forEachBatch(of: log) { _, _ in } } catch {
        hold(!isWhole, "what recovery has checked can be read: \(error)")
      }
      // These look into records, which recovery leaves to the checksum.
      ignoringErrors { () throws(LogError) in _ = try log.latestTimestampOffset() }
      ignoringErrors { () throws(LogError) in _ = try log.firstOffset(atOrAfter: 0) }
      for isolation in [ReadIsolation.readUncommitted, .readCommitted] {
        ignoringErrors { () throws(LogError) in
          try topic.scan(
            from: .earliest, partition: Int(log.identity.partition), isolation: isolation
          ) { touch($0) }
        }
      }
      return log.endOffset
    }
  }

  private static func forEachBatch(
    of log: PartitionLog, _ body: (RecordBatchHeader, RawSpan) throws(FormatError) -> Void
  ) throws(LogError) {
    var next = log.startOffset
    let end = log.endOffset
    hold(next <= end, "a log does not end before its start")
    while let slice = try log.read(from: next, limit: end, maxBytes: 4_096) {
      let bytes = try slice.copyBytes()
      hold(!bytes.isEmpty, "a slice holds a batch at least")
      var position = 0
      while position < bytes.count {
        let rest = bytes.rawSpan.extracting(droppingFirst: position)
        do throws(FormatError) {
          let header = try RecordBatchHeader(parsing: rest)
          try RecordBatch.checkChecksum(of: rest, header)
          guard header.nextOffset > next else { return }
          try body(header, rest.extracting(first: header.batchByteCount))
          next = header.nextOffset
          position += header.batchByteCount
        } catch {
          throw .corrupt(path: slice.file.path, position: .zero, reason: error)
        }
      }
    }
  }
}

/// The time never moves, so that an input does the same each time.
private struct StoppedClock: WallClock {
  func nowMilliseconds() -> Int64 { 1_700_000_000_000 }
}
