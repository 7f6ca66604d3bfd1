import Logging
import MoldauCluster
import MoldauFormat
import MoldauLog
import MoldauProtocol
import Synchronization

/// Copies the partitions that one broker leads, over one connection.
///
/// Driven by answers, commits and timers; no thread of its own. What it knows is in
/// `FetchProgress`, what becomes of an answer in `ReplicaFetcher+Answers.swift`. Thread-safe.
final class ReplicaFetcher: Sendable {
  struct State: Sendable {
    var progress: FetchProgress
    var leader: BrokerRegistration
    var connection: (any PeerConnection)?
    /// Counts the connections: answers of earlier ones count no longer.
    var connectionNumber: UInt64 = 0
    /// Failures of the connection since the last answer.
    var failureCount = 0
    /// Whether the connection is to be left alone until the retry timer has gone off.
    var isPausing = false
    var isSending = false
    /// Whether there may be more to send than the sender has seen.
    var mustLookAgain = false
    /// Whether `send` was put on the queue.
    var isSendQueued = false
    var isWatching = false
    /// When pauses of replicas are looked at next.
    var pausesEnd: Int64?
    var hasEnded = false
  }

  let services: FetcherServices
  let state: Mutex<State>
  private let timers = Mutex<Timers?>(nil)

  private struct Timers: Sendable {
    /// Ends the pause of the connection.
    let retry: Scheduler.Timer
    /// Ends pauses of replicas.
    let pauses: Scheduler.Timer
    /// Looks for requests that are not answered.
    let watch: Scheduler.Timer
  }

  init(_ leader: BrokerRegistration, _ services: FetcherServices) {
    self.services = services
    let configuration = services.configuration
    let progress = FetchProgress(
      usesSessions: configuration.usesSessions,
      cutsToHighWatermark: !services.rules.contains(.truncateByEpoch),
      unsynced: .init(limit: configuration.unsyncedBytes, syncBytes: configuration.syncBytes))
    state = Mutex(State(progress: progress, leader: leader))
    let scheduler = services.scheduler
    let made = Timers(
      retry: scheduler.timer { [weak self] in self?.retry() },
      pauses: scheduler.timer { [weak self] in self?.endPauses() },
      watch: scheduler.timer { [weak self] in self?.watch() })
    timers.withLock { $0 = made }
  }

  // MARK: What is followed

  /// Copies these too; all have the same leader.
  func follow(_ partitions: [FollowedPartition]) {
    let stale = state.withLock { state in
      guard !state.hasEnded else { return (any PeerConnection)?.none }
      state.progress.follow(partitions)
      guard let leader = partitions.first?.leader, leader != state.leader else { return nil }
      // It has registered anew: whatever the old connection leads to is not it.
      let isSame =
        leader.replication == state.leader.replication
        && leader.brokerEpoch == state.leader.brokerEpoch
      state.leader = leader
      return isSame ? nil : Self.dropConnection(&state)
    }
    stale?.close()
    sendSoon()
  }

  func stop(_ keys: [ReplicaKey]) {
    state.withLock { $0.progress.stop(keys) }
  }

  /// Copies nothing any more. It is not used again.
  func end() {
    let connection = state.withLock { state in
      state.hasEnded = true
      state.progress.stop(Array(state.progress.replicas.keys))
      return Self.dropConnection(&state)
    }
    connection?.close()
    guard let timers = timers.withLock({ $0 }) else { return }
    for timer in [timers.retry, timers.pauses, timers.watch] { services.scheduler.cancel(timer) }
  }

  private static func dropConnection(_ state: inout State) -> (any PeerConnection)? {
    state.progress.lostConnection()
    state.connectionNumber += 1
    state.failureCount = 0
    state.isPausing = false
    return state.connection.take()
  }

  // MARK: Sending

  /// Lets requests be sent by the queue, so that what becomes ready together is asked for together.
  func sendSoon() {
    let isFirst = state.withLock { state in
      guard !state.hasEnded, !state.isSendQueued else { return false }
      state.isSendQueued = true
      return true
    }
    guard isFirst else { return }
    services.queue.add { [self] in
      state.withLock { $0.isSendQueued = false }
      send()
    }
  }

  /// Sends what there is to ask, as far as it goes. Never two at a time.
  func send() {
    let isOurs = state.withLock { state in
      guard state.isSending else {
        state.isSending = true
        return true
      }
      state.mustLookAgain = true
      return false
    }
    guard isOurs else { return }
    while sendOne() {}
  }

  /// Sends a request, if there is one; returns false when there is none and others may send.
  private func sendOne() -> Bool {
    let (taken, number) = state.withLock { state in
      let canAsk = !state.hasEnded && !state.isPausing && state.progress.canAsk
      return (canAsk ? state.progress.takeReady() : nil, state.connectionNumber)
    }
    guard let taken else { return goOnSending(false) }
    var named: [(replica: FetchProgress.Replica, position: FetchPosition)] = []
    for replica in taken {
      if replica.isUncut {
        cutToHighWatermark(replica)
      } else if let ahead = replica.ahead {
        named.append((replica, ahead))
      } else if let position = replica.followed.partition.fetchPosition {
        if mustBeDurable(replica, at: position.offset) {
          // It would acknowledge what an earlier role, or run, has left.
          awaitDurable(replica, below: position.offset)
        } else {
          named.append((replica, position))
        }
      } else {
        end(replica, .fenced)
      }
    }
    let connection = connection()
    let patience =
      Int64(services.configuration.maxWaitMilliseconds) + services.configuration.answerMilliseconds
    let deadline = services.now + patience
    let request = state.withLock { state -> FetchProgress.Request? in
      guard state.connectionNumber == number, !state.isPausing else {
        // The connection was lost meanwhile: these are asked for with the others.
        for (replica, _) in named { state.progress.end(replica, .ready) }
        return nil
      }
      return state.progress.request(named, deadline: deadline)
    }
    guard let request else { return goOnSending(true) }
    watch(until: deadline)
    connection.send(message(request)) { [self] answer in
      received(answer, to: request.number, on: number)
    }
    return goOnSending(true)
  }

