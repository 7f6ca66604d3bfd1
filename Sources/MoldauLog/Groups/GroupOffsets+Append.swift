package import MoldauFormat

extension GroupOffsets {
  /// A change of what is kept of a group.
  package enum Change: Hashable, Sendable {
    /// The group's offset for a partition; nil takes it back.
    case offset(TopicPartition, GroupOffsetValue?)
    /// Any other record of the group, whose bytes the cache does not look into; nil is a tombstone.
    case record(key: [UInt8], value: [UInt8]?)
  }

  /// Changes that were written and may not be durable yet.
  package struct Appended: Sendable {
    let group: String
    let log: PartitionLog
    let baseOffset: Offset
    let changes: [Change]
  }

  /// Writes changes of a group as one batch: all or none. Does not wait for the device; follow it
  /// with `whenStored`, before which the cache does not show them.
  ///
  /// - Precondition: there is a change, and the group's partition was loaded.
  /// - Throws: what the log says; nothing was written then.
  package func append(_ changes: [Change], group: String) throws(LogError) -> Appended {
    precondition(!changes.isEmpty, "nothing to write")
    let now = topic.services.clock.nowMilliseconds()
    let records = changes.map { change in
      switch change {
      case .offset(let partition, let value):
        Record(
          key: GroupOffsetKey(group: group, partition: partition).encode(),
          value: value?.encode(), timestampMilliseconds: now)
      case .record(let key, let value):
        Record(key: key, value: value, timestampMilliseconds: now)
      }
    }
    let log = try topic.log(of: partition(of: group))
    expect(changes, group)
    do throws(LogError) {
      let batch = try EncodedBatch(records, codec: topic.plan.codec, log)
      let appended = try log.append(batch)
      return Appended(
        group: group, log: log, baseOffset: appended.baseOffset, changes: changes)
    } catch {
      settle(changes, group, at: nil)
      throw error
    }
  }

  /// Calls `body` once when the changes are as durable as the topic asks for and the cache has them,
  /// or with the error that kept them from it. At once when that is so already; else on the commit
  /// thread, where it must be quick.
  package func whenStored(
    _ appended: Appended, _ body: @escaping @Sendable (LogError?) -> Void
  ) {
    guard topic.durability.isSynced else {
      settle(appended.changes, appended.group, at: appended.baseOffset)
      return body(nil)
    }
    let next = appended.baseOffset.advanced(by: Int64(appended.changes.count))
    appended.log.whenDurable(below: next) { [self] result in
      switch result {
      case .success:
        settle(appended.changes, appended.group, at: appended.baseOffset)
        body(nil)
      case .failure(let error):
        settle(appended.changes, appended.group, at: nil)
        body(error)
      }
    }
  }

  /// Notes that records are on their way, so that their entries stay until they have come.
  private func expect(_ changes: [Change], _ group: String) {
    shard(of: group).groups.withLock { groups in
      for case .offset(let partition, _) in changes {
        groups[group, default: [:]][partition, default: Entry()].unsettledCount += 1
      }
    }
  }

  /// Takes over records that are durable; nil when they were not written or may be lost.
  private func settle(_ changes: [Change], _ group: String, at baseOffset: Offset?) {
    shard(of: group).groups.withLock { groups in
      for (index, change) in changes.enumerated() {
        guard case .offset(let partition, let value) = change else { continue }
        let position = baseOffset?.advanced(by: Int64(index))
        groups[group, default: [:]][partition, default: Entry()].settle(value, at: position)
        if groups[group]?[partition]?.isVoid == true { groups[group]?[partition] = nil }
      }
      if groups[group]?.isEmpty == true { groups[group] = nil }
    }
  }
}

extension GroupOffsets.Entry {
  /// Whether nothing would be lost with the entry.
  var isVoid: Bool { value == nil && unsettledCount == 0 }

  fileprivate mutating func settle(_ value: GroupOffsetValue?, at position: Offset?) {
    unsettledCount -= 1
    if let position { note(value, at: position) }
  }

  /// Takes over a record unless a later one was there before.
  mutating func note(_ value: GroupOffsetValue?, at position: Offset) {
    guard position > self.position else { return }
    self.value = value
    self.position = position
  }
}
