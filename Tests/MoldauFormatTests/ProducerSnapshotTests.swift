import MoldauFormat
import Testing

struct ProducerSnapshotTests {
  static let idempotent = ProducerSnapshotEntry(
    producerID: 0, producerEpoch: 0, lastSequence: 49, lastOffset: Offset(rawValue: 49),
    offsetDelta: 49, timestampMilliseconds: 0x1A2_0BBC_1CBF, coordinatorEpoch: -1,
    currentTransactionFirstOffset: nil)
  static let transactional = ProducerSnapshotEntry(
    producerID: 1, producerEpoch: 0, lastSequence: 199, lastOffset: Offset(rawValue: 218),
    offsetDelta: 9, timestampMilliseconds: 0x1A2_0BBC_2499, coordinatorEpoch: 0,
    currentTransactionFirstOffset: nil)

  @Test(
    "snapshots are read and written byte for byte",
    arguments: [
      (Golden.idempotentSnapshot, [idempotent]), (Golden.transactionalSnapshot, [transactional]),
      (hex("0001 48674bc7 00000000"), []),
    ])
  func golden(bytes: [UInt8], entries: [ProducerSnapshotEntry]) throws {
    #expect(try parse(bytes, snapshot).entries == entries)
    #expect(hex(ProducerSnapshot(entries: entries).encode()) == hex(bytes))
  }

  @Test("an open transaction, and a producer without a batch, are kept")
  func optionalOffsets() throws {
    var open = Self.transactional
    open.currentTransactionFirstOffset = Offset(rawValue: 200)
    var silent = Self.idempotent
    silent.lastOffset = nil
    let snapshot = ProducerSnapshot(entries: [open, silent])
    #expect(try parse(snapshot.encode(), self.snapshot) == snapshot)
  }

  @Test("a snapshot that breaks a rule is refused")
  func refused() {
    var bytes = Golden.idempotentSnapshot
    #expect(
      failure(of: Array(bytes[..<9]), snapshot) == .truncated(needed: 10, available: 9))
    bytes[1] = 2
    #expect(
      failure(of: bytes, snapshot) == .unsupportedVersion(field: "producer snapshot", version: 2))
    bytes[1] = 1
    bytes[20] ^= 1
    guard case .checksumMismatch(stored: 0x26FF_0495, _)? = failure(of: bytes, snapshot) else {
      Issue.record("a changed byte was not seen")
      return
    }
  }

  @Test(
    "a number of entries that the bytes do not hold is refused",
    arguments: [
      2, 0, -1, Int32.max, Int32.min,
    ])
  func count(count: Int32) {
    var body: [UInt8] = []
    body.appendBigEndian(count)
    body += Golden.idempotentSnapshot[10...]
    #expect(
      failure(of: sealed(body), snapshot)
        == .lengthOutOfRange(field: "producer snapshot entries", length: Int(count)))
  }

  @Test("an offset below -1 is refused")
  func negativeOffset() {
    var body = Array(Golden.idempotentSnapshot[6...])
    body.replaceSubrange(18..<26, with: hex("fffffffffffffffe"))
    #expect(
      failure(of: sealed(body), snapshot)
        == .invalid(field: "lastOffset", reason: "-2 is below -1"))
  }

  /// Returns `body` behind a version and the right checksum.
  private func sealed(_ body: [UInt8]) -> [UInt8] {
    var bytes: [UInt8] = [0, 1]
    // SAFETY: bytes have no padding, so all of the array's are initialised.
    bytes.appendBigEndian(unsafe Checksum.crc32c(body.span.bytes))
    return bytes + body
  }

  private func snapshot(_ bytes: RawSpan) throws(FormatError) -> ProducerSnapshot {
    try ProducerSnapshot(parsing: bytes)
  }
}
