extension BrokerBenchmark {
  /// All rows, in the order in which they run.
  static let rows: [any BenchmarkRow.Type] = [
    ReadyRow.self, ProduceRow.self, ConsumeRow.self, IngestRow.self, FetchRow.self,
    BufferedLatencyRow.self, CommittedLatencyRow.self, ConnectionsRow.self, PartitionsRow.self,
    GroupsRow.self,
  ]
}
