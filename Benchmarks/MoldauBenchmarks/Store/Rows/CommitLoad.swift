import MoldauLog

/// Tasks that each append a record, wait until it survives a power cut, and start over.
struct CommitLoad {
  static let waiterCount = 64
  static let duration = Duration.milliseconds(250)

  private let topic: Topic
  private let records: [Record]
  private let batchBytes: Int

  init(_ topic: Topic, _ values: Values, batchBytes: Int) {
    self.topic = topic
    self.batchBytes = batchBytes
    records = (0..<values.count).map { Record(value: Array(values[$0])) }
  }

  /// Appends a few records to each partition and makes them durable, so that what is measured is the
  /// cost of commits and not that of new files.
  func warmUp() async throws {
    var tickets: [AppendTicket] = []
    for index in 0..<topic.partitionCount * 4 {
      tickets.append(
        try topic.enqueue(
          records[index % records.count], partition: index % topic.partitionCount))
    }
    for ticket in tickets { try await ticket.durable() }
  }

  /// Runs all waiters for `duration`.
  func run(_ round: Int) async throws -> Sample {
    try await Sample.measure {
      let deadline = ContinuousClock.now + Self.duration
      let latencies = try await withThrowingTaskGroup(of: [Double].self) { group in
        for waiter in 0..<Self.waiterCount {
          group.addTask { try await wait(until: deadline, from: round * 7919 + waiter) }
        }
        return try await group.reduce(into: []) { $0 += $1 }
      }
      let count = latencies.count
      return Work(
        operations: count, records: count, bytes: count * batchBytes, latencies: latencies)
    }
  }

  private func wait(
    until deadline: ContinuousClock.Instant, from first: Int
  ) async throws(LogError) -> [Double] {
    var latencies: [Double] = []
    latencies.reserveCapacity(4096)
    var next = first
    var start = ContinuousClock.now
    while start < deadline {
      // A step that is prime to the number of partitions visits them all.
      let partition = next % topic.partitionCount
      _ = try await topic.append(records[next % records.count], partition: partition)
      let end = ContinuousClock.now
      latencies.append(start.duration(to: end).inNanoseconds)
      start = end
      next += Self.waiterCount + 3
    }
    return latencies
  }
}

/// The floor in C under the same load.
struct CommitFloor {
  private static let writtenBytes = 32 << 20

  private let file: BaselineFile
  private var batch: [UInt8]

  init(in directory: String, batch: [UInt8]) throws {
    self.batch = batch
    file = try BaselineFile(creating: directory + "/baseline", writing: Self.writtenBytes)
  }

  var batchBytes: Int { batch.count }

  /// One thread: 64 batches, one sync, over and over.
  mutating func run() throws -> Sample {
    try Sample.measure {
      work(
        try Baseline.commit(
          &batch, batchesPerRound: CommitLoad.waiterCount, for: CommitLoad.duration, in: file,
          of: Self.writtenBytes))
    }
  }

  /// A thread a waiter, and one that syncs.
  func runThreads() throws -> Sample {
    try Sample.measure {
      work(
        try Baseline.commitThreads(
          batch, waiters: CommitLoad.waiterCount, for: CommitLoad.duration, in: file,
          of: Self.writtenBytes))
    }
  }

  private func work(_ committed: Baseline.Committed) -> Work {
    let count = Int(committed.count)
    return Work(operations: count, records: count, bytes: count * batch.count)
  }
}
