import MoldauFormat
import Testing

/// Each parser of bytes that someone else wrote, fed with damaged forms of what it likes.
///
/// It may refuse them or read something else; it must neither trap nor hang, and what it has
/// read must survive being written and read again.
struct MutationTests {
  private static let rounds = 400
  private static let seed: UInt64 = 0x6D6F_6C64_6175

  @Test("damaged batches never trap a parser")
  func batches() {
    let seeds = [
      Golden.transactionalBatch, Golden.commitMarker, encode(Golden.oddRecords),
      encode(Golden.oddRecords, BatchFields(attributes: BatchAttributes(isLogAppendTime: true))),
    ]
    mutate(seeds) { (bytes) throws(FormatError) in
      let header = try RecordBatchHeader(parsing: bytes)
      guard bytes.byteCount > RecordBatchHeader.byteCount else { return }
      let records = bytes.extracting(RecordBatchHeader.byteCount...)
      var isCheckedSound = true
      do throws(FormatError) {
        try RecordBatch.checkRecords(records, header)
      } catch {
        isCheckedSound = false
      }
      var visitedCount = 0
      do throws(FormatError) {
        try RecordBatch.forEachRecord(in: records, header) { record in
          visitedCount += 1
          return OwnedRecord(record).headers.count == record.headerCount
        }
      } catch {
        // The stricter walk takes nothing that the other refuses, bar offsets outside the batch.
        #expect(!isCheckedSound || header.lastOffsetDelta < header.recordCount - 1)
        return
      }
      #expect(visitedCount == Int(header.recordCount))
    }
  }

  @Test("damaged files never trap a parser")
  func files() {
    let offsets = "0\n2\n__transaction_state 42 0\norders-1 7 120\n"
    mutate([Array(offsets.utf8)]) { (bytes) throws(FormatError) in
      let read = try OffsetCheckpoint(parsing: bytes)
      #expect(try parse(read.encode(), OffsetCheckpoint.init(parsing:)) == read)
    }
    mutate([Array("0\n2\n0 0\n3 120\n".utf8)]) { (bytes) throws(FormatError) in
      let read = try LeaderEpochCheckpoint(parsing: bytes)
      #expect(try parse(read.encode(), LeaderEpochCheckpoint.init(parsing:)) == read)
    }
    let meta = "#x\nnode.id=1\ndirectory.id=CePlIX1njI3RibzyvAnlWw\nversion=1\ncluster.id=a\n"
    mutate([Array(meta.utf8)]) { (bytes) throws(FormatError) in
      let read = try MetaProperties(parsing: bytes)
      #expect(try parse(read.encode(), MetaProperties.init(parsing:)) == read)
    }
    let metadata = "version: 0\ntopic_id: bt0hLVvUQ8GeiiLaN17hsQ"
    mutate([Array(metadata.utf8)]) { (bytes) throws(FormatError) in
      let read = try PartitionMetadata(parsing: bytes)
      #expect(try parse(read.encode(), PartitionMetadata.init(parsing:)) == read)
    }
    mutate([Array("{\"version\":0,\"brokerEpoch\":309}".utf8)]) { (bytes) throws(FormatError) in
      let read = try CleanShutdownMarker(parsing: bytes)
      #expect(try parse(read.encode(), CleanShutdownMarker.init(parsing:)) == read)
    }
  }

  @Test("damaged snapshots and index entries never trap a parser")
  func snapshots() {
    mutate([Golden.idempotentSnapshot, Golden.transactionalSnapshot], resealing: true) {
      (bytes) throws(FormatError) in
      let read = try ProducerSnapshot(parsing: bytes)
      #expect(read.encode() == copy(bytes))
    }
    mutate([Golden.offsetIndex]) { (bytes) throws(FormatError) in
      let read = try OffsetIndexEntry(parsing: bytes)
      #expect(read.encode() == copy(bytes.extracting(first: OffsetIndexEntry.byteCount)))
    }
    mutate([Golden.timeIndex]) { (bytes) throws(FormatError) in
      let read = try TimeIndexEntry(parsing: bytes)
      #expect(read.encode() == copy(bytes.extracting(first: TimeIndexEntry.byteCount)))
    }
    mutate([Golden.transactionIndex]) { (bytes) throws(FormatError) in
      let read = try AbortedTransaction(parsing: bytes)
      #expect(read.encode() == copy(bytes.extracting(first: AbortedTransaction.byteCount)))
    }
  }

