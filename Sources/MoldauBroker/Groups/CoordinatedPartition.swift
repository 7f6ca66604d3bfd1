import MoldauLog
import Synchronization

/// A partition of the internal topic whose groups this broker coordinates, from when it leads it
/// until it no longer does; a later leadership has one of its own.
///
/// Holds the groups' slots and what they have committed. Thread-safe: one lock for each group, one for
/// the table, held for a look-up.
///
/// INVARIANT: locks are taken in this order: slot, table, offsets; none while answers are delivered.
final class CoordinatedPartition: Sendable {
  private struct Slots: Sendable {
    var byID: [String: GroupSlot] = [:]
    var isEnded = false
  }

  let offsets: CommittedOffsets
  let storage: any GroupStorage
  private let scheduler: Scheduler
  private let slots = Mutex(Slots())
  private let waits: GroupAnswerWaits
  private let onTimer: @Sendable (CoordinatedPartition, _ groupID: String) -> Void

  /// - Parameters:
  ///   - patienceMilliseconds: how long records may take to become committed before those who wait
  ///     are told; nil is as long as it takes.
  ///   - onTimer: lets a group know the time.
  init(
    _ offsets: CommittedOffsets, _ storage: any GroupStorage, _ scheduler: Scheduler,
    patienceMilliseconds: Int64?,
    onTimer: @escaping @Sendable (CoordinatedPartition, _ groupID: String) -> Void
  ) {
    self.offsets = offsets
    self.storage = storage
    self.scheduler = scheduler
    waits = GroupAnswerWaits(scheduler, patienceMilliseconds: patienceMilliseconds)
    self.onTimer = onTimer
  }

  var number: Int { offsets.number }

  /// Whether another broker coordinates the groups now, or this one anew.
  var isEnded: Bool { slots.withLock(\.isEnded) }

  // MARK: Slots

  /// Calls `body` with the group's slot locked; makes one when there is none and `creates` says so.
  /// Nil when there is none, or when this has ended.
  ///
  /// A slot in which nothing is left is let go afterwards.
  func withSlot<Result>(
    _ id: String, creates: Bool, _ body: (GroupSlot, inout GroupSlot.State) -> Result
  ) -> Result? {
    while let slot = slot(id, creates: creates) {
      let result: Result? = slot.state.withLock { state in
        guard !state.isRemoved else { return nil }
        let result = body(slot, &state)
        removeIfVoid(slot, &state)
        return result
      }
      if let result { return result }
    }
    return nil
  }

  private func slot(_ id: String, creates: Bool) -> GroupSlot? {
    slots.withLock { slots in
      if slots.isEnded { return nil }
      if let slot = slots.byID[id] { return slot }
      guard creates else { return nil }
      let slot = GroupSlot(
        id: id,
        timer: scheduler.timer { [weak self] in
          guard let self else { return }
          onTimer(self, id)
        })
      slots.byID[id] = slot
      return slot
    }
  }

  private func removeIfVoid(_ slot: GroupSlot, _ state: inout GroupSlot.State) {
    if state.group?.isForgettable == true { state.group = nil }
    guard state.group == nil, state.waits.isEmpty else { return }
    state.isRemoved = true
    scheduler.cancel(slot.timer)
    slots.withLock { slots in
      if slots.byID[slot.id] === slot { slots.byID[slot.id] = nil }
    }
  }

  /// The groups that have members, or offsets, or are remembered, in no order.
  var groupIDs: Set<String> {
    Set(offsets.groupNames).union(slots.withLock { Array($0.byID.keys) })
  }

  // MARK: Records

  /// Writes records of a group, whose slot is locked so that the log has them in the order of its
  /// states.
  func append(
    _ records: [GroupOffsets.Change], _ id: String
  ) -> Result<CommittedOffsets.Appended, GroupStorageFailure> {
    if let refusal = storage.refusal { return .failure(refusal) }
    do throws(LogError) {
      return .success(try offsets.append(records, group: id))
    } catch {
      storage.noteFailedAppend(error)
      return .failure(GroupStorageFailure(error))
    }
  }

  /// Calls `body` once when the records are committed, or with why they are not, or not in time; from
  /// any thread. What is committed late is shown all the same.
  func follow(
    _ appended: CommittedOffsets.Appended,
    _ body: @escaping @Sendable (GroupStorageFailure?) -> Void
  ) {
    let id = waits.add(body)
    storage.whenCommitted(below: appended.next) { [offsets, waits] outcome in
      switch outcome {
      case .committed:
        offsets.settle(appended, isCommitted: true)
        waits.settle(id, nil)
      case .delayed(let failure):
        waits.settle(id, failure)
      case .failed(let failure):
        offsets.settle(appended, isCommitted: false)
        waits.settle(id, failure)
      }
    }
  }

  // MARK: The end

  /// Lets go of all groups: whoever waits is told to look for the coordinator elsewhere. Idempotent.
  func end() {
    let ended = slots.withLock { slots in
      slots.isEnded = true
      defer { slots.byID = [:] }
      return slots.byID.values.sorted { $0.id < $1.id }
    }
    for slot in ended {
      let waits = slot.state.withLock { state in
        state.isRemoved = true
        state.group = nil
        defer { state.waits = [:] }
        return state.waits.sorted { $0.key < $1.key }.map(\.value)
      }
      scheduler.cancel(slot.timer)
      for body in waits { body(.refused(.notCoordinator)) }
    }
    waits.end(.notCoordinator)
  }
}
