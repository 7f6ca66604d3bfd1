/// One 34-byte entry of a segment's transaction index: a transaction that was aborted.
///
/// Format: docs/format/transaction-index.md.
package struct AbortedTransaction: Hashable, Sendable {
  package static let byteCount = 34
  package static let version: Int16 = 0

  package var producerID: Int64
  /// The first offset of the transaction.
  package var firstOffset: Offset
  /// The offset of its abort marker.
  package var lastOffset: Offset
  /// The last stable offset once it was aborted.
  package var lastStableOffset: Offset

  package init(
    producerID: Int64, firstOffset: Offset, lastOffset: Offset, lastStableOffset: Offset
  ) {
    self.producerID = producerID
    self.firstOffset = firstOffset
    self.lastOffset = lastOffset
    self.lastStableOffset = lastStableOffset
  }

  /// Reads the entry at the start of `bytes`.
  package init(parsing bytes: RawSpan) throws(FormatError) {
    guard bytes.byteCount >= Self.byteCount else {
      throw .truncated(needed: Self.byteCount, available: bytes.byteCount)
    }
    let version = bytes.bigEndian(Int16.self, at: 0)
    guard version == Self.version else {
      throw .unsupportedVersion(field: "aborted transaction", version: Int(version))
    }
    producerID = bytes.bigEndian(Int64.self, at: 2)
    firstOffset = Offset(rawValue: bytes.bigEndian(Int64.self, at: 10))
    lastOffset = Offset(rawValue: bytes.bigEndian(Int64.self, at: 18))
    lastStableOffset = Offset(rawValue: bytes.bigEndian(Int64.self, at: 26))
    if firstOffset < .zero || lastOffset < firstOffset {
      throw .invalid(field: "firstOffset", reason: "\(firstOffset) to \(lastOffset) is no range")
    }
  }

  package func encode() -> [UInt8] {
    var bytes: [UInt8] = []
    encode(into: &bytes)
    return bytes
  }

  package func encode(into bytes: inout [UInt8]) {
    bytes.appendBigEndian(Self.version)
    bytes.appendBigEndian(producerID)
    bytes.appendBigEndian(firstOffset.rawValue)
    bytes.appendBigEndian(lastOffset.rawValue)
    bytes.appendBigEndian(lastStableOffset.rawValue)
  }
}
