/// What a run of the benchmark found.
public struct BenchmarkReport: Sendable {
  package var machine: MachineDescription
  public var results: [RowResult]
  package var seconds: Double

  /// The report as JSON: `{"machine": {…}, "results": [{"name": …}, …]}`.
  public var json: String {
    JSONValue.object([
      .init("machine", machine.json),
      .init("results", .array(results.map(\.json))),
      .init("seconds", .number(seconds)),
    ]).text
  }

  /// The report as a table for people.
  public var table: String {
    ResultTable(results).text + "\n" + machine.text + "\n"
      + "The whole run took \(Quantity.decimals(seconds, 1)) s.\n"
  }
}
