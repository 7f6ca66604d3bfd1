package import MoldauReport

/// Prints rows, as tables or as JSON.
package final class RowPrinter {
  private final class Page {
    var bytes: [UInt8] = []

    func add(_ line: String) {
      bytes += line.utf8
      bytes.append(UInt8(ascii: "\n"))
    }
  }

  private let output: any CommandOutput
  private let json: Bool
  private let page = Page()
  private var table: TableWriter

  package init(_ output: any CommandOutput, json: Bool) {
    self.output = output
    self.json = json
    let page = page
    table = TableWriter { page.add($0) }
  }

  package func add(_ row: ReportRow) {
    if json { page.add(JSONLine.text(of: row)) } else { table.add(row) }
  }

  /// Adds what was done: a row for programs, a sentence for people.
  package func add(_ row: ReportRow, saying sentence: String) {
    if json { return page.add(JSONLine.text(of: row)) }
    table.finish()
    page.add(sentence)
  }

  /// Writes what was added.
  package func finish() throws {
    if !json { table.finish() }
    let bytes = page.bytes
    page.bytes = []
    if !bytes.isEmpty { try output.write(bytes) }
  }
}
