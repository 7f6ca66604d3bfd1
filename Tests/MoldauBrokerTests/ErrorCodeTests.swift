import MoldauFormat
import MoldauLog
import MoldauProtocol
import Testing

@testable import MoldauBroker

struct ErrorCodeTests {
  static let table: [(LogError, ErrorCode)] = [
    (.io(call: "pwrite", path: "p", errno: 5), .kafkaStorageError),
    (.diskFull(path: "p"), .kafkaStorageError),
    (.poisoned(path: "p", errno: 5), .kafkaStorageError),
    (.unwrittenBatch(producerID: 1, sequence: 2), .kafkaStorageError),
    (.offsetOutOfRange(offset: .zero, first: .zero, next: .zero), .offsetOutOfRange),
    (.batchTooLarge(byteCount: 2, limit: 1), .messageTooLarge),
    (.invalidTopicName(name: "/", reason: ""), .invalidTopicException),
    (.unknownTopic("t"), .unknownTopicOrPartition),
    (.topicExists("t"), .topicAlreadyExists),
    (.invalidBatch(.checksumMismatch(stored: 1, computed: 2)), .corruptMessage),
    (.invalidBatch(.truncated(needed: 2, available: 1)), .corruptMessage),
    (.invalidBatch(.unsupportedMagic(1)), .unsupportedForMessageFormat),
    (.invalidBatch(.invalid(field: "f", reason: "r")), .invalidRecord),
    (.invalidBatch(.decompressedSizeAboveLimit(limit: 1)), .messageTooLarge),
  ]

  @Test("clients are told what they can act on", arguments: table)
  func mapping(error: LogError, code: ErrorCode) {
    #expect(ErrorCode(error) == code)
  }
}
