/// Times work and reads what the broker's process used for it.
struct BrokerMeter {
  let target: BrokerTarget

  /// Times `body`. Processor time and memory are the broker's, 0 and nil when its process is not
  /// known.
  func measure(_ body: () throws -> Work) throws -> Sample {
    let cpuBefore = try target.cpuNanoseconds()
    let start = ContinuousClock.now
    let work = try body()
    let elapsed = start.duration(to: .now)
    let cpu = try target.cpuNanoseconds()
    return Sample(
      operations: work.operations, records: work.records, bytes: work.bytes,
      nanoseconds: elapsed.inNanoseconds, cpuNanoseconds: (cpu ?? 0) - (cpuBefore ?? 0),
      peakMemoryBytes: target.memory?.peakBytes, latencies: work.latencies)
  }
}

extension RowFigures {
  /// The broker's processor time a record, from the rounds that were measured.
  static func cpu(perRecordOf samples: [Sample], _ target: BrokerTarget) -> RowFigures {
    let each = samples.map { $0.cpuNanoseconds / Double($0.records) }
    guard target.pid != nil, let median = Statistics.median(each) else { return RowFigures() }
    return RowFigures(
      goalValues: [(.cpuNanosecondsPerRecord, median)],
      members: [.init("brokerCPUNanosecondsPerRecord", .number(median))])
  }
}
