import Logging
import MoldauDisk
import MoldauFormat
import MoldauLog
import MoldauProtocol
import Synchronization

@testable import MoldauBroker

/// A coordinator over a store in memory, whose clocks a test sets.
struct CoordinatorBench {
  let disk: SimulatedDisk
  let store: LogStore
  let steady = SetSteadyClock()
  let wall = SetWallClock()
  let scheduler: Scheduler
  let coordinator: GroupCoordinator
  let topic: Topic
  /// Without a thread in a cluster.
  let queue: SerialQueue

  /// - Parameter topicExists: of a cluster.
  init(
    _ configuration: GroupConfiguration = GroupConfiguration(initialRebalanceDelay: .zero),
    on disk: SimulatedDisk = SimulatedDisk(isCrashable: false),
    topicExists: (@Sendable (String) -> Bool)? = nil
  ) throws {
    self.disk = disk
    var settings = StoreConfiguration()
    settings.runsMaintenance = false
    store = try LogStore.open(at: "/store", settings, disk: disk, clock: wall)
    topic = try store.topicBlocking("t", TopicConfiguration(partitionCount: 4))
    scheduler = Scheduler(clock: steady, runsThread: false)
    var configuration = configuration
    // Tests look themselves for offsets to let go.
    if topicExists == nil { configuration.offsetCheckInterval = .seconds(1 << 40) }
    queue = SerialQueue(name: "groups", runsThread: topicExists == nil)
    coordinator = GroupCoordinator(
      store: store, configuration,
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, scheduler: scheduler,
      clock: wall, queue: queue, topicExists: topicExists)
  }

  /// Reads what the log has of groups, nil for all.
  func load(_ groupIDs: [String]? = nil) {
    guard coordinator.readiness(of: groupIDs) == .loading else { return }
    let signal = WakeSignal()
    coordinator.whenLoaded(groupIDs) { signal.wake() }
    signal.sleep()
  }

  /// Stops, and leaves the directory for the next bench on its disk.
  func close() throws {
    coordinator.stop()
    try store.closeBlocking()
  }

  /// Lets both clocks go on, and the timers go off that are due.
  func wait(_ milliseconds: Int64) {
    wall.advance(milliseconds)
    steady.advance(milliseconds)
    scheduler.runDue()
  }

  /// Lets go of offsets that are due, and waits for the device.
  func expire() {
    let signal = WakeSignal()
    coordinator.expireOffsets { signal.wake() }
    signal.sleep()
  }

  // MARK: Requests

  /// Commits for partition 0 and waits for the device.
  func commit(
    _ offset: Int64, group: String = "group", topic: String = "t", memberID: String = "",
    epoch: Int32 = -1, expiresAt: Int64 = -1
  ) -> ErrorCode {
    let value = GroupOffsetValue(
      offset: Offset(rawValue: offset), commitTimestampMilliseconds: wall.nowMilliseconds(),
      expireTimestampMilliseconds: expiresAt)
    let stored = Awaited<GroupStorageFailure?>()
    let code = coordinator.commit(
      group, by: GroupCommitter(memberID: memberID, instanceID: nil, epoch: epoch),
      [(TopicPartition(topic: topic, partition: 0), value)]
    ) { stored.put($0) }
    guard code == .none else { return code }
    return stored.take()?.code ?? .none
  }

  func committed(group: String = "group", topic: String = "t") -> Int64? {
    coordinator.partition(of: group)?.offsets.committed(
      group: group, TopicPartition(topic: topic, partition: 0))?.offset.rawValue
  }

  /// Joins as before version 4, and gives all to the one that joins alone.
  func joinAlone(_ group: String = "group", as memberID: String = "a") throws {
    let join = ClassicJoin(
      memberID: "", instanceID: nil, clientID: "client", clientHost: "/host",
      rebalanceTimeoutMilliseconds: 30_000, sessionTimeoutMilliseconds: 10_000,
      protocolType: "consumer", protocols: GroupBench.protocols(["range"], topics: ["t"]),
      requiresKnownID: false, canSkipAssignment: false, newMemberID: memberID)
    let answer = Awaited<GroupAnswer>()
    try coordinator.change(
      group, ClassicGroup.self,
      orMake: { [coordinator] in ClassicGroup(id: group, coordinator.configuration) },
      wait: { answer.put($0) },
      { group, wait, now, effects in group.join(join, wait, now, &effects) })
    guard case .join(let joined) = answer.take(), joined.errorCode == .none else {
      throw GroupSimulation.Violation(description: "\(memberID) cannot join")
    }
    var given = SyncGroupRequest.Assignment()
    given.memberID = memberID
    given.assignment = [1]
    let sync = ClassicSync(
      memberID: memberID, instanceID: nil, generation: joined.generationID, protocolType: nil,
      protocolName: nil, assignments: [given])
    let assigned = Awaited<GroupAnswer>()
    try coordinator.change(
      group, ClassicGroup.self, orMake: nil, wait: { assigned.put($0) },
      { group, wait, now, effects in group.sync(sync, wait, now, &effects) })
    guard case .sync(let synced) = assigned.take(), synced.assignment == [1] else {
      throw GroupSimulation.Violation(description: "\(memberID) is given nothing")
    }
  }

  func heartbeat(_ group: String = "group", memberID: String = "a") -> ErrorCode {
    do {
      return try coordinator.change(group, ClassicGroup.self, orMake: nil) { group, _, now, _ in
        group.heartbeat(
          memberID: memberID, instanceID: nil, generation: group.generation, now)
      }
    } catch {
      return .unknownMemberID
    }
  }

  /// The state that clients are told; nil of a group that has no slot.
  func state(of group: String = "group") -> String? {
    do { return try coordinator.look(at: group) { $0.stateName } } catch { return nil }
  }
}

/// A value that another thread gives.
final class Awaited<Value: Sendable>: Sendable {
  private let value = Mutex<Value?>(nil)
  private let signal = WakeSignal()

  func put(_ given: Value) {
    value.withLock { $0 = given }
    signal.wake()
  }

  /// Waits for the value.
  func take() -> Value {
    signal.sleep()
    guard let taken = value.withLock({ $0 }) else { preconditionFailure("woken without a value") }
    return taken
  }
}
