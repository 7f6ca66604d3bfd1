import MoldauFormat
import Synchronization

extension PartitionLog {
  /// Appends a batch that may be one of those before the one that a snapshot has told of, once the
  /// log was asked for these.
  ///
  /// Once for each producer after an opening: the log is read without the append lock.
  func recallBatches(of header: RecordBatchHeader) throws(LogError) {
    let known = state.withLock { $0.producers.firstRemembered(of: header.producerID) }
    guard let known else { return }
    let earlier = try batches(
      of: header.producerID, epoch: header.producerEpoch, before: known.lastOffset)
    state.withLock { state in
      state.producers.recall(earlier, of: header.producerID, epoch: header.producerEpoch)
    }
  }

  /// The last batches of a producer's epoch that end below an offset, as far as they are not too far
  /// from it.
  private func batches(
    of producerID: Int64, epoch: Int16, before offset: Offset
  ) throws(LogError) -> [ProducerStates.Batch] {
    let all = segments
    var found: [ProducerStates.Batch] = []
    var budget = Limits.maxRecalledBytes
    for segment in all[...Self.lastIndex(of: all, atOrBelow: offset)].reversed() {
      let end = segment.byteCount
      let start = try segment.floor(ofPosition: max(0, end - budget))
      var here: [ProducerStates.Batch] = []
      var reader = BatchReader(
        file: try segment.file(), from: start, to: end, checksChecksums: false)
      while case .batch(let header, _) = try reader.next(), header.lastOffset < offset {
        guard header.producerID == producerID, header.producerEpoch == epoch,
          header.baseSequence >= 0, !header.attributes.isControl
        else { continue }
        here.append(ProducerStates.Batch(header))
      }
      found = here.suffix(Limits.rememberedBatchesPerProducer) + found
      budget -= end - start
      guard budget > 0, found.count < Limits.rememberedBatchesPerProducer else { break }
    }
    return found
  }

  /// Forgets producers that were silent for longer than the store remembers them; by the maintenance
  /// thread.
  func expireProducers(now: Int64) {
    let deadline = now.subtractingClamped(services.producerExpirationMilliseconds)
    state.withLock { state in
      if !state.producers.isEmpty { state.producers.expire(silentSince: deadline) }
    }
  }
}
