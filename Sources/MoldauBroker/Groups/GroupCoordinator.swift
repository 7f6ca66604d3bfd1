import Logging
import MoldauFormat
import MoldauLog
import MoldauProtocol
import Synchronization

/// Looks after the groups of consumers, of both protocols: finds them, keeps their locks, lets them
/// know the time, writes their records and delivers their answers.
///
/// What a group does is decided by the group itself, a `CoordinatedGroup`. A group is in memory as
/// long as it has members or something in the log; one of which only offsets are known has no slot.
/// Thread-safe: one lock for each group, one for the table, held for a look-up. No request costs
/// more with more groups, but those that list them.
///
/// INVARIANT: locks are taken in this order: slot, table, offsets; none while answers are delivered.
package final class GroupCoordinator: Sendable {
  let store: LogStore
  let configuration: GroupConfiguration
  let scheduler: Scheduler
  let wallClock: any WallClock
  let logger: Logger
  /// Reads the internal topic, and looks for offsets to let go.
  let queue: SerialQueue
  private let slots = Mutex<[String: GroupSlot]>([:])
  private let incarnations = Atomic<Int>(0)
  let loading = Mutex(GroupLoading())
  /// Goes off when it is to be looked for offsets to let go.
  let expiryTimer = Mutex<Scheduler.Timer?>(nil)

  init(
    store: LogStore, _ configuration: GroupConfiguration, logger: Logger, scheduler: Scheduler,
    clock: any WallClock, queue: SerialQueue = SerialQueue(name: "moldau-groups")
  ) {
    self.store = store
    self.configuration = configuration
    self.logger = logger
    self.scheduler = scheduler
    wallClock = clock
    self.queue = queue
  }

  var now: GroupTime {
    GroupTime(
      steady: scheduler.clock.nowMilliseconds(), wall: wallClock.nowMilliseconds())
  }

  /// Begins to read what the log has of the groups, if there is something.
  func start() {
    if store.existingTopic(GroupOffsets.topicName) != nil { startLoading() }
  }

  /// Ends the coordinator's own work; blocks until that is done.
  func stop() {
    loading.withLock { $0.isStopping = true }
    queue.stop()
  }

  // MARK: Slots

  /// Calls `body` with the group's slot locked; makes one when there is none and `creates` says so.
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
      if let slot = slots[id] { return slot }
      guard creates else { return nil }
      let slot = GroupSlot(id: id, timer: scheduler.timer { [weak self] in self?.timerFired(id) })
      slots[id] = slot
      return slot
    }
  }

  private func removeIfVoid(_ slot: GroupSlot, _ state: inout GroupSlot.State) {
    if state.group?.isForgettable == true { state.group = nil }
    guard state.group == nil, state.waits.isEmpty else { return }
    state.isRemoved = true
    scheduler.cancel(slot.timer)
    slots.withLock { slots in
      if slots[slot.id] === slot { slots[slot.id] = nil }
    }
  }

  /// The groups that have a slot, in no order.
  var slotIDs: [String] { slots.withLock { Array($0.keys) } }

  // MARK: Changing a group

  /// Why a group could not be looked at.
  enum Refusal: Error {
    /// There is none of this name.
    case unknownGroup
    /// Its members speak the other protocol.
    case otherType
  }

  /// Calls `body` with the group locked, and does what it asks for in its effects.
  ///
  /// A group of the other type without members gives way to a new one (KIP-848).
  ///
  /// - Parameters:
  ///   - make: makes the group when there is none; nil refuses.
  ///   - wait: is told the answer for the wait that `body` gets the id of, if there is one later.
  ///   - whenStored: is called once when the records that `body` asks for are durable, or with what
  ///     kept them from it; at once when it asks for none. Outside the lock.
  /// - Precondition: the group is loaded (`PendingLoad`).
  func change<Group: CoordinatedGroup, Result>(
    _ id: String, _: Group.Type, orMake make: (() -> Group)?,
    wait: (@Sendable (GroupAnswer) -> Void)? = nil,
    whenStored: (@Sendable (LogError?) -> Void)? = nil,
    _ body: (inout Group, GroupWaitID, GroupTime, inout GroupEffects) -> Result
  ) throws(Refusal) -> Result {
    let now = now
    var work = GroupWork(groupID: id, whenStored: whenStored)
    let result: Swift.Result<Result, Refusal>? = withSlot(id, creates: make != nil) {
      slot, state in
      var effects = GroupEffects()
      guard var group = take(Group.self, from: &state, make, &effects) else {
        return .failure(state.group == nil ? .unknownGroup : .otherType)
      }
      state.lastWait += 1
      if let wait { state.waits[state.lastWait] = wait }
      let result = body(&group, state.lastWait, now, &effects)
      state.group = group
      finish(slot, &state, effects, &work)
      return .success(result)
    }
    carryOut(work)
    guard let result else { throw .unknownGroup }
    return try result.get()
  }

  /// Takes the group out of its slot, so that it is changed where it is and not copied.
  private func take<Group: CoordinatedGroup>(
    _: Group.Type, from state: inout GroupSlot.State, _ make: (() -> Group)?,
    _ effects: inout GroupEffects
  ) -> Group? {
    if let found = state.group as? Group {
      state.group = nil
      return found
    }
    if let other = state.group {
      guard !other.hasMembers, let make else { return nil }
      effects.records += other.tombstones
      state.group = nil
      state.incarnation = nextIncarnation()
      return make()
    }
    if make != nil { state.incarnation = nextIncarnation() }
    return make?()
  }

  func nextIncarnation() -> Int { incarnations.add(1, ordering: .relaxed).newValue }

  /// Calls `body` with whatever is known of the group, locked; nil when it has no slot.
  func look<Result>(
    at id: String, _ body: (any CoordinatedGroup) -> Result
  ) -> Result? {
    let result: Result?? = withSlot(id, creates: false) { _, state in state.group.map(body) }
    return result ?? nil
  }

  /// Lets the group know the time.
  func timerFired(_ id: String) {
    changeAny(id, incarnation: nil) { group, now, effects in group.timePassed(now, &effects) }
  }

  /// Changes the group of an incarnation, if it is still there; nil is whatever the timer finds.
  private func changeAny(
    _ id: String, incarnation: Int?,
    _ body: (inout any CoordinatedGroup, GroupTime, inout GroupEffects) -> Void
  ) {
    let now = now
    var work = GroupWork(groupID: id, whenStored: nil)
    _ = withSlot(id, creates: false) { slot, state in
      if incarnation == nil { state.timerDeadline = nil }
      guard incarnation ?? state.incarnation == state.incarnation, var group = state.group
      else { return }
      state.group = nil
      var effects = GroupEffects()
      body(&group, now, &effects)
      state.group = group
      finish(slot, &state, effects, &work)
    }
    carryOut(work)
  }

  // MARK: Effects

  /// Writes the records, sets the timer and finds who is to be told, with the lock held.
  func finish(
    _ slot: GroupSlot, _ state: inout GroupSlot.State, _ effects: GroupEffects,
    _ work: inout GroupWork
  ) {
    for (wait, answer) in effects.answers {
      guard let body = state.waits.removeValue(forKey: wait) else { continue }
      work.answers.append((body, answer))
    }
    if let deadline = state.group?.nextDeadline, deadline < state.timerDeadline ?? .max {
      state.timerDeadline = deadline
      scheduler.set(slot.timer, at: deadline)
    }
    work.storageToken = effects.storageToken
    work.incarnation = state.incarnation
    guard !effects.records.isEmpty else { return }
    work.storage = write(effects.records, slot.id)
  }

  private func write(
    _ records: [GroupOffsets.Change], _ id: String
  ) -> Result<GroupOffsets.Appended, LogError> {
    guard let offsets else { preconditionFailure("a group is changed after it was loaded") }
    return Result { () throws(LogError) in try offsets.append(records, group: id) }
  }

  /// Tells who is to be told, and follows the records to the device. Without a lock.
  func carryOut(_ work: GroupWork) {
    for (body, answer) in work.answers { body(answer) }
    switch work.storage {
    case nil: stored(work, nil)
    case .failure(let error): stored(work, error)
    case .success(let appended): offsets?.whenStored(appended) { [self] in stored(work, $0) }
    }
  }

  private func stored(_ work: GroupWork, _ failure: LogError?) {
    if let failure { logger.error("group \(work.groupID): \(failure)") }
    if let token = work.storageToken {
      changeAny(work.groupID, incarnation: work.incarnation) { group, now, effects in
        group.recordsStored(
          token, failure: failure.map(ErrorCode.init(groupStorage:)), now, &effects)
      }
    }
    work.whenStored?(failure)
  }
}

/// What is left to do of a change once the group's lock is free.
struct GroupWork: Sendable {
  let groupID: String
  let whenStored: (@Sendable (LogError?) -> Void)?
  var answers: [(body: @Sendable (GroupAnswer) -> Void, answer: GroupAnswer)] = []
  /// The records that were written, or why they were not; nil when there are none.
  var storage: Result<GroupOffsets.Appended, LogError>?
  var storageToken: Int32?
  /// Which group of the name it is about.
  var incarnation = 0
}
