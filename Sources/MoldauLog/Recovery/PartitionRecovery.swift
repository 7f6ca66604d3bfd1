import Glibc
import MoldauFormat
import Synchronization

/// Opens all partitions of a store, several at a time.
struct PartitionRecovery {
  let services: StoreServices
  let configuration: StoreConfiguration
  let configurations: TopicConfigurations
  let recoveryPoints: [TopicPartition: Offset]
  let logStarts: [TopicPartition: Offset]
  let cleanedOffsets: [TopicPartition: Offset]
  let wasClean: Bool
  let rewritesUnsynced: Bool
  let journal: JournalReplay

  private struct Progress: Sendable {
    var next = 0
    var logs: [PartitionLog] = []
    var report = RecoveryReport()
    var failure: LogError?
    /// Of partitions that are still being scanned too.
    var scannedByteCount = 0
  }

  /// Returns the logs; throws the first error after every thread has ended.
  func run(
    _ partitions: [TopicPartition], _ report: inout RecoveryReport
  ) throws(LogError) -> [PartitionLog] {
    let progress = Shared(Progress())
    let count = min(max(threadCount, 1), max(partitions.count, 1))
    let work = { @Sendable [self] in
      while let partition = take(partitions, progress) {
        load(partition, partitions.count, progress)
      }
    }
    let threads = (1..<max(count, 1)).map { _ in EngineThread(name: "moldau-recover", work) }
    work()
    for thread in threads { thread.join() }
    let result = progress.value.withLock { $0 }
    if let failure = result.failure { throw failure }
    report.merge(result.report)
    return result.logs
  }

  private var threadCount: Int {
    if configuration.threads == .manual { return 1 }
    return configuration.recoveryThreadCount > 0
      ? configuration.recoveryThreadCount : Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))
  }

  private func take(
    _ partitions: [TopicPartition], _ progress: Shared<Progress>
  ) -> TopicPartition? {
    progress.value.withLock { progress in
      guard progress.failure == nil, progress.next < partitions.count else { return nil }
      defer { progress.next += 1 }
      return partitions[progress.next]
    }
  }

  private func load(
    _ partition: TopicPartition, _ partitionCount: Int, _ progress: Shared<Progress>
  ) {
    var loader = PartitionLoader(
      identity: partition, configuration: configurations[partition.topic], services: services,
      recoveryPoint: recoveryPoints[partition], startOffset: logStarts[partition],
      wasClean: wasClean, rewritesUnsynced: rewritesUnsynced, journal: journal,
      isOwn: configurations.knows(partition.topic),
      cleanedOffset: cleanedOffsets[partition] ?? .zero,
      onScanned: { byteCount in
        tell(progress, partitionCount) { $0.scannedByteCount += byteCount }
      })
    do throws(LogError) {
      let log = try loader.load()
      tell(progress, partitionCount) { progress in
        progress.logs.append(log)
        progress.report.merge(loader.report)
      }
    } catch {
      progress.value.withLock { $0.failure = $0.failure ?? error }
    }
  }

  /// Notes progress and passes it on to the configuration's observer.
  private func tell(
    _ progress: Shared<Progress>, _ partitionCount: Int, _ change: (inout Progress) -> Void
  ) {
    let soFar = progress.value.withLock { progress in
      change(&progress)
      return RecoveryProgress(
        partitionsDone: progress.logs.count, partitionCount: partitionCount,
        scannedByteCount: progress.scannedByteCount)
    }
    configuration.onRecoveryProgress?(soFar)
  }
}