  /// Whether a fetch at `offset` has to wait for the device: below the leader's high watermark it
  /// acknowledges nothing.
  private func mustBeDurable(_ replica: FetchProgress.Replica, at offset: Offset) -> Bool {
    let followed = replica.followed
    return services.rules.contains(.syncBeforeFetch) && followed.isSynced
      && !replica.isBehind(at: offset) && followed.partition.log.durableOffset < offset
  }

  private func goOnSending(_ hasMore: Bool) -> Bool {
    state.withLock { state in
      if hasMore || state.mustLookAgain {
        state.mustLookAgain = false
        return true
      }
      state.isSending = false
      return false
    }
  }

  private func connection() -> any PeerConnection {
    let (known, endpoint) = state.withLock { ($0.connection, $0.leader.replication) }
    if let known { return known }
    let made = services.network.connection(to: endpoint)
    state.withLock { $0.connection = made }
    return made
  }

  private func message(_ request: FetchProgress.Request) -> [UInt8] {
    let configuration = services.configuration
    var fetch = FetchRequest()
    fetch.replicaState.replicaID = services.nodeID
    fetch.replicaState.replicaEpoch = services.brokerEpoch.load(ordering: .acquiring)
    fetch.maxWaitMilliseconds = request.isImmediate ? 0 : configuration.maxWaitMilliseconds
    fetch.minBytes = 1
    let isAnyBehind = request.named.contains { $0.replica.isBehind(at: $0.position.offset) }
    let most = isAnyBehind ? configuration.behindBytes : .max
    fetch.maxBytes = min(configuration.responseBytes, most)
    fetch.sessionID = request.sessionID
    fetch.sessionEpoch = request.sessionEpoch
    for (replica, position) in request.named {
      var partition = FetchRequest.Partition()
      partition.index = replica.followed.key.index
      partition.currentLeaderEpoch =
        services.rules.contains(.fenceLeaderEpoch) ? replica.followed.leaderEpoch : -1
      partition.fetchOffset = position.offset.rawValue
      partition.lastFetchedEpoch =
        services.rules.contains(.truncateByEpoch) ? position.lastFetchedEpoch : -1
      partition.logStartOffset = position.logStart.rawValue
      partition.maxBytes = min(configuration.partitionBytes, most)
      fetch.add(partition, of: replica.followed.key.topicID)
    }
    for key in request.forgotten { fetch.forget(key) }
    return fetch.message(correlationID: Int32(truncatingIfNeeded: request.number))
  }

  // MARK: Failures

  /// The connection does not answer, or answers nonsense: it is made anew after a pause.
  func lose(_ number: UInt64, _ reason: String) {
    let lost = state.withLock { state -> (any PeerConnection, Int, BrokerRegistration)? in
      guard state.connectionNumber == number, let connection = state.connection else { return nil }
      let failureCount = state.failureCount + 1
      _ = Self.dropConnection(&state)
      state.failureCount = failureCount
      state.isPausing = true
      return (connection, failureCount, state.leader)
    }
    guard let (connection, failureCount, leader) = lost else { return }
    connection.close()
    services.logger.log(
      level: failureCount == 1 ? .info : .debug,
      "\(Self.name(leader)): \(reason); it is tried again"
    )
    set({ $0.retry }, at: services.now + services.pause(after: failureCount))
  }

  private static func name(_ leader: BrokerRegistration) -> String {
    let address = leader.replication
    return "replication from broker \(leader.nodeID) (\(address.host):\(address.port))"
  }

  private func retry() {
    state.withLock { $0.isPausing = false }
    sendSoon()
  }

  /// Ends what was begun with a replica.
  func end(_ replica: FetchProgress.Replica, _ stage: FetchProgress.Stage) {
    state.withLock { $0.progress.end(replica, stage) }
    guard case .paused(let until) = stage else { return }
    let isNext = state.withLock { state in
      guard !state.hasEnded, state.pausesEnd.map({ until < $0 }) ?? true else { return false }
      state.pausesEnd = until
      return true
    }
    if isNext { set({ $0.pauses }, at: until) }
  }

  private func endPauses() {
    let now = services.now
    let next = state.withLock { state in
      state.pausesEnd = state.progress.resume(now: now)
      return state.pausesEnd
    }
    if let next { set({ $0.pauses }, at: next) }
    sendSoon()
  }

  private func set(_ timer: (Timers) -> Scheduler.Timer, at deadline: Int64) {
    guard let timers = timers.withLock({ $0 }) else { return }
    services.scheduler.set(timer(timers), at: deadline)
  }

  // MARK: Requests that are not answered

  private func watch(until deadline: Int64) {
    let isFirst = state.withLock { state in
      defer { state.isWatching = true }
      return !state.isWatching
    }
    if isFirst { set({ $0.watch }, at: deadline) }
  }

  /// One timer, which looks again as long as there are requests: most are answered in time.
  private func watch() {
    let now = services.now
    let (next, number) = state.withLock { state in
      let next = state.progress.flights.first?.deadline
      state.isWatching = next.map { $0 > now } ?? false
      return (next, state.connectionNumber)
    }
    guard let next else { return }
    if next > now {
      set({ $0.watch }, at: next)
    } else {
      lose(number, "no answer for \(services.configuration.answerMilliseconds) ms")
    }
  }
}
