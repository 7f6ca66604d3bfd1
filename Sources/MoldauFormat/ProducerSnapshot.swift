/// What a partition remembers of its producers, as of the offset that names the file.
///
/// Format: docs/format/producer-snapshot.md.
package struct ProducerSnapshot: Equatable, Sendable {
  package static let version: Int16 = 1
  /// Version, checksum and number of entries.
  package static let headerByteCount = 10
  /// The first byte that the checksum covers.
  private static let checksummedRangeStart = 6

  package var entries: [ProducerSnapshotEntry]

  package init(entries: [ProducerSnapshotEntry] = []) {
    self.entries = entries
  }

  package init(parsing bytes: RawSpan) throws(FormatError) {
    guard bytes.byteCount >= Self.headerByteCount else {
      throw .truncated(needed: Self.headerByteCount, available: bytes.byteCount)
    }
    let version = bytes.bigEndian(Int16.self, at: 0)
    guard version == Self.version else {
      throw .unsupportedVersion(field: "producer snapshot", version: Int(version))
    }
    let stored = bytes.bigEndian(UInt32.self, at: 2)
    let computed = Checksum.crc32c(bytes.extracting(Self.checksummedRangeStart...))
    guard stored == computed else {
      throw .checksumMismatch(stored: stored, computed: computed)
    }
    let count = Int(bytes.bigEndian(Int32.self, at: 6))
    let byteCount = bytes.byteCount - Self.headerByteCount
    guard count >= 0, count * ProducerSnapshotEntry.byteCount == byteCount else {
      throw .lengthOutOfRange(field: "producer snapshot entries", length: count)
    }
    entries = []
    for index in 0..<count {
      let start = Self.headerByteCount + index * ProducerSnapshotEntry.byteCount
      entries.append(try ProducerSnapshotEntry(parsing: bytes.extracting(start...)))
    }
  }

  package func encode() -> [UInt8] {
    var body: [UInt8] = []
    body.appendBigEndian(Int32(entries.count))
    for entry in entries { entry.encode(into: &body) }
    var bytes: [UInt8] = []
    bytes.appendBigEndian(Self.version)
    // SAFETY: bytes have no padding, so all of the array's are initialised.
    bytes.appendBigEndian(unsafe Checksum.crc32c(body.span.bytes))
    bytes.append(contentsOf: body)
    return bytes
  }
}
