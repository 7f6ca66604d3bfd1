/// The name of one of a segment's files, such as `00000000000000000042.index.deleted`.
package struct SegmentFileName: Hashable, Sendable, CustomStringConvertible {
  /// What the file holds; the raw value is the name's extension.
  package enum Kind: String, CaseIterable, Sendable {
    case log
    case index
    case timeindex
    case txnindex
    case snapshot
  }

  /// Work on the file that was begun and not ended; the raw value follows the extension.
  package enum State: String, CaseIterable, Sendable {
    /// None: the file is in use.
    case live = ""
    /// It is to be unlinked.
    case deleted = ".deleted"
    /// The cleaner was writing it; it is to be unlinked.
    case cleaned = ".cleaned"
    /// The cleaner has written it whole; it is to take the place of live files.
    case swap = ".swap"
  }

  private static let digitCount = 20

  /// The first offset of the segment; for a snapshot the offset after the state that it holds.
  package var baseOffset: Offset
  package var kind: Kind
  package var state: State

  package init(baseOffset: Offset, kind: Kind, state: State = .live) {
    precondition(baseOffset >= .zero, "offsets start at 0")
    self.baseOffset = baseOffset
    self.kind = kind
    self.state = state
  }

  /// Reads a file's name; nil when it is not that of a segment's file.
  package init?(parsing name: String) {
    let digits = name.utf8.prefix(Self.digitCount)
    guard digits.count == Self.digitCount, let base = CanonicalDecimal.parsePadded(digits),
      let parts = Self.parseExtension(name.utf8.dropFirst(Self.digitCount))
    else { return nil }
    self.init(baseOffset: Offset(rawValue: base), kind: parts.kind, state: parts.state)
  }

  private static func parseExtension(
    _ bytes: Substring.UTF8View
  ) -> (kind: Kind, state: State)? {
    guard bytes.first == UInt8(ascii: ".") else { return nil }
    let text = Substring(bytes.dropFirst())
    let end = text.firstIndex(of: ".") ?? text.endIndex
    guard let kind = Kind(rawValue: String(text[..<end])),
      let state = State(rawValue: String(text[end...]))
    else { return nil }
    return (kind, state)
  }

  package var description: String {
    let digits = String(baseOffset.rawValue)
    let zeros = String(repeating: "0", count: Self.digitCount - digits.count)
    return "\(zeros)\(digits).\(kind.rawValue)\(state.rawValue)"
  }
}
