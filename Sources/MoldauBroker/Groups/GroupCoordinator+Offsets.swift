import MoldauFormat
import MoldauLog
import MoldauProtocol

extension GroupCoordinator {
  /// Keeps offsets of a group, if `committer` may commit.
  ///
  /// Returns what is wrong; else `whenStored` is called once, when they are durable or with what
  /// kept them from it.
  ///
  /// - Precondition: the group is loaded.
  func commit(
    _ id: String, by committer: GroupCommitter,
    _ offsets: [(partition: TopicPartition, value: GroupOffsetValue)],
    whenStored: @escaping @Sendable (LogError?) -> Void
  ) -> ErrorCode {
    let now = now
    return write(id, whenStored) { state, effects in
      let code =
        state.group?.checkCommit(by: committer, now)
        // Without a group anyone may commit who does not take himself for a member of one.
        ?? (committer.epoch < 0 ? .none : .illegalGeneration)
      guard code == .none else { return code }
      effects.records = offsets.map { .offset($0.partition, $0.value) }
      return .none
    }
  }

  /// Takes back offsets of a group for topics that no member reads; as `commit`.
  func deleteOffsets(
    of id: String, _ partitions: [TopicPartition],
    whenStored: @escaping @Sendable (LogError?) -> Void
  ) -> ErrorCode {
    guard let offsets else { return .coordinatorNotAvailable }
    return write(id, whenStored) { state, effects in
      guard state.group != nil || offsets.hasOffsets(group: id) else { return .groupIDNotFound }
      if let group = state.group, group.hasMembers, group.protocolType != "consumer" {
        return .nonEmptyGroup
      }
      let free = partitions.filter { state.group?.isSubscribed(to: $0.topic) != true }
      effects.records = free.map { .offset($0, nil) }
      return .none
    }
  }

  /// Deletes a group without members and its offsets. `whenDone` is called once, at the latest when
  /// it is durable.
  func delete(_ id: String, whenDone: @escaping @Sendable (ErrorCode) -> Void) {
    guard let offsets else { return whenDone(.coordinatorNotAvailable) }
    let code = write(
      id, { failure in whenDone(failure.map(ErrorCode.init(groupStorage:)) ?? .none) },
      { state, effects in
        guard state.group != nil || offsets.hasOffsets(group: id) else { return .groupIDNotFound }
        if state.group?.hasMembers == true { return .nonEmptyGroup }
        effects.records = offsets.partitions(of: id).map { .offset($0, nil) }
        effects.records += state.group?.tombstones ?? []
        state.group = nil
        return .none
      })
    if code != .none { whenDone(code) }
  }

  /// Calls `body` with the group's slot locked and writes the records that it asks for, unless it
  /// says that something is wrong.
  func write(
    _ id: String, _ whenStored: @escaping @Sendable (LogError?) -> Void,
    _ body: (inout GroupSlot.State, inout GroupEffects) -> ErrorCode
  ) -> ErrorCode {
    var work = GroupWork(groupID: id, whenStored: whenStored)
    let code = withSlot(id, creates: true) { slot, state in
      var effects = GroupEffects()
      let code = body(&state, &effects)
      if code == .none { finish(slot, &state, effects, &work) }
      return code
    }
    guard let code else { preconditionFailure("a slot is made when there is none") }
    if code == .none { carryOut(work) }
    return code
  }
}
