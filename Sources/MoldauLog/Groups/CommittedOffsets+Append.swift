package import MoldauFormat

extension CommittedOffsets {
  /// Changes that were written and may not be committed yet.
  package struct Appended: Sendable {
    package let group: String
    let baseOffset: Offset
    let changes: [GroupOffsets.Change]

    /// The offset behind the records.
    package var next: Offset { baseOffset.advanced(by: Int64(changes.count)) }
  }

  /// Writes changes of a group as one batch: all or none. Waits for nothing: follow it with
  /// `whenStored`, or with `settle` once its fate is known, before which they are not shown.
  ///
  /// - Precondition: there is a change, and this was loaded.
  /// - Throws: what the log says; nothing was written then.
  package func append(
    _ changes: [GroupOffsets.Change], group: String
  ) throws(LogError) -> Appended {
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
    let log = try topic.log(of: number)
    expect(changes, group)
    do throws(LogError) {
      let batch = try EncodedBatch(records, codec: topic.plan.codec, log)
      let appended = try log.append(batch, leaderEpoch: leaderEpoch)
      return Appended(group: group, baseOffset: appended.baseOffset, changes: changes)
    } catch {
      settle(changes, group, at: nil)
      throw error
    }
  }

  /// Calls `body` once when the changes are as durable as the topic asks for and are shown, or with
  /// the error that kept them from it; where and when `whenDurable` does. For a store that has its
  /// partitions to itself.
  package func whenStored(
    _ appended: Appended, _ body: @escaping @Sendable (LogError?) -> Void
  ) {
    whenDurable(below: appended.next) { [self] failure in
      settle(appended, isCommitted: failure == nil)
      body(failure)
    }
  }

  /// Calls `body` once when all below `offset` is as durable as the topic asks for, or with the error
  /// that keeps it from it. At once when that is so already; else on the commit thread, where it must
  /// be quick.
  package func whenDurable(
    below offset: Offset, _ body: @escaping @Sendable (LogError?) -> Void
  ) {
    guard topic.durability.isSynced else { return body(nil) }
    guard let log = topic.log(ofPartition: number) else { return body(.closed) }
    log.whenDurable(below: offset) { result in
      switch result {
      case .success: body(nil)
      case .failure(let error): body(error)
      }
    }
  }

  /// Shows changes that are committed, and gives up those that may be lost. Once for each append.
  package func settle(_ appended: Appended, isCommitted: Bool) {
    settle(appended.changes, appended.group, at: isCommitted ? appended.baseOffset : nil)
  }

  /// Notes that records are on their way, so that their entries stay until they have come.
  private func expect(_ changes: [GroupOffsets.Change], _ group: String) {
    groups.withLock { groups in
      for case .offset(let partition, _) in changes {
        groups[group, default: [:]][partition, default: Entry()].unsettledCount += 1
      }
    }
  }

  /// Takes over records that are committed; nil when they were not written or may be lost.
  private func settle(_ changes: [GroupOffsets.Change], _ group: String, at baseOffset: Offset?) {
    groups.withLock { groups in
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

extension CommittedOffsets.Entry {
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
