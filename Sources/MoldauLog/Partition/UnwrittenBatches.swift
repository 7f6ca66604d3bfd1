import MoldauFormat

/// Batches of idempotent producers that could not be written, each producer's first.
///
/// What its producer has sent behind it meanwhile is refused as it was, to be sent again: told that
/// its sequence is out of order, a client of librdkafka's takes a new epoch and sends all it has no
/// answer to once more, also what was appended before (docs/decisions/idempotent-producers.md).
/// Part of a log's append state, which guards it. Not thread-safe by itself.
struct UnwrittenBatches: Sendable {
  private struct First {
    var epoch: Int16
    var sequence: Int32
  }

  private var firsts: [Int64: First] = [:]
  /// Of another leadership nothing is known: the batches may have been written elsewhere.
  private var leaderEpoch: Int32 = -1

  var isEmpty: Bool { firsts.isEmpty }

  /// Refuses a batch behind one that could not be written.
  /// - Throws: `unwrittenBatch`.
  func check(_ header: RecordBatchHeader, leaderEpoch: Int32) throws(LogError) {
    guard leaderEpoch == self.leaderEpoch, let first = firsts[header.producerID],
      header.isBehind(first.sequence, epoch: first.epoch)
    else { return }
    throw .unwrittenBatch(producerID: header.producerID, sequence: first.sequence)
  }

  /// Remembers a batch that could not be written.
  mutating func note(_ header: RecordBatchHeader, leaderEpoch: Int32) {
    guard header.hasProducer, header.baseSequence >= 0 else { return }
    if leaderEpoch != self.leaderEpoch {
      firsts = [:]
      self.leaderEpoch = leaderEpoch
    }
    if firsts.count >= Limits.maxProducersPerPartition { firsts = [:] }
    firsts[header.producerID] = First(epoch: header.producerEpoch, sequence: header.baseSequence)
  }

  /// Forgets what could not be written of a producer of whom a batch was.
  mutating func forget(_ producerID: Int64) { firsts[producerID] = nil }
}

extension RecordBatchHeader {
  /// Whether the batch comes after another of its producer's epoch; numbers wrap after Int32.max.
  fileprivate func isBehind(_ sequence: Int32, epoch: Int16) -> Bool {
    guard producerEpoch == epoch, baseSequence >= 0 else { return false }
    let distance = (Int64(baseSequence) - Int64(sequence)) & Int64(Int32.max)
    return distance > 0 && distance <= Int64(Int32.max) / 2
  }
}
