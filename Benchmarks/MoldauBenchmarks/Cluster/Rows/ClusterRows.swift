extension ClusterBenchmark {
  /// All rows, in the order in which they run.
  static let rows: [any BenchmarkRow.Type] = [
    FailoverRow.self, StopRow.self, ManyFailoversRow.self, ManyStopsRow.self,
    ReplicationRow.self, FollowerRow.self, CommittedFollowerRow.self, CatchUpRow.self,
    BufferedCatchUpRow.self,
  ]
}
