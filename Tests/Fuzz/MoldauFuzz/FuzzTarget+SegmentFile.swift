import MoldauFormat

extension FuzzTarget {
  /// The binary files beside a segment's log.
  static let segmentFileTargets = [
    FuzzTarget("offset-index") {
      forEachEntry(OffsetIndexEntry.self, OffsetIndexEntry.byteCount, $0)
    },
    FuzzTarget("time-index") { forEachEntry(TimeIndexEntry.self, TimeIndexEntry.byteCount, $0) },
    FuzzTarget("transaction-index") {
      forEachEntry(AbortedTransaction.self, AbortedTransaction.byteCount, $0)
    },
    // As with a batch, the second reading has the right checksum.
    FuzzTarget("producer-snapshot") { bytes in
      expectStable(ProducerSnapshot.self, bytes)
      var sealed = copy(bytes)
      guard sealed.count >= ProducerSnapshot.headerByteCount else { return }
      store(Checksum.crc32c(bytes.extracting(droppingFirst: 6)), in: &sealed, at: 2)
      expectStable(ProducerSnapshot.self, sealed.rawSpan)
    },
  ]

  /// Parses and encodes entry after entry; what was accepted must come back byte for byte.
  private static func forEachEntry<Entry: Reencodable>(
    _: Entry.Type, _ byteCount: Int, _ bytes: RawSpan
  ) {
    var position = 0
    while position < bytes.byteCount {
      let rest = bytes.extracting(droppingFirst: position)
      if let entry = result({ () throws(FormatError) in try Entry(parsing: rest) }) {
        hold(rest.byteCount >= byteCount, "an entry is never read past the end")
        hold(
          isEqual(entry.encode(), rest.extracting(first: byteCount)), "entries keep their bytes")
      }
      position += byteCount
    }
  }
}

extension OffsetIndexEntry: Reencodable {}
extension TimeIndexEntry: Reencodable {}
extension AbortedTransaction: Reencodable {}
extension ProducerSnapshot: Reencodable {}
