import MoldauCluster
import MoldauFormat
import MoldauLog
import MoldauProtocol

/// What a leader does with what it learns: of its followers, of its own log, of the controller.
extension Replica {
  /// A follower, and where its session has this partition.
  struct Fetcher: Sendable {
    let session: ReplicaSession
    let slot: Int

    var nodeID: Int32 { session.nodeID }
    var brokerEpoch: Int64 { session.brokerEpoch }
  }

  /// Takes over that a follower has all below its fetch offset, whose history was found to agree in
  /// `epoch`.
  ///
  /// HOT: once per partition that a replica's fetch names.
  /// - Returns: what is wrong with it, if anything is.
  func noteFetch(
    by fetcher: Fetcher, at offset: Offset, start: Offset, currentEpoch: Int32, inEpoch epoch: Int32
  ) -> ErrorCode? {
    let now = shared.now
    let end = log.endOffset
    var effects = Effects()
    let refusal: ErrorCode? = state.withLock { state in
      guard state.leader != nil, state.leaderEpoch == epoch else { return .notLeaderOrFollower }
      let isKnown = state.leader?.noteFetch(
        by: fetcher.nodeID, brokerEpoch: fetcher.brokerEpoch, at: offset, start: start,
        leaderEnd: end, now: now)
      guard isKnown == true else {
        // It knows an assignment that is yet to come here, or an old one.
        return currentEpoch >= 0 ? .unknownLeaderEpoch : .notLeaderOrFollower
      }
      state.fetchers[fetcher.nodeID] = fetcher
      proceed(&state, now: now, &effects)
      if effects.proposal == nil {
        effects.proposal = state.leader?.proposeExpansion(by: fetcher.nodeID, shared.brokers)
      }
      return nil
    }
    perform(effects)
    return refusal
  }

  /// Moves what can be moved: the high watermark, then who waits to join.
  func proceed(
    _ state: inout State, now: Int64, mayExpand: Bool = true, _ effects: inout Effects
  ) {
    guard var leader = state.leader else { return }
    state.leader = nil
    defer { state.leader = leader }
    effects.leadership = state.leadership
    let end = log.endOffset
    let own = state.isSynced ? min(log.durableOffset, end) : end
    let brokers = shared.brokers
    let others = leader.othersEnd(leaderEnd: end, now: now, brokers)
    if let moved = leader.advance(own: own, others: others) {
      watermark.store(moved.rawValue, ordering: .releasing)
      effects.highWatermark = moved
    }
    if !lowObservers.isEmpty {
      effects.lowWatermark = leader.lowWatermark(own: log.startOffset, brokers)
    }
    if mayExpand, effects.proposal == nil {
      effects.proposal = leader.proposeExpansion(leaderEnd: end, now: now, brokers)
    }
    watch(&state, own: own, end: end, others, &effects)
  }

  // MARK: The leader's own log

  /// Looks after this replica's own contribution where nobody else's fetch would: when it is the last
  /// to have the records, or the only one.
  private func watch(
    _ state: inout State, own: Offset, end: Offset, _ others: LeaderState.OthersEnd,
    _ effects: inout Effects
  ) {
    let isLast =
      switch others {
      case .nobody: true
      case .at(let offset): offset > own
      case .unknown: false
      }
    guard state.failure == nil, isLast || state.watch.wanted > own else { return }
    if own < end {
      guard !state.watch.isCommitting else { return }
      state.watch.isCommitting = true
      effects.commits = end
    } else if state.watch.growth == nil {
      effects.watchesGrowth = end
    }
  }

  /// Has the log's growth looked at, once.
  func watchGrowth(past end: Offset, _ leadership: UInt64) {
    let observer = log.whenEnd(passes: end) { [weak self] in self?.ownLogMoved(leadership) }
    let isKept = state.withLock { state in
      guard state.leadership == leadership, state.watch.growth == nil else { return false }
      // It may have been called already; another look costs little.
      state.watch.growth = observer
      return true
    }
    if !isKept { observer.cancel() }
    if log.endOffset > end { ownLogMoved(leadership) }
  }

