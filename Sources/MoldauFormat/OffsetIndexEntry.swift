/// One 8-byte entry of a segment's offset index.
///
/// Format: docs/format/offset-index.md.
@usableFromInline
package struct OffsetIndexEntry: Hashable, Sendable {
  @inlinable package static var byteCount: Int { 8 }

  /// The last offset of the batch, less the segment's base offset.
  @usableFromInline package var relativeOffset: Int32
  /// Where in the segment's log the batch starts.
  @usableFromInline package var position: Int32

  @inlinable
  package init(relativeOffset: Int32, position: Int32) {
    self.relativeOffset = relativeOffset
    self.position = position
  }

  /// Reads the entry at the start of `bytes`.
  package init(parsing bytes: RawSpan) throws(FormatError) {
    guard bytes.byteCount >= Self.byteCount else {
      throw .truncated(needed: Self.byteCount, available: bytes.byteCount)
    }
    relativeOffset = bytes.bigEndian(Int32.self, at: 0)
    position = bytes.bigEndian(Int32.self, at: 4)
    if relativeOffset < 0 {
      throw .invalid(field: "relativeOffset", reason: "\(relativeOffset) is negative")
    }
    if position < 0 {
      throw .invalid(field: "position", reason: "\(position) is negative")
    }
  }

  package func encode() -> [UInt8] {
    var bytes: [UInt8] = []
    encode(into: &bytes)
    return bytes
  }

  package func encode(into bytes: inout [UInt8]) {
    bytes.appendBigEndian(relativeOffset)
    bytes.appendBigEndian(position)
  }
}
