import MoldauDisk
import MoldauFormat
import Synchronization
import Testing

@testable import MoldauLog

// What the tests of the embedding API share.

/// A clock that stands still until it is set.
final class SetClock: WallClock {
  private let time: Atomic<Int64>

  init(_ milliseconds: Int64) {
    time = Atomic(milliseconds)
  }

  func set(_ milliseconds: Int64) {
    time.store(milliseconds, ordering: .releasing)
  }

  func nowMilliseconds() -> Int64 { time.load(ordering: .acquiring) }
}

/// Opens a store without a maintenance thread.
func openStore(
  _ disk: SimulatedDisk, durability: Durability = .groupCommit(), maxPendingBytes: Int = 64 << 20,
  clock: any WallClock = SystemWallClock()
) throws -> LogStore {
  var configuration = StoreConfiguration(
    durability: durability, maxPendingBytes: maxPendingBytes, recoveryThreadCount: 1)
  configuration.runsMaintenance = false
  return try LogStore.open(at: "/store", configuration, disk: disk, clock: clock)
}

extension Topic {
  /// The values of a partition, by the asynchronous reader.
  func values(
    from start: ReadStart = .earliest, partition: Int? = nil,
    isolation: ReadIsolation = .readUncommitted
  ) async throws -> [String] {
    var values: [String] = []
    for try await record in read(from: start, partition: partition, isolation: isolation) {
      values.append(record.valueText ?? "null")
    }
    return values
  }

  /// The values of a partition, by the synchronous scan.
  func scannedValues(
    from start: ReadStart = .earliest, partition: Int? = nil,
    isolation: ReadIsolation = .readUncommitted
  ) throws -> [String] {
    var values: [String] = []
    try scan(from: start, partition: partition, isolation: isolation) { view in
      values.append(view.valueText ?? "null")
    }
    return values
  }
}

/// Holds up a store's commit thread until it is let go.
struct CommitGate {
  private let gate = WakeSignal()
  private let entered = WakeSignal()

  init(_ store: LogStore) {
    let (gate, entered) = (gate, entered)
    store.services.commits.perform {
      entered.wake()
      gate.sleep()
    }
    entered.sleep()
  }

  func open() {
    gate.wake()
  }
}
