import MoldauCluster
import MoldauFormat
import MoldauLog

extension Replica {
  // MARK: Leading

  func lead(_ image: PartitionImage, minInSyncReplicas: Int) {
    let now = shared.now
    let effects: Effects? = state.withLock { state in
      guard isCurrent(image, state) else { return nil }
      var effects = Effects()
      if state.leader != nil, image.leaderEpoch == state.leaderEpoch {
        effects.wakesAll = update(image, minInSyncReplicas: minInSyncReplicas, now: now, &state)
      } else {
        begin(image, minInSyncReplicas: minInSyncReplicas, now: now, &state)
        effects.wakesAll = true
      }
      state.partitionEpoch = image.partitionEpoch
      state.isSynced = topic.durability.isSynced || topic.configuration.syncsEveryAppend
      proceed(&state, now: now, &effects)
      return effects
    }
    guard let effects else { return }
    shared.noteLed(self)
    perform(effects)
  }

  /// Takes over a state of the same leadership; returns whether those who wait for all in-sync
  /// replicas are to look again.
  private func update(
    _ image: PartitionImage, minInSyncReplicas: Int, now: Int64, _ state: inout State
  ) -> Bool {
    guard let before = state.leader else { return false }
    state.leader?.minInSyncReplicas = minInSyncReplicas
    if state.leader?.update(image, now: now) == true {
      shared.noteISRChange(from: before.image.isr.count, to: image.isr.count)
    }
    return !before.isUnderMinISR && state.leader?.isUnderMinISR == true
  }

  /// Begins a leadership (rule 4).
  private func begin(
    _ image: PartitionImage, minInSyncReplicas: Int, now: Int64, _ state: inout State
  ) {
    // From here on nothing of another epoch is appended, and nothing of this one before it is
    // published: the end stays where it is.
    log.lead(inEpoch: image.leaderEpoch)
    let end = log.endOffset
    if state.leader == nil { state.leadsSince = image.leaderEpoch }
    endWatch(&state)
    state.leadership += 1
    state.followed = nil
    state.fetchers = [:]
    state.isDoubted = false
    state.leaderEpoch = image.leaderEpoch
    let leader = LeaderState(
      of: log.identity, topicID: topic.id, on: shared.nodeID, image,
      minInSyncReplicas: minInSyncReplicas, epochStart: end, highWatermark: min(highWatermark, end),
      lagMilliseconds: shared.settings.lagMilliseconds, rules: shared.settings.rules, now: now)
    watermark.store(leader.highWatermark.rawValue, ordering: .releasing)
    state.leader = leader
    publish(.leader, epoch: image.leaderEpoch)
  }

  /// Whether a state is at least as new as the one that is known (rule 4).
  private func isCurrent(_ image: PartitionImage, _ state: State) -> Bool {
    image.leaderEpoch > state.leaderEpoch
      || image.leaderEpoch == state.leaderEpoch && image.partitionEpoch >= state.partitionEpoch
  }

  // MARK: Following, and neither

  func follow(_ image: PartitionImage) {
    let isChange = state.withLock { state in
      guard isCurrent(image, state) else { return false }
      state.partitionEpoch = image.partitionEpoch
      if state.leader == nil, state.followed == image.leader,
        state.leaderEpoch == image.leaderEpoch
      {
        return false
      }
      log.follow(inEpoch: image.leaderEpoch)
      endLeadership(&state)
      state.leaderEpoch = image.leaderEpoch
      state.followed = image.leader
      publish(.follower, epoch: image.leaderEpoch)
      return true
    }
    if isChange {
      shared.noteNotLed(self)
      wakeAll()
    }
  }

  func resign() {
    state.withLock { state in
      log.resign()
      endLeadership(&state)
      state.followed = nil
      publish(.none, epoch: state.leaderEpoch)
    }
    shared.noteNotLed(self)
    wakeAll()
  }

  private func endLeadership(_ state: inout State) {
    endWatch(&state)
    state.leader = nil
    state.leadsSince = .max
    state.leadership += 1
    state.fetchers = [:]
    state.isDoubted = false
  }

  // MARK: As a follower

  var fetchPosition: FetchPosition? {
    let follows = state.withLock { $0.followed != nil }
    guard follows, !log.isClosed else { return nil }
    let last = log.epochAndEnd
    return FetchPosition(
      offset: last.end, lastFetchedEpoch: last.latestEpoch, logStart: log.startOffset)
  }

  /// A follower's high watermark is the leader's, as far as its log goes (rule 13). It does not fall:
  /// what was committed stays so, though a new leader may not know it yet.
  func noteFetched(highWatermark: Offset, leaderEpoch: Int32) {
    let raised: Offset? = state.withLock { state in
      guard state.followed != nil, state.leaderEpoch == leaderEpoch else { return nil }
      let reached = min(highWatermark, log.endOffset)
      guard reached > self.highWatermark else { return nil }
      watermark.store(reached.rawValue, ordering: .releasing)
      return reached
    }
    guard let raised else { return }
    log.noteHighWatermark(raised)
    observers.notify(end: raised)
  }

  func noteTruncated() {
    state.withLock { state in
      guard state.leader == nil else { return }
      _ = watermark.min(log.endOffset.rawValue, ordering: .acquiringAndReleasing)
    }
  }
}