  @Test("damaged group records and markers never trap a parser")
  func groupRecords() {
    mutate([Golden.groupOffsetKey, Golden.groupMetadataKey]) { (bytes) throws(FormatError) in
      _ = try GroupRecordKey(parsing: bytes)
    }
    mutate([Golden.groupOffsetValue]) { (bytes) throws(FormatError) in
      let read = try GroupOffsetValue(parsing: bytes)
      #expect(
        try parse(read.encode(), GroupOffsetValue.init(parsing:)).offset == read.offset)
    }
    mutate([Golden.emptyGroupValue, Golden.stableGroupValue]) { (bytes) throws(FormatError) in
      let read = try GroupMetadataValue(parsing: bytes)
      #expect(try parse(read.encode(), GroupMetadataValue.init(parsing:)) == read)
    }
    mutate([hex("0000 0001")]) { (bytes) throws(FormatError) in
      _ = try ControlRecord(parsingKey: bytes, value: bytes)
    }
  }

  @Test("damaged records of consumer groups never trap a parser")
  func consumerGroupRecords() {
    typealias Records = ConsumerGroupRecordTests
    mutate(Records.keys.map { hex($0.0) }) { (bytes) throws(FormatError) in
      let read = try ConsumerGroupKey(parsing: bytes)
      #expect(try parse(read.encode(), ConsumerGroupKey.init(parsing:)) == read)
    }
    mutate([hex(Records.epoch.0)]) { (bytes) throws(FormatError) in
      let read = try ConsumerGroupEpochValue(parsing: bytes)
      #expect(try parse(read.encode(), ConsumerGroupEpochValue.init(parsing:)) == read)
    }
    mutate([hex(Records.topics.0)]) { (bytes) throws(FormatError) in
      let read = try ConsumerGroupTopicsValue(parsing: bytes)
      #expect(try parse(read.encode(), ConsumerGroupTopicsValue.init(parsing:)) == read)
    }
    mutate([hex(Records.member.0)]) { (bytes) throws(FormatError) in
      let read = try ConsumerGroupMemberValue(parsing: bytes)
      #expect(try parse(read.encode(), ConsumerGroupMemberValue.init(parsing:)) == read)
    }
    mutate([hex(Records.target.0)]) { (bytes) throws(FormatError) in
      let read = try ConsumerGroupTargetValue(parsing: bytes)
      #expect(try parse(read.encode(), ConsumerGroupTargetValue.init(parsing:)) == read)
    }
    mutate([hex(Records.current.0)]) { (bytes) throws(FormatError) in
      let read = try ConsumerGroupCurrentValue(parsing: bytes)
      #expect(try parse(read.encode(), ConsumerGroupCurrentValue.init(parsing:)) == read)
    }
  }

  @Test("damaged names never trap a parser")
  func names() {
    let names = [
      "orders-0", "00000000000000000042.log.deleted", "CePlIX1njI3RibzyvAnlWw",
      "orders-0.0123456789abcdef0123456789abcdef-delete",
    ]
    mutate(names.map { Array($0.utf8) }) { (bytes) throws(FormatError) in
      let name = String(decoding: copy(bytes), as: UTF8.self)
      if let read = TopicPartition(directoryName: name) { #expect(read.directoryName == name) }
      if let read = SegmentFileName(parsing: name) { #expect(read.description == name) }
      if let read = TopicID(base64: name) { #expect(read.base64 == name) }
      _ = TopicPartition.isDeletedDirectoryName(name)
    }
  }

  /// Calls `body` with `rounds` damaged forms of each of `seeds`; it may throw a `FormatError`.
  private func mutate(
    _ seeds: [[UInt8]], resealing: Bool = false, _ body: (RawSpan) throws(FormatError) -> Void
  ) {
    var generator = SeededGenerator(seed: Self.seed)
    for seed in seeds {
      for _ in 0..<Self.rounds {
        var bytes = damaged(seed, using: &generator)
        if resealing, bytes.count > 6 {
          var sealed = Array(bytes[..<2])
          // SAFETY: bytes have no padding, so all of the array's are initialised.
          sealed.appendBigEndian(unsafe Checksum.crc32c(Array(bytes[6...]).span.bytes))
          bytes.replaceSubrange(..<6, with: sealed)
        }
        _ = failure(of: bytes, body)
      }
    }
  }

  private func damaged(_ seed: [UInt8], using generator: inout SeededGenerator) -> [UInt8] {
    var bytes = seed
    for _ in 0..<Int.random(in: 1...3, using: &generator) {
      let position = Int.random(in: 0..<max(bytes.count, 1), using: &generator)
      switch Int.random(in: 0..<6, using: &generator) {
      case 0: bytes.removeSubrange(min(position, bytes.count)...)
      case 1: bytes.insert(UInt8.random(in: 0...255, using: &generator), at: position)
      case 2 where !bytes.isEmpty: bytes.remove(at: position)
      case 3 where !bytes.isEmpty: bytes[position] = [0, 0x7F, 0x80, 0xFF][position % 4]
      case 4 where !bytes.isEmpty:
        bytes[position] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
      default: bytes.append(contentsOf: seed.prefix(position))
      }
    }
    return bytes
  }
}
