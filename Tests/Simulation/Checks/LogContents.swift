import MoldauFormat
import MoldauLog

/// A record as a log has it.
struct LoggedRecord: Hashable {
  var leaderEpoch: Int32
  /// The checksum of its batch.
  var checksum: UInt32
  /// Where its batch begins.
  var base: Int64
  /// −1 for none.
  var producerID: Int64 = -1
  var producerEpoch: Int16 = -1
  var firstSequence: Int32 = -1
  var lastSequence: Int32 = -1
  /// The checksum of its key; nil for none.
  var key: UInt32?
  /// The checksum of its value; nil for none.
  var value: UInt32?
  var number: RecordNumber?

  /// Whether it is the other one, whose batch may have been written anew without some records.
  func isSame(as other: LoggedRecord) -> Bool {
    var same = self
    same.checksum = other.checksum
    return same == other
  }
}

extension PartitionLog {
  /// The records from `start` up to `end`, at most, in the order of their offsets.
  func records(
    from start: Offset, to end: Offset
  ) throws(LogError) -> [(offset: Offset, record: LoggedRecord)] {
    var all: [(offset: Offset, record: LoggedRecord)] = []
    var position = start
    while position < end {
      guard let slice = try read(from: position, limit: end, maxBytes: 1 << 20) else { break }
      let bytes = try slice.copyBytes()
      do throws(FormatError) {
        let before = position
        try Self.walk(bytes.rawSpan, from: start, into: &all, next: &position)
        if position == before { break }
      } catch {
        throw .corrupt(
          path: slice.file.path, position: FilePosition(rawValue: slice.position),
          reason: error)
      }
    }
    return all
  }

  /// The batches from `start` up to `end`: their leader epochs, and where they begin.
  func batches(
    from start: Offset, to end: Offset
  ) throws(LogError) -> [(epoch: Int32, base: Offset)] {
    var all: [(epoch: Int32, base: Offset)] = []
    var position = start
    while position < end {
      guard let slice = try read(from: position, limit: end, maxBytes: 1 << 20) else { break }
      let bytes = try slice.copyBytes()
      let before = position
      do throws(FormatError) {
        var place = 0
        while place + RecordBatchHeader.byteCount <= bytes.count {
          let header = try RecordBatchHeader(
            parsing: bytes.rawSpan.extracting(droppingFirst: place))
          all.append((header.partitionLeaderEpoch, header.baseOffset))
          place += header.batchByteCount
          position = header.nextOffset
        }
      } catch {
        throw .corrupt(
          path: slice.file.path, position: FilePosition(rawValue: slice.position),
          reason: error)
      }
      if position == before { break }
    }
    return all
  }

  private static func walk(
    _ batches: RawSpan, from start: Offset,
    into all: inout [(offset: Offset, record: LoggedRecord)], next: inout Offset
  ) throws(FormatError) {
    var position = 0
    while position + RecordBatchHeader.byteCount <= batches.byteCount {
      let rest = batches.extracting(droppingFirst: position)
      let header = try RecordBatchHeader(parsing: rest)
      guard header.batchByteCount <= rest.byteCount else { return }
      let batch = rest.extracting(first: header.batchByteCount)
      position += header.batchByteCount
      try RecordBatch.checkChecksum(of: batch, header)
      next = header.nextOffset
      var reader = RecordReader(
        batch.extracting(droppingFirst: RecordBatchHeader.byteCount), header)
      while let record = try reader.next() {
        guard record.offset >= start else { continue }
        all.append(
          (
            record.offset,
            LoggedRecord(
              leaderEpoch: header.partitionLeaderEpoch, checksum: header.checksum,
              base: header.baseOffset.rawValue,
              producerID: header.producerID, producerEpoch: header.producerEpoch,
              firstSequence: header.baseSequence,
              lastSequence: header.baseSequence + header.lastOffsetDelta,
              key: Self.checksum(record.key), value: Self.checksum(record.value),
              number: header.attributes.isControl ? nil : RecordNumber(record.value))
          ))
      }
    }
  }

  private static func checksum(_ bytes: RawSpan?) -> UInt32? {
    guard let bytes else { return nil }
    return Checksum.crc32c(bytes)
  }
}
