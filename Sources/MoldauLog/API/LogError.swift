package import MoldauDisk
public import MoldauFormat

/// Everything the store throws.
public enum LogError: Error, Equatable, Sendable {
  /// The system call `call` failed on `path`.
  case io(call: String, path: String, errno: Int32)
  /// The file system of `path` has no room. Nothing was appended; appends work again once there is.
  case diskFull(path: String)
  /// The bytes at `position` of `path` contradict docs/format.
  case corrupt(path: String, position: FilePosition, reason: FormatError)
  /// `offset` is outside `[first, next]`.
  case offsetOutOfRange(offset: Offset, first: Offset, next: Offset)
  /// The batch that was to be appended is malformed; nothing was appended.
  case invalidBatch(FormatError)
  /// A record's timestamp is outside what the topic takes at this time (`maxTimestampAge`,
  /// `maxTimestampLead`); nothing was appended.
  case invalidTimestamp(_ milliseconds: Int64, first: Int64, last: Int64)
  /// The batch's sequence number does not follow the producer's last one, so a batch before it is
  /// missing; nothing was appended.
  case outOfOrderSequence(producerID: Int64, expected: Int32, found: Int32)
  /// What the producer has sent before this batch, beginning with this sequence number, was not
  /// written, as the disk was full, or as a broker of a cluster may not have; nothing was appended.
  /// Both can be sent again, in their order.
  case unwrittenBatch(producerID: Int64, sequence: Int32)
  /// The producer has been fenced by one with a later epoch; nothing was appended.
  case invalidProducerEpoch(producerID: Int64, epoch: Int16, current: Int16)
  /// The batch has `byteCount` bytes and the topic takes at most `limit`; nothing was appended.
  case batchTooLarge(byteCount: Int, limit: Int)
  /// The name is not one that a topic can have; `reason` says what is wrong with it.
  case invalidTopicName(name: String, reason: String)
  /// A setting is out of its range.
  case invalidConfiguration(setting: String, reason: String)
  /// The store has no topic of this name.
  case unknownTopic(String)
  /// The partition's log does not take this append: its role in the cluster, or the leader epoch, is
  /// another by now. Nothing was appended.
  case notLeader
  /// The topic has no partition of this number.
  case unknownPartition(TopicPartition)
  /// There is a topic of this name already.
  case topicExists(String)
  /// Another process, or another store of this one, has the directory open.
  case directoryInUse(path: String)
  /// A sync failed earlier with `errno` on `path`, so what was written since the last good sync
  /// may be gone. The store takes no more appends; close it and open it again to recover.
  case poisoned(path: String, errno: Int32)
  /// More than `limit` bytes wait to become durable.
  case backpressure(limit: Int)
  /// The task was cancelled while it waited; of an append, before anything was written.
  case cancelled
  /// The store or topic was closed.
  case closed
}

extension LogError {
  /// ENOSPC and EDQUOT are a state that heals; everything else is an input/output error.
  package init(_ error: DiskError) {
    self =
      error.isOutOfSpace
      ? .diskFull(path: error.path)
      : .io(call: error.call, path: error.path, errno: error.errno)
  }
}

extension LogError {
  /// The system call behind the error, as far as there is one.
  func asDiskError(path: String) -> DiskError {
    switch self {
    case .io(let call, let path, let errno): DiskError(call: call, path: path, errno: errno)
    case .diskFull(let path): DiskError(call: "write", path: path, errno: 28)
    case .poisoned(let path, let errno): DiskError(call: "fdatasync", path: path, errno: errno)
    default: DiskError(call: "truncate", path: path, errno: 5)
    }
  }
}

extension LogError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .io(let call, let path, let errno):
      "\(call) failed on \(path) (errno \(errno): \(DiskError.text(of: errno)))"
    case .diskFull(let path):
      "no space left for \(path); nothing was appended: free space and append again"
    case .corrupt(let path, let position, let reason):
      "\(path) is damaged at byte \(position): \(reason)"
    case .offsetOutOfRange(let offset, let first, let next):
      "offset \(offset) is outside the log, which holds \(first) to \(next) (exclusive)"
    case .invalidBatch(let reason):
      "the batch is malformed and was not appended: \(reason)"
    case .invalidTimestamp(let milliseconds, let first, let last):
      "timestamp \(milliseconds) is outside what the topic takes now, \(first) to \(last)"
        + " (message.timestamp.before.max.ms, message.timestamp.after.max.ms)"
    case .outOfOrderSequence(let producerID, let expected, let found):
      "sequence \(found) of producer \(producerID) does not follow: \(expected) is next"
    case .unwrittenBatch(let producerID, let sequence):
      "a batch of producer \(producerID) before this one, from sequence \(sequence), could not be"
        + " written: send both again"
    case .invalidProducerEpoch(let producerID, let epoch, let current):
      "epoch \(epoch) of producer \(producerID) is over: the current one is \(current)"
    case .batchTooLarge(let byteCount, let limit):
      "the batch has \(byteCount) bytes, the topic takes at most \(limit) (max.message.bytes)"
    case .invalidTopicName(let name, let reason):
      "\"\(name)\" cannot name a topic: \(reason)"
    case .invalidConfiguration(let setting, let reason):
      "\(setting): \(reason)"
    case .unknownTopic(let name):
      "there is no topic \"\(name)\""
    case .unknownPartition(let partition):
      "there is no partition \(partition)"
    case .notLeader:
      "the partition has another role, or another leader epoch, by now; nothing was appended"
    case .topicExists(let name):
      "there is a topic \"\(name)\" already"
    case .directoryInUse(let path):
      "\(path) is open in another process or store; close that one first"
    case .poisoned(let path, let errno):
      "a sync of \(path) failed (errno \(errno): \(DiskError.text(of: errno))); what was written"
        + " since the last good sync may be lost: close the store and open it again to recover"
    case .backpressure(let limit):
      "more than \(limit) bytes wait to become durable; slow down or await a ticket"
    case .cancelled:
      "the task was cancelled; nothing was appended"
    case .closed:
      "the store is closed"
    }
  }
}
