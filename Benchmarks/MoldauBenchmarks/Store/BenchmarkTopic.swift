import Foundation
import MoldauLog

/// A store with one topic, as the rows use it.
struct BenchmarkTopic {
  static let name = "bench"

  let store: LogStore
  let topic: Topic

  /// Opens the store in `directory` and the topic in it, creating both when they are missing.
  init(
    in directory: String, durability: Durability = .buffered, partitions: Int = 1,
    segmentBytes: Int = 1 << 30
  ) async throws {
    store = try await LogStore.open(at: directory, StoreConfiguration(durability: durability))
    // Nothing is deleted while it is measured.
    topic = try await store.topic(
      Self.name,
      TopicConfiguration(partitionCount: partitions, retention: [], segmentBytes: segmentBytes))
  }

  /// The only partition, or the first.
  var log: PartitionLog { topic.partitions[0] }

  /// Appends batches to the first partition, `count` of them, over and over.
  func append(_ batches: PrebuiltBatches, count: Int) throws(LogError) {
    try Self.append(batches, count: count, to: log)
  }

  /// Appends batches to a partition, `count` of them, over and over.
  static func append(
    _ batches: PrebuiltBatches, count: Int, to log: PartitionLog
  ) throws(LogError) {
    // SAFETY: all bytes of the array are initialised.
    let bytes = unsafe batches.bytes.span.bytes
    for index in 0..<count {
      _ = try log.append(bytes.extracting(batches.ranges[index % batches.count]))
    }
  }

  /// Where the files of a partition are.
  static func partitionDirectory(in directory: String, _ partition: Int = 0) -> String {
    "\(directory)/\(name)-\(partition)"
  }

  /// The wall clock, as timestamps count it.
  static var nowMilliseconds: Int64 { Int64(Date().timeIntervalSince1970 * 1000) }
}