  private func ownLogMoved(_ leadership: UInt64) {
    let now = shared.now
    var effects = Effects()
    state.withLock { state in
      guard state.leadership == leadership else { return }
      state.watch.growth?.cancel()
      state.watch.growth = nil
      proceed(&state, now: now, &effects)
    }
    perform(effects)
  }

  /// Has the log made durable, and the high watermark moved then.
  func commit(below end: Offset, _ leadership: UInt64) {
    log.whenDurable(below: end) { [weak self] result in self?.committed(result, leadership) }
  }

  private func committed(_ result: Result<Void, LogError>, _ leadership: UInt64) {
    let now = shared.now
    var effects = Effects()
    state.withLock { state in
      guard state.leadership == leadership else { return }
      state.watch.isCommitting = false
      if case .failure(let error) = result {
        state.failure = error
        effects.wakesAll = true
      }
      proceed(&state, now: now, &effects)
    }
    perform(effects)
  }

  /// Has a synced log made durable up to `next` at the same time as the followers copy it.
  private func wantCommit(below next: Offset) {
    let effects: Effects? = state.withLock { state in
      guard state.isSynced, state.leader != nil, next > state.watch.wanted else { return nil }
      state.watch.wanted = next
      guard !state.watch.isCommitting, state.failure == nil, log.durableOffset < next else {
        return nil
      }
      state.watch.isCommitting = true
      var effects = Effects()
      effects.leadership = state.leadership
      effects.commits = log.endOffset
      return effects
    }
    if let effects { perform(effects) }
  }

  func endWatch(_ state: inout State) {
    state.watch.growth?.cancel()
    state.watch = Watch()
    state.failure = nil
  }

  // MARK: Those who wait

  func whenVisible(
    passes offset: Offset, _ body: @escaping @Sendable () -> Void
  ) -> AppendObserver {
    let observer = observers.add(past: offset, body)
    // It may have moved between the caller's look and the line above.
    let reached = highWatermark
    if reached > offset { observers.notify(end: reached) }
    return observer
  }

  func whenCommitted(
    below next: Offset, inEpoch epoch: Int32, _ body: @escaping @Sendable (CommitVerdict) -> Void
  ) {
    wantCommit(below: next)
    awaitVerdict(below: next, inEpoch: epoch, body)
  }

  private func awaitVerdict(
    below next: Offset, inEpoch epoch: Int32, _ body: @escaping @Sendable (CommitVerdict) -> Void
  ) {
    // The wait is there before the look, so that nothing happens unseen between them; whichever of
    // the two comes first takes the body.
    let once = TakenOnce(body)
    let observer = observers.add(past: next.advanced(by: -1)) { [weak self] in
      guard let body = once.take() else { return }
      guard let self else { return body(.leadershipLost) }
      if let verdict = verdict(below: next, inEpoch: epoch) { return body(verdict) }
      awaitVerdict(below: next, inEpoch: epoch, body)
    }
    guard let verdict = verdict(below: next, inEpoch: epoch) else { return }
    observer.cancel()
    if let body = once.take() { body(verdict) }
  }

  /// What can be said now of records that were appended in `epoch`; nil when it is to be waited for.
  private func verdict(below next: Offset, inEpoch epoch: Int32) -> CommitVerdict? {
    state.withLock { state in
      guard let leader = state.leader, epoch >= state.leadsSince else { return .leadershipLost }
      if leader.highWatermark >= next { return .committed }
      if let failure = state.failure { return .failed(failure) }
      if log.isClosed { return .failed(.closed) }
      if state.isDoubted { return .leadershipLost }
      return leader.isUnderMinISR ? .tooFewReplicas : nil
    }
  }

  /// Whether so few are in sync that nothing is to be acknowledged to those who want all.
  var isUnderMinISR: Bool { state.withLock { $0.leader?.isUnderMinISR ?? false } }
}
