import MoldauFormat
import MoldauLog
import MoldauProtocol

/// How errors of the engine are told to Kafka clients: all of it, in one place.
extension ErrorCode {
  init(_ error: LogError) {
    self =
      switch error {
      case .io, .diskFull, .corrupt, .poisoned, .closed, .unwrittenBatch: .kafkaStorageError
      case .offsetOutOfRange: .offsetOutOfRange
      case .invalidBatch(let reason): ErrorCode(batch: reason)
      case .invalidTimestamp: .invalidTimestamp
      case .outOfOrderSequence: .outOfOrderSequenceNumber
      case .invalidProducerEpoch: .invalidProducerEpoch
      case .batchTooLarge: .messageTooLarge
      case .invalidTopicName: .invalidTopicException
      case .invalidConfiguration: .invalidConfig
      case .unknownTopic, .unknownPartition: .unknownTopicOrPartition
      case .notLeader: .notLeaderOrFollower
      case .topicExists: .topicAlreadyExists
      case .directoryInUse: .logDirNotFound
      // Retriable, and clients pause before they try again.
      case .backpressure, .cancelled: .notEnoughReplicas
      }
  }

  /// What is wrong with a client's batch: damaged on its way (worth another try), or against the
  /// rules (not worth one).
  private init(batch reason: FormatError) {
    self =
      switch reason {
      case .truncated, .lengthOutOfRange, .checksumMismatch, .malformedVarint,
        .malformedCompression:
        .corruptMessage
      case .unsupportedMagic: .unsupportedForMessageFormat
      case .decompressedSizeAboveLimit: .messageTooLarge
      case .invalid, .unsupportedVersion: .invalidRecord
      }
  }
}

extension ErrorCode {
  /// How a member is told that its group's records could not be kept, as Kafka tells it.
  init(groupStorage error: LogError) {
    self =
      switch error {
      case .batchTooLarge, .invalidBatch: .invalidCommitOffsetSize
      // The client finds the coordinator anew and tries again.
      case .closed, .notLeader: .notCoordinator
      default: .coordinatorNotAvailable
      }
  }
}

extension ErrorCode {
  /// How one is told who takes himself for a member of a classic group that cannot be looked at.
  init(memberOf refusal: GroupCoordinator.Refusal) {
    self = refusal == .notCoordinator ? .notCoordinator : .unknownMemberID
  }
}
