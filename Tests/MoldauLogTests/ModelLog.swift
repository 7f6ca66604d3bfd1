import MoldauFormat

@testable import MoldauLog

/// What a test knows of one partition's log: what was done to it and what was promised.
struct ModelLog {
  /// The batches of all appends that returned and were not cut since, in order.
  var batches: [ModelBatch] = []
  /// An append that has not returned: it may have happened.
  var pending: ModelBatch?
  /// A truncation that has not returned: it may have happened.
  var pendingCut: Offset?
  /// All below it was acknowledged as durable.
  var durableEnd = Offset.zero
  /// The log begins at or above this offset: records below were deleted for good.
  var leastStart = Offset.zero
  /// The log begins at or below this offset: nobody deleted more.
  var mostStart = Offset.zero
  /// Offsets that an earlier recovery has named as lost.
  var gaps: [Range<Offset>] = []
  /// The offset of the next record.
  var end = Offset.zero
  var leaderEpoch: Int32 = 0

  mutating func append(_ batch: ModelBatch) {
    batches.append(batch)
    end = batch.nextOffset
    pending = nil
  }

  /// Where a cut to `offset` ends the log at the least: the batch that holds the offset goes too.
  func endAfterCut(to offset: Offset) -> Offset {
    guard offset < end else { return end }
    return batches.last { $0.nextOffset <= offset }?.nextOffset ?? .zero
  }

  /// Takes the log's end after a cut over.
  mutating func cut(to newEnd: Offset) {
    pendingCut = nil
    batches.removeAll { $0.nextOffset > newEnd }
    gaps = gaps.map { $0.clamped(to: .zero..<newEnd) }.filter { !$0.isEmpty }
    end = newEnd
    durableEnd = newEnd
    leastStart = min(leastStart, newEnd)
    mostStart = min(mostStart, newEnd)
  }

  /// All below it has to be found after a crash.
  func certainEnd(keepsAll: Bool) -> Offset {
    let certain = keepsAll ? end : durableEnd
    return pendingCut.map { min(certain, endAfterCut(to: $0)) } ?? certain
  }

  /// Takes what a recovery has found for what there is.
  mutating func adopt(
    _ found: [ModelBatch], start: Offset, end: Offset, durableEnd: Offset
  ) {
    batches = found
    gaps = []
    var next = start
    for batch in found {
      if batch.baseOffset > next { gaps.append(next..<batch.baseOffset) }
      next = max(next, batch.nextOffset)
    }
    if next < end { gaps.append(next..<end) }
    self.end = end
    self.durableEnd = durableEnd
    leastStart = start
    mostStart = start
    pending = nil
    pendingCut = nil
  }
}

/// What a test knows of a topic.
struct ModelTopic {
  enum Presence {
    /// Its creation was acknowledged.
    case certain
    /// Its creation has not returned.
    case creating
    /// Its deletion has not returned.
    case deleting
  }

  var presence = Presence.creating
  var configuration: TopicConfiguration
  var logs: [ModelLog]
}

/// A promise that was not kept.
struct BrokenPromise: Error, CustomStringConvertible {
  var description: String

  init(_ description: String) {
    self.description = description
  }
}

/// Throws when a promise is not kept.
func hold(_ isKept: Bool, _ promise: @autoclosure () -> String) throws {
  if !isKept { throw BrokenPromise(promise()) }
}
