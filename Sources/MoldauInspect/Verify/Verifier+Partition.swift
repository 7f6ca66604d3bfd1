import MoldauDisk
import MoldauFormat
import MoldauLog

extension Verifier {
  mutating func check(
    _ folder: PartitionFolder, _ facts: Facts, _ topicIDs: inout [String: TopicID]
  ) throws(InspectError) {
    guard let identity = folder.identity else { preconditionFailure("a partition has a name") }
    summary.partitionCount += 1
    if !folder.unfinished.isEmpty {
      let names = folder.unfinished.joined(separator: " ")
      note(folder.path, "unfinished work that the next opening ends: \(names)")
    }
    for name in folder.quarantines {
      note("\(folder.path)/\(name)", "damaged bytes that an earlier recovery kept")
    }
    for name in folder.orphans { note("\(folder.path)/\(name)", "it belongs to no segment") }
    for name in folder.strangers {
      note("\(folder.path)/\(name)", "not a name of a log directory; it is left alone")
    }
    try checkMetadata(folder, identity, &topicIDs)
    let recoveryPoint = facts.recoveryPoints[identity]
    var producers = try producers(before: folder)
    var previousEnd: Offset?
    for base in folder.baseOffsets {
      let next = folder.next(after: base)
      let isSynced = next.map { next in recoveryPoint.map { next <= $0 } ?? false } ?? false
      let check = SegmentCheck(
        folder: folder, baseOffset: base, nextBaseOffset: next,
        isTrusted: facts.wasClosedCleanly || isSynced, wasClosedCleanly: facts.wasClosedCleanly,
        isGapless: facts.gaplessTopics.contains(identity.topic), previousEnd: previousEnd)
      previousEnd = try run(check, &producers)
    }
    let end = previousEnd ?? .zero
    try checkSnapshots(folder, end: end)
    try checkEpochs(folder, end: end)
    checkOffsets(folder, identity, facts, end: end)
  }

  private mutating func checkMetadata(
    _ folder: PartitionFolder, _ identity: TopicPartition, _ topicIDs: inout [String: TopicID]
  ) throws(InspectError) {
    let path = "\(folder.path)/\(StoreLayout.partitionMetadata)"
    guard folder.hasMetadata else { return note(path, "it is missing") }
    let bytes = try SmallFile.contents(of: path, disk)
    do throws(FormatError) {
      let id = try unsafe PartitionMetadata(parsing: bytes.span.bytes).topicID
      if let other = topicIDs[identity.topic], other != id {
        problem(path, "the topic's id is \(id) here and \(other) in another partition")
      }
      topicIDs[identity.topic] = topicIDs[identity.topic] ?? id
    } catch {
      problem(path, "\(error)")
    }
  }

  /// What was known of producers before the first segment that is left.
  private func producers(before folder: PartitionFolder) throws(InspectError) -> ProducerStates {
    guard let first = folder.baseOffsets.first, folder.has(first, .snapshot) else {
      return ProducerStates()
    }
    let bytes = try SmallFile.contents(of: folder.file(first, .snapshot), disk)
    do throws(FormatError) {
      return ProducerStates(try unsafe ProducerSnapshot(parsing: bytes.span.bytes))
    } catch {
      return ProducerStates()
    }
  }

  private mutating func checkSnapshots(
    _ folder: PartitionFolder, end: Offset
  ) throws(InspectError) {
    for base in (folder.files[.snapshot] ?? []).sorted() {
      let path = folder.file(base, .snapshot)
      let bytes = try SmallFile.contents(of: path, disk)
      do throws(FormatError) {
        _ = try unsafe ProducerSnapshot(parsing: bytes.span.bytes)
      } catch {
        problem(path, "\(error)")
        continue
      }
      if base > end { note(path, "it is of an offset behind the log's end, \(end)") }
    }
  }

  private mutating func checkEpochs(_ folder: PartitionFolder, end: Offset) throws(InspectError) {
    guard folder.hasLeaderEpochs else { return }
    let path = "\(folder.path)/\(StoreLayout.leaderEpochs)"
    let bytes = try SmallFile.contents(of: path, disk)
    do throws(FormatError) {
      let entries = try unsafe LeaderEpochCheckpoint(parsing: bytes.span.bytes).entries
      for (before, entry) in zip(entries, entries.dropFirst()) {
        if entry.epoch <= before.epoch || entry.startOffset < before.startOffset {
          summary.wrongEpochs.append(path)
          return problem(path, "epoch \(entry.epoch) is not above the one before it")
        }
      }
      if let last = entries.last, last.startOffset > end {
        note(path, "epoch \(last.epoch) begins behind the log's end, \(end)")
      }
    } catch {
      summary.wrongEpochs.append(path)
      problem(path, "\(error)")
    }
  }

  /// After a clean stop the checkpoints lie inside the log.
  private mutating func checkOffsets(
    _ folder: PartitionFolder, _ identity: TopicPartition, _ facts: Facts, end: Offset
  ) {
    let offsets: [(String, Offset?)] = [
      ("recovery point", facts.recoveryPoints[identity]),
      ("log start", facts.logStarts[identity]),
      ("high watermark", facts.highWatermarks[identity]),
    ]
    for case (let name, let offset?) in offsets where offset > end {
      finding(
        isTrusted: facts.wasClosedCleanly, folder.path,
        "its \(name) is \(offset) and the log ends with \(end)")
    }
  }
}
