/// Writes the rows of a report as tables for people.
///
/// Rows of one kind that follow each other share a table. They are held back until the kind changes
/// or `maxHeldRows` wait, so that a report of any length takes bounded memory.
package struct TableWriter {
  private let write: (String) -> Void
  private var held: [ReportRow] = []
  /// The kind and the columns' widths of the table that is on the page.
  private var open: (kind: ReportRow.Kind, widths: [Int])?
  private var hasWritten = false

  package init(write: @escaping (String) -> Void) {
    self.write = write
  }

  package mutating func add(_ row: ReportRow) {
    if let first = held.first, first.kind != row.kind || held.count >= Limits.maxHeldRows {
      flush()
    }
    held.append(row)
  }

  package mutating func finish() {
    flush()
  }

  private mutating func flush() {
    guard let kind = held.first?.kind else { return }
    switch kind.layout {
    case .lines:
      for row in held { writeLines(row) }
      open = nil
    case .message:
      for row in held { write(message(of: row)) }
      open = nil
    case .record:
      // A batch's records stand under it, and the table of batches goes on behind them.
      for row in held { write(line(ofRecord: row)) }
    case .table:
      writeTable(kind)
    }
    hasWritten = true
    held.removeAll(keepingCapacity: true)
  }

  // MARK: Tables

  private mutating func writeTable(_ kind: ReportRow.Kind) {
    let cells = held.map { $0.fields.map { Self.cell($0.value) } }
    let headings = held[0].fields.map { $0.heading ?? Self.words($0.name) }
    var widths = headings.map(\.count)
    if let open, open.kind == kind { widths = open.widths }
    for row in cells {
      for (column, cell) in row.enumerated() { widths[column] = max(widths[column], cell.count) }
    }
    let isNumber = held[0].fields.indices.map { column in
      held.contains { if case .integer = $0.fields[column].value { true } else { false } }
    }
    if open?.kind != kind {
      if hasWritten { write("") }
      write(Self.line(headings, widths, isNumber))
    }
    for row in cells { write(Self.line(row, widths, isNumber)) }
    open = (kind, widths)
  }

  private static func line(_ cells: [String], _ widths: [Int], _ isNumber: [Bool]) -> String {
    var text = ""
    for (column, cell) in cells.enumerated() {
      let padding = String(repeating: " ", count: max(0, widths[column] - cell.count))
      if column > 0 { text += "  " }
      let isLast = column + 1 == cells.count
      text += isNumber[column] ? padding + cell : isLast ? cell : cell + padding
    }
    return text
  }

  private static func cell(_ value: FieldValue) -> String {
    switch value {
    case .none: "-"
    case .integer(let number): String(number)
    case .boolean(let value): value ? "yes" : "no"
    case .text(let text): text
    case .timestamp(let milliseconds): Timestamp.text(ofMilliseconds: milliseconds)
    case .bytes(let bytes): bytes.map(readable) ?? "null"
    case .integers(let numbers):
      numbers.isEmpty ? "-" : numbers.map { String($0) }.joined(separator: ",")
    case .headers(let headers):
      headers.map { "\($0.name)=\($0.value.map(readable) ?? "null")" }.joined(separator: " ")
    }
  }

  /// `baseOffset` as "base offset".
  static func words(_ name: String) -> String {
    var text = ""
    for character in name {
      if character.isUppercase, let last = text.last, last.isLowercase { text += " " }
      text += character.isUppercase ? character.lowercased() : String(character)
    }
    return text
  }

  // MARK: Other rows

  private func writeLines(_ row: ReportRow) {
    if hasWritten { write("") }
    let fields = row.fields.filter { $0.value != .none }
    let titles = fields.map { $0.heading ?? Self.words($0.name) }
    let width = titles.map(\.count).max() ?? 0
    for (title, field) in zip(titles, fields) {
      let padding = String(repeating: " ", count: width - title.count)
      write("\(title)\(padding)  \(Self.cell(field.value))")
    }
  }

  private func message(of row: ReportRow) -> String {
    let position = row["position"] == .none ? "" : " at byte \(Self.cell(row["position"]))"
    let label = row.kind == .problem ? "PROBLEM" : row.kind.name
    return "\(label)  \(Self.cell(row["path"]))\(position): \(Self.cell(row["message"]))"
  }

  private func line(ofRecord row: ReportRow) -> String {
    func text(_ name: String) -> String { Self.cell(row[name]) }
    var line = "    offset \(text("offset"))  \(text("timestampMilliseconds"))  key \(text("key"))"
    line += "  value \(text("value"))"
    if case .headers(let headers) = row["headers"], !headers.isEmpty {
      line += "  headers \(text("headers"))"
    }
    return line
  }

  /// Text in quotes, or hexadecimal digits behind `0x`; long ones are cut.
  private static func readable(_ bytes: [UInt8]) -> String {
    let shown = bytes.prefix(Limits.maxShownBytes)
    let rest = bytes.count > shown.count ? "… (\(bytes.count) bytes)" : ""
    // What was cut inside a character is text all the same.
    switch ReadableBytes(bytes) {
    case .text: return JSONLine.quoted(String(decoding: shown, as: UTF8.self)) + rest
    case .hexadecimal: return "0x" + ReadableBytes.digits(of: shown) + rest
    }
  }
}
