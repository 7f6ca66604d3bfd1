import CoreMetrics
import MoldauDisk
import MoldauFormat
import Synchronization
import Testing

@testable import MoldauLog

/// Laws of what a store reports.
struct EmbeddingMetricsTests {
  @Test("appends, commits and failed syncs are counted once")
  func counts() async throws {
    let factory = RecordingMetrics()
    let disk = SimulatedDisk(isCrashable: false)
    var configuration = StoreConfiguration(recoveryThreadCount: 1, metrics: factory)
    configuration.runsMaintenance = false
    let store = try LogStore.open(
      at: "/store", configuration, disk: disk, clock: SystemWallClock())
    let topic = try store.createTopic("orders", TopicConfiguration(partitionCount: 2))
    for index in 0..<10 {
      try await topic.append(Record(value: "a"), partition: index % 2, durability: .buffered)
    }
    try await topic.append(contentsOf: [Record(value: "b"), Record(value: "c")], partition: 0)
    store.maintain()
    store.maintain()
    #expect(factory.total("moldau.log.appended.records") == 12)
    let bytes = topic.partitions.reduce(0) { $0 + $1.byteCount }
    #expect(factory.total("moldau.log.appended.bytes") == Int64(bytes))
    #expect(factory.total("moldau.log.commits") == 1)
    #expect(factory.total("moldau.log.failed.syncs") == 0)
    #expect(factory.hasRecorded("moldau.log.commit.duration"))
    #expect(factory.hasRecorded("moldau.log.recovery.duration"))
    disk.onCall = DiskFault.at(1, .fail(errno: 5)) { $0.name == "fdatasync" }
    await #expect(throws: LogError.self) {
      try await topic.append(Record(value: "d"), partition: 0)
    }
    #expect(factory.total("moldau.log.failed.syncs") == 1)
    #expect(factory.total("moldau.log.commits") == 1)
  }
}

/// Sums what it is told, by label.
private final class RecordingMetrics: MetricsFactory {
  final class Handler: CounterHandler, RecorderHandler, TimerHandler {
    let sums: Shared<[String: Int64]>
    let label: String

    init(_ sums: Shared<[String: Int64]>, _ label: String) {
      self.sums = sums
      self.label = label
    }

    private func add(_ amount: Int64) { sums.value.withLock { $0[label, default: 0] += amount } }
    func increment(by amount: Int64) { add(amount) }
    func reset() {}
    func record(_ value: Int64) { add(value) }
    func record(_ value: Double) { add(Int64(value)) }
    func recordNanoseconds(_ duration: Int64) { add(duration) }
  }

  private let sums = Shared<[String: Int64]>([:])

  func total(_ label: String) -> Int64 { sums.value.withLock { $0[label] ?? 0 } }
  func hasRecorded(_ label: String) -> Bool { sums.value.withLock { $0[label] != nil } }

  func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
    Handler(sums, label)
  }
  func makeRecorder(
    label: String, dimensions: [(String, String)], aggregate: Bool
  ) -> any RecorderHandler {
    Handler(sums, label)
  }
  func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
    Handler(sums, label)
  }
  func destroyCounter(_ handler: any CounterHandler) {}
  func destroyRecorder(_ handler: any RecorderHandler) {}
  func destroyTimer(_ handler: any TimerHandler) {}
}
