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
/// Groups are kept by the partition of the internal topic to which they belong: a broker that stands
/// alone has all of them, one of a cluster those that it leads. Thread-safe: one lock for each group,
/// one for each table, held for a look-up. No request costs more with more groups, but those that
/// list them.
package final class GroupCoordinator: Sendable {
  let store: LogStore
  let configuration: GroupConfiguration
  let scheduler: Scheduler
  let wallClock: any WallClock
  let logger: Logger
  /// Reads the internal topic, and looks for offsets to let go.
  let queue: SerialQueue
  /// Whether the cluster says which partitions are this broker's.
  let isClustered: Bool
  /// Whether there is a topic of this name; nil where whoever deletes a topic takes its offsets back.
  let topicExists: (@Sendable (_ topic: String) -> Bool)?
  private let incarnations = Atomic<Int>(0)
  let loading: Mutex<GroupLoading>
  /// Goes off when it is to be looked for offsets to let go.
  let expiryTimer = Mutex<Scheduler.Timer?>(nil)

  /// - Parameter topicExists: of a cluster: whether it has a topic of this name; nil for a broker that
  ///   stands alone.
  init(
    store: LogStore, _ configuration: GroupConfiguration, logger: Logger, scheduler: Scheduler,
    clock: any WallClock, queue: SerialQueue = SerialQueue(name: "moldau-groups"),
    topicExists: (@Sendable (_ topic: String) -> Bool)? = nil
  ) {
    self.store = store
    self.configuration = configuration
    self.logger = logger
    self.scheduler = scheduler
    wallClock = clock
    self.queue = queue
    isClustered = topicExists != nil
    self.topicExists = topicExists
    loading = Mutex(GroupLoading(opening: topicExists == nil ? .needed : .done))
  }

  var now: GroupTime {
    GroupTime(
      steady: scheduler.clock.nowMilliseconds(), wall: wallClock.nowMilliseconds())
  }

  /// Begins to read what the log has of the groups, if there is something and nobody else decides.
  func start() {
    guard !isClustered, store.existingTopic(GroupOffsets.topicName) != nil else { return }
    startLoading()
  }

  /// Ends the coordinator's own work; blocks until that is done.
  func stop() {
    loading.withLock { $0.isStopping = true }
    queue.stop()
  }

  // MARK: Changing a group

  /// Why a group could not be looked at.
  enum Refusal: Error {
    /// There is none of this name.
    case unknownGroup
    /// Its members speak the other protocol.
    case otherType
    /// Another broker coordinates it.
    case notCoordinator
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
    whenStored: (@Sendable (GroupStorageFailure?) -> Void)? = nil,
    _ body: (inout Group, GroupWaitID, GroupTime, inout GroupEffects) -> Result
  ) throws(Refusal) -> Result {
    guard let partition = partition(of: id) else { throw .notCoordinator }
    let now = now
    var work = GroupWork(partition: partition, groupID: id, whenStored: whenStored)
    let result: Swift.Result<Result, Refusal>? = partition.withSlot(id, creates: make != nil) {
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
    guard let result else { throw partition.isEnded ? .notCoordinator : .unknownGroup }
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

  /// Calls `body` with whatever is known of the group, locked.
  ///
  /// - Throws: `unknownGroup` when it has no slot, `notCoordinator`.
  func look<Result>(
    at id: String, _ body: (any CoordinatedGroup) -> Result
  ) throws(Refusal) -> Result {
    guard let partition = partition(of: id) else { throw .notCoordinator }
    let result: Result?? = partition.withSlot(id, creates: false) { _, state in
      state.group.map(body)
    }
    if let result = result ?? nil { return result }
    throw partition.isEnded ? .notCoordinator : .unknownGroup
  }

  /// Lets the group know the time.
  func timerFired(_ id: String, in partition: CoordinatedPartition) {
    changeAny(id, in: partition, incarnation: nil) { group, now, effects in
      group.timePassed(now, &effects)
    }
  }

  /// Changes the group of an incarnation, if it is still there; nil is whatever the timer finds.
  private func changeAny(
    _ id: String, in partition: CoordinatedPartition, incarnation: Int?,
    _ body: (inout any CoordinatedGroup, GroupTime, inout GroupEffects) -> Void
  ) {
    let now = now
    var work = GroupWork(partition: partition, groupID: id, whenStored: nil)
    _ = partition.withSlot(id, creates: false) { slot, state in
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
    work.storage = work.partition.append(effects.records, slot.id)
  }

  /// Tells who is to be told, and follows the records until they are committed. Without a lock.
  func carryOut(_ work: GroupWork) {
    for (body, answer) in work.answers { body(answer) }
    switch work.storage {
    case nil: stored(work, nil)
    case .failure(let failure): stored(work, failure)
    case .success(let appended): work.partition.follow(appended) { [self] in stored(work, $0) }
    }
  }

  private func stored(_ work: GroupWork, _ failure: GroupStorageFailure?) {
    if let failure {
      let isMoved = failure.code == .notCoordinator
      logger.log(level: isMoved ? .debug : .error, "group \(work.groupID): \(failure.reason)")
    }
    if let token = work.storageToken {
      changeAny(work.groupID, in: work.partition, incarnation: work.incarnation) {
        group, now, effects in
        group.recordsStored(token, failure: failure?.code, now, &effects)
      }
    }
    work.whenStored?(failure)
  }
}

/// What is left to do of a change once the group's lock is free.
struct GroupWork: Sendable {
  let partition: CoordinatedPartition
  let groupID: String
  let whenStored: (@Sendable (GroupStorageFailure?) -> Void)?
  var answers: [(body: @Sendable (GroupAnswer) -> Void, answer: GroupAnswer)] = []
  /// The records that were written, or why they were not; nil when there are none.
  var storage: Result<CommittedOffsets.Appended, GroupStorageFailure>?
  var storageToken: Int32?
  /// Which group of the name it is about.
  var incarnation = 0
}
