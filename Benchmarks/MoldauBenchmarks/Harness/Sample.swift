import Foundation

/// What one timed round did, took and used.
package struct Sample: Sendable {
  package var operations: Int
  package var records: Int
  /// Bytes of batches written or read.
  package var bytes: Int
  package var nanoseconds: Double
  /// User and system time of all the process's threads.
  package var cpuNanoseconds: Double
  /// The most that was resident at any moment of the round.
  package var peakMemoryBytes: Int?
  /// How long single operations took, where the row looks at that.
  package var latencies: [Double] = []

  package var nanosecondsPerOperation: Double { nanoseconds / Double(operations) }
  package var cpuNanosecondsPerOperation: Double { cpuNanoseconds / Double(operations) }
  package var operationsPerSecond: Double { Double(operations) / nanoseconds * 1e9 }
  package var recordsPerSecond: Double { Double(records) / nanoseconds * 1e9 }
  package var megabytesPerSecond: Double { Double(bytes) / nanoseconds * 1e3 }

  /// Times `body`, which returns what it did.
  ///
  /// Memory is read before the clock starts and after it stops.
  static func measure<Failure: Error>(
    _ body: () throws(Failure) -> Work
  ) throws(Failure) -> Sample {
    let meter = Meter()
    let work = try body()
    return meter.sample(of: work)
  }

  /// Times `body`, which returns what it did, across its suspensions.
  static func measure<Failure: Error>(
    isolation: isolated (any Actor)? = #isolation, _ body: () async throws(Failure) -> Work
  ) async throws(Failure) -> Sample {
    let meter = Meter()
    let work = try await body()
    return meter.sample(of: work)
  }
}

/// The work of a round.
struct Work {
  var operations: Int
  var records: Int
  var bytes: Int
  var latencies: [Double] = []
}

/// The readings at the start of a round.
private struct Meter {
  private let cpuNanoseconds: Double
  private let start: ContinuousClock.Instant

  init() {
    ResidentMemory.resetPeak()
    cpuNanoseconds = Meter.processCPUNanoseconds
    start = .now
  }

  func sample(of work: Work) -> Sample {
    let elapsed = start.duration(to: .now)
    let cpu = Meter.processCPUNanoseconds - cpuNanoseconds
    return Sample(
      operations: work.operations, records: work.records, bytes: work.bytes,
      nanoseconds: elapsed.inNanoseconds, cpuNanoseconds: cpu,
      peakMemoryBytes: ResidentMemory.current?.peakBytes, latencies: work.latencies)
  }

  private static var processCPUNanoseconds: Double {
    var time = timespec()
    let result = unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    precondition(result == 0, "the process has a CPU clock")
    return Double(time.tv_sec) * 1e9 + Double(time.tv_nsec)
  }
}

extension Duration {
  /// The duration as a number of nanoseconds.
  var inNanoseconds: Double {
    let (seconds, attoseconds) = components
    return Double(seconds) * 1e9 + Double(attoseconds) / 1e9
  }
}
