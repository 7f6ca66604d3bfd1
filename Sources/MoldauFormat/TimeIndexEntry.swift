/// One 12-byte entry of a segment's time index.
///
/// Format: docs/format/time-index.md.
@usableFromInline
package struct TimeIndexEntry: Hashable, Sendable {
  @inlinable package static var byteCount: Int { 12 }

  /// The greatest timestamp so far in the segment.
  @usableFromInline package var timestampMilliseconds: Int64
  /// The last offset of the batch that holds it, less the segment's base offset.
  @usableFromInline package var relativeOffset: Int32

  @inlinable
  package init(timestampMilliseconds: Int64, relativeOffset: Int32) {
    self.timestampMilliseconds = timestampMilliseconds
    self.relativeOffset = relativeOffset
  }

  /// Reads the entry at the start of `bytes`.
  package init(parsing bytes: RawSpan) throws(FormatError) {
    guard bytes.byteCount >= Self.byteCount else {
      throw .truncated(needed: Self.byteCount, available: bytes.byteCount)
    }
    timestampMilliseconds = bytes.bigEndian(Int64.self, at: 0)
    relativeOffset = bytes.bigEndian(Int32.self, at: 8)
    if relativeOffset < 0 {
      throw .invalid(field: "relativeOffset", reason: "\(relativeOffset) is negative")
    }
  }

  package func encode() -> [UInt8] {
    var bytes: [UInt8] = []
    encode(into: &bytes)
    return bytes
  }

  package func encode(into bytes: inout [UInt8]) {
    bytes.appendBigEndian(timestampMilliseconds)
    bytes.appendBigEndian(relativeOffset)
  }
}
