extension StoreBenchmark {
  /// All rows, in the order of the report.
  static let rows: [any StoreRow.Type] = []
}
