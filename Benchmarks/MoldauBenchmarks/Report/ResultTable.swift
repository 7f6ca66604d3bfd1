/// The report's table: a line of figures a row, then what the row means and what it should reach.
struct ResultTable {
  private let results: [RowResult]

  init(_ results: [RowResult]) {
    self.results = results
  }

  var text: String {
    let header = [
      "row", "records/s", "MB/s", "an operation", "of C", "CPU", "memory", "durability",
    ]
    let lines = [header] + results.map(cells)
    let widths = header.indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
    var text = Self.line(header, widths)
    text += Self.line(widths.map { String(repeating: "─", count: $0) }, widths)
    for (result, cells) in zip(results, lines.dropFirst()) {
      text += Self.line(cells, widths)
      text += "  \(result.question)\n"
      for goal in result.goals {
        text += "  \(Self.mark(goal.verdict)) \(goal.goal.format(goal.value)): \(goal.goal.text)\n"
      }
    }
    return text
  }

  private func cells(of result: RowResult) -> [String] {
    [
      result.name,
      result.recordsPerSecond.map(Quantity.count) ?? "–",
      result.megabytesPerSecond.map { Quantity.decimals($0, 0) } ?? "–",
      result.nanosecondsPerOperation.map(Quantity.time(nanoseconds:)) ?? "–",
      result.ratioToC.map { Quantity.decimals($0, 2) } ?? "–",
      result.cpuSeconds.map { Quantity.time(nanoseconds: $0 * 1e9) } ?? "–",
      result.peakMemoryBytes.map { Quantity.bytes(Double($0)) } ?? "–",
      result.durability ?? "–",
    ]
  }

  private static func mark(_ verdict: Goal.Verdict) -> String {
    switch verdict {
    case .reached: "✔ reached"
    case .met: "✔ met    "
    case .missed: "✘ missed "
    }
  }

  /// The first and last columns stand left, the figures right.
  private static func line(_ cells: [String], _ widths: [Int]) -> String {
    var line = ""
    for (column, cell) in cells.enumerated() {
      let padding = String(repeating: " ", count: widths[column] - cell.count)
      let standsLeft = column == 0 || column == cells.count - 1
      line += (column == 0 ? "" : "  ") + (standsLeft ? cell + padding : padding + cell)
    }
    return line + "\n"
  }
}
