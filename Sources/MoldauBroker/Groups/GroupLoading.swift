import MoldauFormat
import MoldauLog
import Synchronization

/// How far the coordinator has read the internal topic.
struct GroupLoading: Sendable {
  enum Progress: Hashable, Sendable {
    case waiting
    case loaded
    case failed
  }

  /// Whether the topic is read or was; no longer when a part of it has failed.
  var isStarted = false
  var isStopping = false
  /// Whether the topic could not be opened or created: a request may have it tried again.
  var hasFailed = false
  /// Nil until the topic is there.
  var offsets: GroupOffsets?
  /// By partition of the topic.
  var partitions: [Progress] = []
  /// From when on partitions that have failed are read again; milliseconds of the steady clock.
  var retryTime: Int64 = 0
  var waiters: [Int: (groupIDs: [String]?, body: @Sendable () -> Void)] = [:]
  var lastWaiter = 0

  /// Whether a request for groups that have come this far begins to read.
  func startsReading(for progress: Progress, now: Int64) -> Bool {
    guard !isStarted else { return false }
    return offsets == nil || (progress == .failed && now >= retryTime)
  }

  func progress(of groupIDs: [String]?) -> Progress {
    guard let offsets else { return hasFailed ? .failed : .waiting }
    guard let groupIDs else { return partitions.contains(.waiting) ? .waiting : .loaded }
    var result = Progress.loaded
    for id in groupIDs {
      switch partitions[offsets.partition(of: id)] {
      case .waiting: return .waiting
      case .failed: result = .failed
      case .loaded: break
      }
    }
    return result
  }

  /// Notes what has become of a partition. After the last of them those that have failed are due
  /// again in a while.
  mutating func note(_ progress: Progress, ofPartition number: Int, now: Int64) {
    partitions[number] = progress
    guard !partitions.contains(.waiting), partitions.contains(.failed) else { return }
    retryTime = now + Limits.groupLoadRetryMilliseconds
    isStarted = false
  }

  /// Takes out those who wait for nothing any more.
  mutating func takeReadyWaiters() -> [@Sendable () -> Void] {
    let done = waiters.filter { progress(of: $0.value.groupIDs) != .waiting }
    for id in done.keys { waiters[id] = nil }
    return done.values.map(\.body)
  }
}

/// Takes in the records of groups while a partition of the internal topic is read.
protocol GroupReplay {
  /// Looks at a record that is no offset; it may be of another kind of group. A nil value is a
  /// tombstone.
  mutating func take(key: RawSpan, value: RawSpan?) throws(FormatError)

  /// The groups that are left at the end, with their timers as of `now`.
  mutating func finish(_ now: GroupTime) -> [String: any CoordinatedGroup]
}

extension GroupCoordinator {
  /// Whether the groups can be looked at.
  enum Readiness: Sendable {
    case ready
    case loading
    case failed
  }

  /// What reads the records of groups, anew for each partition.
  private func makeReplays() -> [any GroupReplay] {
    [
      ClassicGroupReplay(configuration), ConsumerGroupReplay(ConsumerGroupSettings(configuration)),
    ]
  }

  /// The committed offsets, once the topic is open.
  var offsets: GroupOffsets? { loading.withLock { $0.offsets } }

  /// Whether what the log holds of the groups was read, nil for all; begins to read if nobody has,
  /// and again what has failed a while ago.
  func readiness(of groupIDs: [String]?) -> Readiness {
    let (progress, starts) = loading.withLock { loading in
      let progress = loading.progress(of: groupIDs)
      return (progress, loading.startsReading(for: progress, now: now.steady))
    }
    if starts {
      startLoading()
      return .loading
    }
    switch progress {
    case .waiting: return .loading
    case .loaded: return .ready
    case .failed: return .failed
    }
  }

  /// Calls `body` once when the readiness of the groups is no longer `loading`; from any thread.
  /// Returns the number by which `stopWaiting` forgets it.
  @discardableResult
  func whenLoaded(_ groupIDs: [String]?, _ body: @escaping @Sendable () -> Void) -> Int {
    let (id, ready) = loading.withLock { loading in
      loading.lastWaiter += 1
      loading.waiters[loading.lastWaiter] = (groupIDs, body)
      return (loading.lastWaiter, loading.takeReadyWaiters())
    }
    for body in ready { body() }
    return id
  }

  /// Forgets who waits for groups to be loaded.
  func stopWaiting(_ id: Int) {
    loading.withLock { $0.waiters[id] = nil }
  }

  /// Begins to read the internal topic, which is created when it is missing, on the queue.
  func startLoading() {
    loading.withLock { loading in
      guard !loading.isStarted, !loading.isStopping else { return }
      loading.isStarted = true
      loading.hasFailed = false
      loading.partitions = loading.partitions.map { $0 == .failed ? .waiting : $0 }
      queue.add { [self] in load() }
    }
  }

  private func load() {
    let opened = Result { () throws(LogError) in try store.groupOffsets() }
    guard case .success(let offsets) = opened else {
      if case .failure(let error) = opened { logger.error("the groups cannot be loaded: \(error)") }
      return advance { loading in
        loading.hasFailed = true
        loading.isStarted = false
      }
    }
    advance { loading in
      guard loading.offsets == nil else { return }
      loading.partitions = Array(repeating: .waiting, count: offsets.partitionCount)
      loading.offsets = offsets
    }
    for number in 0..<offsets.partitionCount {
      let isDue = loading.withLock { !$0.isStopping && $0.partitions[number] == .waiting }
      guard isDue else { continue }
      var progress = GroupLoading.Progress.loaded
      do throws(LogError) { try load(number, offsets) } catch {
        logger.error("groups of partition \(number) cannot be loaded: \(error)")
        progress = .failed
      }
      let now = now.steady
      advance { $0.note(progress, ofPartition: number, now: now) }
    }
    scheduleExpiry()
  }

  private func advance(_ change: (inout GroupLoading) -> Void) {
    let ready = loading.withLock { loading in
      change(&loading)
      return loading.takeReadyWaiters()
    }
    for body in ready { body() }
  }

  private func load(_ number: Int, _ offsets: GroupOffsets) throws(LogError) {
    var replays = makeReplays()
    try offsets.load(partition: number) { (record) throws(FormatError) in
      guard let key = record.key else { return }
      for index in replays.indices { try replays[index].take(key: key, value: record.value) }
    }
    let now = now
    for index in replays.indices {
      for (id, group) in replays[index].finish(now) { restore(id, group) }
    }
  }

  /// Puts a group back that the log has. Nobody else can have it before its partition is loaded.
  private func restore(_ id: String, _ group: any CoordinatedGroup) {
    var work = GroupWork(groupID: id, whenStored: nil)
    _ = withSlot(id, creates: true) { slot, state in
      state.group = group
      state.incarnation = nextIncarnation()
      finish(slot, &state, GroupEffects(), &work)
    }
  }
}
