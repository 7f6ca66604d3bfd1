import MoldauDisk
import MoldauFormat

@testable import MoldauLog

/// Holds a store that was opened to what a model knows.
struct ModelCheck {
  let topics: [String: ModelTopic]
  /// Whether all that was written, synced or not, has to be there.
  let keepsAll: Bool
  /// Offsets of a partition that recovery has named as lost.
  var damages: [RecoveryReport.Damage] = []
  /// Whether an opening that found something has crashed itself, so that its report is lost.
  var reportWasLost = false

  /// Returns what is in each log.
  @discardableResult
  func run(_ store: LogStore) throws -> [TopicPartition: [ModelBatch]] {
    for topic in store.topics {
      try hold(topics[topic.name] != nil, "topic \(topic.name) was invented")
    }
    var contents: [TopicPartition: [ModelBatch]] = [:]
    for (name, model) in topics.sorted(by: { $0.key < $1.key }) {
      guard let topic = store.existingTopic(name) else {
        try hold(model.presence != .certain, "topic \(name) is gone")
        continue
      }
      try hold(
        topic.partitions.count == model.logs.count,
        "\(name) has \(topic.partitions.count) partitions, not \(model.logs.count)")
      for (log, model) in zip(topic.partitions, model.logs) {
        do {
          contents[log.identity] = try check(log, model)
        } catch let error as BrokenPromise {
          throw BrokenPromise("\(log.identity): \(error)")
        }
      }
    }
    return contents
  }

  private func check(_ log: PartitionLog, _ model: ModelLog) throws -> [ModelBatch] {
    let (start, end) = (log.startOffset, log.endOffset)
    let least = model.pendingCut.map { min(model.leastStart, model.endAfterCut(to: $0)) }
    try hold(
      start >= least ?? model.leastStart,
      "starts at \(start), ends at \(end), but all below \(model.leastStart) was deleted"
    )
    try hold(
      start <= model.mostStart || isReported(model.mostStart, start, log, model),
      "starts at \(start), but nobody deleted above \(model.mostStart)")
    let found = try log.modelBatches()
    try checkOrigin(of: found, model)
    try checkOrder(of: found, log, model)
    let certain = model.certainEnd(keepsAll: keepsAll)
    let there = Set(found.map(\.baseOffset))
    for batch in model.batches where batch.nextOffset <= certain && batch.nextOffset > start {
      try hold(
        there.contains(batch.baseOffset),
        "offset \(batch.baseOffset) is lost; it goes from \(start) to \(end), \(certain) is certain"
      )
    }
    try hold(end >= min(certain, model.end), "ends at \(end), below \(certain)")
    try LogAgreement(log: log, batches: found).check()
    return found
  }

  /// Each batch is one that was appended at its offset.
  private func checkOrigin(of found: [ModelBatch], _ model: ModelLog) throws {
    let known = model.batches + (model.pending.map { [$0] } ?? [])
    let byOffset = Dictionary(known.map { ($0.baseOffset, $0) }, uniquingKeysWith: { $1 })
    for batch in found {
      guard let original = byOffset[batch.baseOffset] else {
        throw BrokenPromise("nothing was appended at \(batch.baseOffset) that is still there")
      }
      try hold(original == batch, "other bytes at \(batch.baseOffset)")
    }
  }

  /// Offsets go on from batch to batch, except where the report says so.
  private func checkOrder(of found: [ModelBatch], _ log: PartitionLog, _ model: ModelLog) throws {
    var next = log.startOffset
    for batch in found {
      if batch.baseOffset > next {
        try hold(
          isReported(next, batch.baseOffset, log, model),
          "\(next) to \(batch.baseOffset) are missing")
      }
      try hold(batch.nextOffset > next, "\(batch.baseOffset) comes twice")
      next = batch.nextOffset
    }
    if next != log.endOffset {
      try hold(
        isReported(next, log.endOffset, log, model), "ends at \(next), not at \(log.endOffset)")
    }
  }

