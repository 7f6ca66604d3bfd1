extension StoreBenchmark {
  /// All rows, in the order of the report.
  static let rows: [any StoreRow.Type] = [
    AppendBatchRow.self, LookupRow.self, RecoveryRow.self, ReopenSealedRow.self,
    IdlePartitionsRow.self,
  ]
}
