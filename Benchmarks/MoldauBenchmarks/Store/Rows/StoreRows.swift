extension StoreBenchmark {
  /// All rows, in the order of the report.
  static let rows: [any BenchmarkRow.Type] = [
    AppendBatchRow.self, AppendEncodeRow.self, AppendSingleRow.self, ScanRow.self, LookupRow.self,
    RecoveryRow.self, ReopenSealedRow.self, CommitRow.self, Commit64PartitionsRow.self,
    Commit1000PartitionsRow.self, IdlePartitionsRow.self,
  ]
}
