import MoldauReport

/// Prints the rows of a report to the standard output.
final class ReportPrinter {
  private let json: Bool
  private var table = TableWriter { print($0) }

  init(json: Bool) {
    self.json = json
  }

  func add(_ row: ReportRow) {
    if json { print(JSONLine.text(of: row)) } else { table.add(row) }
  }

  func finish() {
    if !json { table.finish() }
  }
}
