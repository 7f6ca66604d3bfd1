/// One producer in a `ProducerSnapshot`: 46 bytes.
package struct ProducerSnapshotEntry: Hashable, Sendable {
  package static let byteCount = 46

  package var producerID: Int64
  package var producerEpoch: Int16
  /// The sequence number of the last record, or −1.
  package var lastSequence: Int32
  /// The last offset of the last batch; nil when none is remembered.
  package var lastOffset: Offset?
  /// The number of records of the last batch, less one.
  package var offsetDelta: Int32
  /// The greatest timestamp of the last batch.
  package var timestampMilliseconds: Int64
  /// The epoch of the transaction coordinator that wrote the last marker, or −1.
  package var coordinatorEpoch: Int32
  /// Where the open transaction starts; nil when none is open.
  package var currentTransactionFirstOffset: Offset?

  package init(
    producerID: Int64, producerEpoch: Int16, lastSequence: Int32, lastOffset: Offset?,
    offsetDelta: Int32, timestampMilliseconds: Int64, coordinatorEpoch: Int32,
    currentTransactionFirstOffset: Offset?
  ) {
    self.producerID = producerID
    self.producerEpoch = producerEpoch
    self.lastSequence = lastSequence
    self.lastOffset = lastOffset
    self.offsetDelta = offsetDelta
    self.timestampMilliseconds = timestampMilliseconds
    self.coordinatorEpoch = coordinatorEpoch
    self.currentTransactionFirstOffset = currentTransactionFirstOffset
  }

  /// Reads the entry at the start of `bytes`.
  init(parsing bytes: RawSpan) throws(FormatError) {
    guard bytes.byteCount >= Self.byteCount else {
      throw .truncated(needed: Self.byteCount, available: bytes.byteCount)
    }
    producerID = bytes.bigEndian(Int64.self, at: 0)
    producerEpoch = bytes.bigEndian(Int16.self, at: 8)
    lastSequence = bytes.bigEndian(Int32.self, at: 10)
    lastOffset = try Self.offset(bytes.bigEndian(Int64.self, at: 14), field: "lastOffset")
    offsetDelta = bytes.bigEndian(Int32.self, at: 22)
    timestampMilliseconds = bytes.bigEndian(Int64.self, at: 26)
    coordinatorEpoch = bytes.bigEndian(Int32.self, at: 34)
    currentTransactionFirstOffset = try Self.offset(
      bytes.bigEndian(Int64.self, at: 38), field: "currentTransactionFirstOffset")
  }

  func encode(into bytes: inout [UInt8]) {
    bytes.appendBigEndian(producerID)
    bytes.appendBigEndian(producerEpoch)
    bytes.appendBigEndian(lastSequence)
    bytes.appendBigEndian(lastOffset?.rawValue ?? -1)
    bytes.appendBigEndian(offsetDelta)
    bytes.appendBigEndian(timestampMilliseconds)
    bytes.appendBigEndian(coordinatorEpoch)
    bytes.appendBigEndian(currentTransactionFirstOffset?.rawValue ?? -1)
  }

  private static func offset(_ value: Int64, field: String) throws(FormatError) -> Offset? {
    guard value >= -1 else {
      throw .invalid(field: field, reason: "\(value) is below -1")
    }
    return value == -1 ? nil : Offset(rawValue: value)
  }
}
