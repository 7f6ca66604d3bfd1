import Foundation
import MoldauDisk
import MoldauFormat
import Testing

@testable import MoldauLog

/// Log directories that a real Apache Kafka wrote, stopped cleanly and killed, open and read back as
/// its own clients read them.
///
/// They are not part of this repository: `MOLDAU_KAFKA_FIXTURES` names the folder that holds
/// `kafka-<version>/{clean,killed}.tar.zst` and `expected.json.zst`.
@Suite(
  .enabled(
    if: KafkaFixtures.folder != nil,
    "set MOLDAU_KAFKA_FIXTURES to the folder of Kafka's log directories to run these"))
struct KafkaDirectoryTests {
  /// The records are older than the default retention, which nothing may enforce meanwhile.
  private func open(_ path: String) async throws -> LogStore {
    var configuration = StoreConfiguration()
    configuration.runsMaintenance = false
    return try await LogStore.open(at: path, configuration)
  }

  @Test(
    "a directory of Kafka's reads back as its own clients read it", arguments: ["clean", "killed"])
  func readsBack(_ state: String) async throws {
    try await KafkaFixtures.withDirectory(state) { path, expected in
      let store = try await open(path)
      #expect(store.recovery.wasClean == (state == "clean"))
      #expect(store.recovery.damages.isEmpty)
      for (name, content) in expected.partitions {
        let log = try #require(
          store.existingTopic(name.partition.topic)?.partitions[Int(name.partition.partition)])
        try check(log, content, isCommitted: name.isCommitted)
      }
      try await store.close()
    }
  }

  @Test("a directory of Kafka's is the same after an opening, a clean stop and another opening")
  func reopens() async throws {
    try await KafkaFixtures.withDirectory("killed") { path, expected in
      let store = try await open(path)
      try await store.close()
      let again = try await open(path)
      #expect(again.recovery.wasClean)
      for (name, content) in expected.partitions {
        let log = try #require(
          again.existingTopic(name.partition.topic)?.partitions[Int(name.partition.partition)])
        try check(log, content, isCommitted: name.isCommitted)
      }
      try await again.close()
    }
  }

  @Test("indexes and snapshots that are made anew equal the ones that Kafka wrote")
  func rebuiltFilesEqualKafkas() async throws {
    try await KafkaFixtures.withDirectory("clean") { path, _ in
      try KafkaFixtures.writeTopicConfigurations(in: path)
      let original = try KafkaFixtures.derivedFiles(in: path)
      for name in original.keys { try FileManager.default.removeItem(atPath: "\(path)/\(name)") }
      try FileManager.default.removeItem(atPath: "\(path)/.kafka_cleanshutdown")
      try FileManager.default.removeItem(atPath: "\(path)/recovery-point-offset-checkpoint")
      let store = try await open(path)
      try await store.close()
      let rebuilt = try KafkaFixtures.derivedFiles(in: path)
      for (name, bytes) in original { #expect(rebuilt[name] == bytes, "\(name)") }
    }
  }

  private func check(
    _ log: PartitionLog, _ expected: ExpectedPartition, isCommitted: Bool
  ) throws {
    #expect(log.startOffset.rawValue == expected.low, "\(log.identity)")
    #expect(log.endOffset.rawValue == expected.high, "\(log.identity)")
    let aborted =
      isCommitted ? try log.abortedTransactions(from: log.startOffset, to: log.endOffset) : []
    let records = try log.records(without: aborted)
    #expect(records.count == expected.records.count, "\(log.identity)")
    for (record, wanted) in zip(records, expected.records) {
      try #require(record == wanted, "\(log.identity)")
    }
    for wanted in expected.records {
      let found = try log.locate(Offset(rawValue: wanted.offset))
      try #require(
        found.map { $0.header.lastOffset.rawValue >= wanted.offset } ?? false, "\(wanted.offset)")
    }
  }
}

extension PartitionLog {
  /// The records that a client sees.
  func records(without aborted: [AbortedTransaction]) throws -> [ExpectedRecord] {
    var records: [ExpectedRecord] = []
    var decoder = BatchDecoder()
    for segment in segments {
      var reader = BatchReader(
        file: try segment.file(), from: 0, to: segment.byteCount, checksChecksums: true)
      while case .batch(let header, _) = try reader.next() {
        let isAborted = aborted.contains {
          $0.producerID == header.producerID && $0.firstOffset <= header.baseOffset
            && header.baseOffset <= $0.lastOffset && header.attributes.isTransactional
        }
        if header.attributes.isControl || isAborted { continue }
        try unsafe decoder.forEachRecord(of: reader.batch, header) { record in
          if record.offset >= startOffset {
            records.append(
              ExpectedRecord(record, isLogAppendTime: header.attributes.isLogAppendTime))
          }
          return true
        }
      }
    }
    return records
  }
}
