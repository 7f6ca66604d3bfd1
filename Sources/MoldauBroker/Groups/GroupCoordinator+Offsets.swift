import MoldauFormat
import MoldauLog
import MoldauProtocol

extension GroupCoordinator {
  /// Keeps offsets of a group, if `committer` may commit.
  ///
  /// Returns what is wrong; else `whenStored` is called once, when they are committed or with what
  /// kept them from it.
  ///
  /// - Precondition: the group is loaded.
  func commit(
    _ id: String, by committer: GroupCommitter,
    _ offsets: [(partition: TopicPartition, value: GroupOffsetValue)],
    whenStored: @escaping @Sendable (GroupStorageFailure?) -> Void
  ) -> ErrorCode {
    guard let partition = partition(of: id) else { return .notCoordinator }
    let now = now
    return write(id, in: partition, whenStored) { state, effects in
      let code =
        state.group?.checkCommit(by: committer, now)
        // Without a group anyone may commit who does not take himself for a member of one.
        ?? (committer.epoch < 0 ? .none : .illegalGeneration)
      guard code == .none else { return code }
      effects.records = offsets.map { .offset($0.partition, $0.value) }
      return .none
    }
  }

  /// What is wrong with a request for offsets by `committer`.
  func checkFetch(_ id: String, _ committer: GroupCommitter) -> ErrorCode {
    do throws(Refusal) {
      return try look(at: id) { $0.checkFetch(by: committer) }
    } catch {
      return error == .notCoordinator ? .notCoordinator : .none
    }
  }

  /// Whether a member of the group reads the topic, or may do so.
  func isSubscribed(_ id: String, to topic: String) -> Bool {
    do throws(Refusal) {
      return try look(at: id) { $0.isSubscribed(to: topic) }
    } catch {
      return false
    }
  }

  /// Takes back offsets of a group for topics that no member reads; as `commit`.
  func deleteOffsets(
    of id: String, _ partitions: [TopicPartition],
    whenStored: @escaping @Sendable (GroupStorageFailure?) -> Void
  ) -> ErrorCode {
    guard let partition = partition(of: id) else { return .notCoordinator }
    return write(id, in: partition, whenStored) { state, effects in
      let isKnown = state.group != nil || partition.offsets.hasOffsets(group: id)
      guard isKnown else { return .groupIDNotFound }
      if let group = state.group, group.hasMembers, group.protocolType != "consumer" {
        return .nonEmptyGroup
      }
      let free = partitions.filter { state.group?.isSubscribed(to: $0.topic) != true }
      effects.records = free.map { .offset($0, nil) }
      return .none
    }
  }

  /// Deletes a group without members and its offsets. `whenDone` is called once, at the latest when
  /// that is committed.
  func delete(_ id: String, whenDone: @escaping @Sendable (ErrorCode) -> Void) {
    guard let partition = partition(of: id) else { return whenDone(.notCoordinator) }
    let offsets = partition.offsets
    let code = write(
      id, in: partition, { failure in whenDone(failure?.code ?? .none) },
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
    _ id: String, in partition: CoordinatedPartition,
    _ whenStored: @escaping @Sendable (GroupStorageFailure?) -> Void,
    _ body: (inout GroupSlot.State, inout GroupEffects) -> ErrorCode
  ) -> ErrorCode {
    var work = GroupWork(partition: partition, groupID: id, whenStored: whenStored)
    let code = partition.withSlot(id, creates: true) { slot, state in
      var effects = GroupEffects()
      let code = body(&state, &effects)
      if code == .none { finish(slot, &state, effects, &work) }
      return code
    }
    // A slot is made when there is none, but not once the partition is led elsewhere.
    guard let code else { return .notCoordinator }
    if code == .none { carryOut(work) }
    return code
  }
}
