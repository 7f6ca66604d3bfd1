import MoldauFormat

/// A record that a consumer group's log is to have.
struct ConsumerGroupRecord: Sendable, Equatable {
  let key: ConsumerGroupKey
  /// Nil takes the key's record away.
  let value: [UInt8]?
}

extension ConsumerGroup {
  /// The records that bring the log up to date; empty when it is.
  ///
  /// They stay due until `markWritten`, so that nothing is lost when an append fails: no answer may
  /// leave before the records of all that it follows from are written. The group's epoch comes last.
  var dueRecords: [ConsumerGroupRecord] {
    var records: [ConsumerGroupRecord] = []
    func add(_ key: ConsumerGroupKey, _ value: [UInt8]?) {
      records.append(ConsumerGroupRecord(key: key, value: value))
    }
    for member in changes.wants.sorted() {
      add(.member(group: id, id: member), members[member]?.wantsValue.encode())
    }
    if changes.isTopicsChanged { add(.topics(group: id), topicsValue.encode()) }
    for member in changes.targets.sorted() {
      let value = target[member].map { ConsumerGroupTargetValue(topics: $0.byTopic) }
      add(.memberTarget(group: id, id: member), value?.encode())
    }
    if changes.isTargetEpochChanged {
      add(.target(group: id), ConsumerGroupEpochValue(epoch: targetEpoch).encode())
    }
    for member in changes.currents.sorted() {
      add(.memberCurrent(group: id, id: member), members[member]?.currentValue.encode())
    }
    if changes.isEpochChanged {
      add(.group(id), ConsumerGroupEpochValue(epoch: epoch).encode())
    }
    return records
  }

  /// What was due is in the log.
  mutating func markWritten() {
    changes = ConsumerGroupChanges()
  }

  /// The records that take the group out of the log.
  ///
  /// - Precondition: it is empty. Its members' records went with them, but for those whose going is
  ///   not known to be durable: they would come back in a later group of the name.
  var deletionRecords: [ConsumerGroupRecord] {
    precondition(isEmpty, "members go first")
    var unsettled = changes
    for written in inFlight.values { unsettled.formUnion(written) }
    var keys: [ConsumerGroupKey] = []
    keys += unsettled.wants.sorted().map { .member(group: id, id: $0) }
    keys += unsettled.targets.sorted().map { .memberTarget(group: id, id: $0) }
    keys += unsettled.currents.sorted().map { .memberCurrent(group: id, id: $0) }
    keys += [.target(group: id), .topics(group: id), .group(id)]
    return keys.map { ConsumerGroupRecord(key: $0, value: nil) }
  }

  private var topicsValue: ConsumerGroupTopicsValue {
    let sorted = topics.values.sorted { $0.name < $1.name }
    return ConsumerGroupTopicsValue(
      topics: sorted.map {
        ConsumerGroupTopicsValue.Topic(
          id: $0.id, name: $0.name, partitionCount: $0.partitionCount)
      })
  }
}

extension ConsumerGroupMember {
  fileprivate var wantsValue: ConsumerGroupMemberValue {
    ConsumerGroupMemberValue(
      instanceID: instanceID, rackID: rackID, clientID: clientID, clientHost: clientHost,
      topicNames: topicNames, topicPattern: topicPattern,
      rebalanceTimeoutMilliseconds: rebalanceTimeoutMilliseconds, assignor: assignor)
  }

  fileprivate var currentValue: ConsumerGroupCurrentValue {
    ConsumerGroupCurrentValue(
      epoch: epoch, previousEpoch: previousEpoch, state: state.rawValue,
      assigned: assigned.byTopic, pendingRevocation: pendingRevocation.byTopic)
  }
}
