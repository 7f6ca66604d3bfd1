import MoldauFormat

/// An offset in a file of a partition's folder: where a log goes on that is being emptied
/// (`moldau-reset`), or from where on recovery has found records missing (`moldau-missing`).
///
/// Text: `0`, the version, on one line, the offset on the next. docs/format/log-directory.md.
struct OffsetMarker: Hashable, Sendable {
  private static let version = "0"

  var offset: Offset

  init(_ offset: Offset) {
    self.offset = offset
  }

  init(parsing bytes: [UInt8]) throws(FormatError) {
    let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
    guard lines.count == 2, lines[0] == Self.version, let offset = Int64(lines[1]), offset >= 0
    else {
      throw .invalid(field: "offset", reason: "the file is not a version and an offset")
    }
    self.offset = Offset(rawValue: offset)
  }

  func encode() -> [UInt8] {
    Array("\(Self.version)\n\(offset.rawValue)\n".utf8)
  }
}