  private func isReported(
    _ first: Offset, _ end: Offset, _ log: PartitionLog, _ model: ModelLog
  ) -> Bool {
    if reportWasLost { return true }
    var next = first
    let reported = damages.filter { $0.partition == log.identity }.map(\.offsets) + model.gaps
    for offsets in reported.sorted(by: { $0.lowerBound < $1.lowerBound })
    where offsets.lowerBound <= next {
      next = max(next, offsets.upperBound)
    }
    return next >= end
  }
}

extension PartitionLog {
  /// All batches from the one that holds the start offset on, by reading.
  func modelBatches(maxBytes: Int = 4096) throws -> [ModelBatch] {
    var batches: [ModelBatch] = []
    var offset = startOffset
    while let slice = try read(from: offset, limit: Offset(rawValue: .max), maxBytes: maxBytes) {
      let bytes = try slice.copyBytes()
      var position = 0
      while position < bytes.count {
        let batch = try ModelBatch(parsing: bytes[position...])
        batches.append(batch)
        position += batch.bytes.count
      }
      guard let next = batches.last?.nextOffset, next > offset else {
        throw BrokenPromise("reading from \(offset) gives nothing")
      }
      offset = next
    }
    return batches
  }
}

/// Holds a log's lookups to a plain search through its batches.
struct LogAgreement {
  let log: PartitionLog
  let batches: [ModelBatch]

  func check() throws {
    try checkOffsets()
    try checkTimes()
    try checkEpochs()
    try checkProducers()
  }

  private func checkOffsets() throws {
    let step = max(1, Int(log.endOffset - log.startOffset) / 50)
    for raw in stride(from: log.startOffset.rawValue, to: log.endOffset.rawValue, by: step) {
      let offset = Offset(rawValue: raw)
      let found = try log.locate(offset)?.header.baseOffset
      let expected = batches.first { $0.nextOffset > offset }?.baseOffset
      try hold(
        found == expected,
        "looking for \(offset) finds \(String(describing: found)), not \(String(describing: expected))"
      )
    }
  }

  private struct TimedRecord {
    var offset: Offset
    var time: Int64
  }

  private func checkTimes() throws {
    let start = log.startOffset
    let records = batches.flatMap { batch in
      batch.timestamps.enumerated().map { index, time in
        TimedRecord(offset: batch.baseOffset.advanced(by: Int64(index)), time: time)
      }
    }.filter { $0.offset >= start }
    let times = records.map(\.time)
    let probes = Set([Int64.min, Int64.max] + times.map { $0 + 1 } + times.prefix(1))
    for (index, time) in probes.sorted().enumerated() where index % max(1, probes.count / 24) == 0 {
      let expected = records.first { $0.time >= time }
      let found = try log.firstOffset(atOrAfter: time)
      try hold(
        found?.offset == expected?.offset,
        "looking for time \(time) finds \(String(describing: found)), not \(String(describing: expected))"
      )
    }
    let latest = try log.latestTimestampOffset()
    try hold(
      latest?.timestampMilliseconds == times.max(),
      "the latest time is \(String(describing: times.max())), not \(String(describing: latest))")
  }

  private func checkEpochs() throws {
    for batch in batches where batch.baseOffset >= log.startOffset {
      let epoch = log.state.withLock { $0.epochs.epoch(at: batch.baseOffset) }
      try hold(
        epoch == batch.leaderEpoch,
        "\(batch.baseOffset) has leader epoch \(String(describing: epoch)), not \(batch.leaderEpoch)"
      )
    }
    if let last = batches.last {
      try hold(log.latestLeaderEpoch == last.leaderEpoch, "the latest leader epoch is wrong")
    }
  }

  private func checkProducers() throws {
    let producers = log.state.withLock { $0.producers.producers }
    let byProducer = Dictionary(grouping: batches.filter { $0.producerID >= 0 }, by: \.producerID)
    for (id, batches) in byProducer {
      let last = batches.last?.lastSequence
      let known = producers[id]?.batches.last?.lastSequence
      try hold(
        known == last,
        "producer \(id) is at sequence \(String(describing: known)), not \(String(describing: last))"
      )
    }
  }
}
