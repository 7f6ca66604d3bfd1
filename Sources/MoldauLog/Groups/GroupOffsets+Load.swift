package import MoldauFormat

extension GroupOffsets {
  /// Reads the group's partition if that was not done. Blocks.
  func load(group: String) throws(LogError) {
    try load(partition: partition(of: group))
  }

  /// Reads a partition of the internal topic if that was not done, and calls `onOther` with each
  /// record that is no offset, in their order: the members of groups. Blocks.
  ///
  /// Only what is committed counts: the offsets of an aborted transaction, or of one that is open,
  /// are passed over, so that a group rather reads something again than misses it.
  package func load(
    partition number: Int,
    onOther: ((_ record: borrowing RecordView) throws(FormatError) -> Void)? = nil
  ) throws(LogError) {
    let shard = shards[number]
    try shard.isLoaded.withLock { (isLoaded) throws(LogError) in
      if isLoaded && onOther == nil { return }
      var failure: FormatError?
      do throws(LogError) {
        try scan(partition: number) { record in
          do throws(FormatError) {
            try self.take(record, isLoaded ? nil : shard, onOther)
          } catch {
            failure = failure ?? error
          }
        }
      } catch {
        // Half of it would be old offsets for new ones.
        if !isLoaded { shard.groups.withLock { $0 = [:] } }
        throw error
      }
      if let failure {
        topic.services.logger.error("\(topic.name)-\(number): a record cannot be read: \(failure)")
      }
      if !isLoaded { shard.dropVoid() }
      isLoaded = true
    }
  }

  /// Calls `body` with the records of a partition that count.
  ///
  /// A broker that has stopped in the midst of a transaction may never end it. What lies behind its
  /// first record counts all the same, unless it is of a transaction itself.
  private func scan(
    partition number: Int, _ body: (borrowing RecordView) -> Void
  ) throws(LogError) {
    let end = try topic.scan(
      from: .earliest, partition: number, isolation: .readCommitted, body)
    var batches = try topic.batches(
      from: .offset(end), number, .readUncommitted, maxBytes: .max)
    while try batches.next() {
      if batches.header.attributes.isTransactional { continue }
      do throws(FormatError) {
        // SAFETY: the bytes stay valid until the next step, and the reader ends before it.
        var reader = unsafe RecordReader(batches.records.bytes, batches.header)
        while let record = try reader.next() { body(record) }
      } catch {
        throw batches.damage(error)
      }
    }
  }

  private func take(
    _ record: borrowing RecordView, _ shard: Shard?,
    _ onOther: ((_ record: borrowing RecordView) throws(FormatError) -> Void)?
  ) throws(FormatError) {
    guard let keyBytes = record.key else { return }
    guard case .offset(let key) = try GroupRecordKey(parsing: keyBytes) else {
      try onOther?(record)
      return
    }
    guard let shard else { return }
    var value: GroupOffsetValue?
    if let bytes = record.value { value = try GroupOffsetValue(parsing: bytes) }
    let position = record.offset
    shard.groups.withLock { groups in
      groups[key.group, default: [:]][key.partition, default: Entry()].note(value, at: position)
    }
  }

  /// Takes back the offsets of a topic that is gone, of all groups, so that a topic that gets its
  /// name is not read from where the old one was left. Blocks.
  ///
  /// - Complexity: O(offsets of all groups).
  func forget(topic name: String) throws(LogError) {
    for number in shards.indices where topic.log(ofPartition: number) != nil {
      try load(partition: number)
      let stale = shards[number].groups.withLock { groups in
        groups.compactMapValues { entries in
          let found = entries.keys.filter { $0.topic == name }
          return found.isEmpty ? nil : found
        }
      }
      // The next topic of the name may come at once: the cache must have forgotten by then.
      let signal = WakeSignal()
      for (group, partitions) in stale {
        let appended = try append(partitions.map { .offset($0, nil) }, group: group)
        whenStored(appended) { [logger = topic.services.logger] failure in
          if let failure { logger.error("offsets of \(name) may come back: \(failure)") }
          signal.wake()
        }
      }
      topic.services.commits.prepareToSleep()
      for _ in stale { signal.sleep() }
    }
  }
}

extension GroupOffsets.Shard {
  /// Forgets what was taken back.
  fileprivate func dropVoid() {
    groups.withLock { groups in
      groups = groups.compactMapValues { entries in
        let kept = entries.filter { !$0.value.isVoid }
        return kept.isEmpty ? nil : kept
      }
    }
  }
}
