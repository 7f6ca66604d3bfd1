import MoldauFormat

/// Batches of idempotent producers that were refused and are to come again.
///
/// What its producer has sent behind it meanwhile is refused as it was, to be sent again: told that
/// its sequence is out of order, a client of librdkafka's takes a new epoch and sends all it has no
/// answer to once more, also what was appended before (docs/decisions/idempotent-producers.md).
/// Part of a log's append state, which guards it. Not thread-safe by itself.
struct UnwrittenBatches: Sendable {
  /// Of one producer, those from one sequence number to another: none between them was written.
  private struct Refused {
    let epoch: Int16
    var first: Int32
    var last: Int32

    func contains(_ sequence: Int32) -> Bool {
      !sequence.isBehind(last) && !first.isBehind(sequence)
    }
  }

  private var refused: [Int64: Refused] = [:]
  /// In which they were refused: a producer that has not sent them again by the next has given them
  /// up. nil is before one, which is then the first that is asked about.
  private var leaderEpoch: Int32?

  var isEmpty: Bool { refused.isEmpty }

  /// Refuses a batch behind one that was not written.
  ///
  /// - Parameter expected: the sequence number that the log takes next of the producer; nil when it
  ///   takes any. Behind those that were refused it shows that they were written meanwhile.
  /// - Throws: `unwrittenBatch`.
  mutating func check(
    _ header: RecordBatchHeader, expected: Int32?, leaderEpoch: Int32
  ) throws(LogError) {
    self.leaderEpoch = self.leaderEpoch ?? leaderEpoch
    guard leaderEpoch == self.leaderEpoch, let refused = refused[header.producerID],
      header.producerEpoch == refused.epoch, header.baseSequence >= 0
    else { return }
    let missing = expected ?? refused.first
    guard refused.contains(missing), header.baseSequence.isBehind(missing) else { return }
    throw .unwrittenBatch(producerID: header.producerID, sequence: missing)
  }

  /// Remembers a batch that was not written.
  mutating func note(_ header: RecordBatchHeader, leaderEpoch: Int32?) {
    guard header.hasProducer, header.baseSequence >= 0 else { return }
    if leaderEpoch != self.leaderEpoch {
      if self.leaderEpoch != nil { refused = [:] }
      self.leaderEpoch = leaderEpoch
    }
    let sequence = header.baseSequence
    var range = Refused(epoch: header.producerEpoch, first: sequence, last: sequence)
    if let known = refused[header.producerID] {
      if known.epoch == range.epoch {
        range.first = known.first.isBehind(sequence) ? sequence : known.first
        range.last = sequence.isBehind(known.last) ? sequence : known.last
      }
    } else if refused.count >= Limits.maxProducersPerPartition {
      refused = [:]
    }
    refused[header.producerID] = range
  }

  /// Forgets what was not written of a producer of whom a batch was.
  mutating func forget(_ producerID: Int64) { refused[producerID] = nil }
}

extension Int32 {
  /// Whether a batch of this sequence number comes after another of its producer's epoch; numbers wrap
  /// after `Int32.max`.
  fileprivate func isBehind(_ other: Int32) -> Bool {
    let distance = (Int64(self) - Int64(other)) & Int64(Int32.max)
    return distance > 0 && distance <= Int64(Int32.max) / 2
  }
}
