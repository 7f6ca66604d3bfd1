/// The contents of `moldau-producer-ids`: below which number producer ids may have been given out.
///
/// Format: docs/format/producer-ids.md.
struct ProducerIDBlock: Hashable, Sendable {
  private static let version = 0

  let end: Int64

  init(end: Int64) {
    self.end = end
  }

  /// Reads the file's bytes; nil when they are something else.
  init?(parsing bytes: [UInt8]) {
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    guard lines.count == 3, lines[2].isEmpty,
      String(decoding: lines[0], as: UTF8.self) == "\(Self.version)",
      let end = Int64(String(decoding: lines[1], as: UTF8.self)), end >= 0
    else { return nil }
    self.end = end
  }

  func encode() -> [UInt8] { Array("\(Self.version)\n\(end)\n".utf8) }
}
