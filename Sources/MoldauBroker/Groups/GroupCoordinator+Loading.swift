import MoldauFormat
import MoldauLog

extension GroupCoordinator {
  /// Whether groups can be looked at, as far as they belong here.
  enum Readiness: Sendable {
    case ready
    case loading
    case failed
  }

  /// Whether what the log holds of the groups was read, nil for all; begins to read if nobody has,
  /// and again what has failed a while ago.
  func readiness(of groupIDs: [String]?) -> Readiness {
    let now = now.steady
    let (readiness, opens) = loading.withLock { loading in
      let opens = loading.opening == .needed || loading.opening == .failed
      if !opens { readAgain(loading.due(groupIDs, now: now), &loading) }
      return (loading.readiness(of: groupIDs), opens)
    }
    guard opens else { return readiness }
    startLoading()
    return .loading
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

  /// Begins to read the internal topic, which is created when it is missing, on the queue. Not in a
  /// cluster, whose controller says which partitions are led here.
  func startLoading() {
    loading.withLock { loading in
      let isNeeded = loading.opening == .needed || loading.opening == .failed
      guard isNeeded, !loading.isStopping else { return }
      loading.opening = .underWay
      queue.add { [self] in open() }
    }
  }

  private func open() {
    do throws(LogError) {
      let offsets = try store.groupOffsets()
      advance { loading in
        loading.opening = .done
        loading.partitionCount = offsets.partitions.count
        for committed in offsets.partitions {
          let partition = makePartition(committed, StoreGroupStorage(offsets: committed))
          loading.places[partition.number] = GroupLoading.Place(partition: partition)
          queue.add { [self] in load(partition) }
        }
      }
      startExpiry()
    } catch {
      logger.error("the groups cannot be loaded: \(error)")
      advance { $0.opening = .failed }
    }
  }

  /// Changes how far things are, and wakes those who have waited for it.
  func advance(_ change: (inout GroupLoading) -> Void) {
    let ready = loading.withLock { loading in
      change(&loading)
      return loading.takeReadyWaiters()
    }
    for body in ready { body() }
  }

  // MARK: A partition

  func makePartition(
    _ offsets: CommittedOffsets, _ storage: any GroupStorage
  ) -> CoordinatedPartition {
    CoordinatedPartition(
      offsets, storage, scheduler,
      patienceMilliseconds: isClustered ? Limits.groupStorageWaitMilliseconds : nil
    ) { [weak self] partition, id in self?.timerFired(id, in: partition) }
  }

  /// Has partitions read that could not be read before; with the lock of `loading`.
  private func readAgain(_ partitions: [CoordinatedPartition], _ loading: inout GroupLoading) {
    for partition in partitions {
      _ = loading.note(.reading, of: partition)
      queue.add { [self] in load(partition) }
    }
  }

  /// Tries again what could not be read a while ago.
  func readFailed(_ loading: inout GroupLoading) {
    readAgain(loading.due(nil, now: now.steady), &loading)
  }

  /// Reads what the log has of a partition's groups, up to its end.
  ///
  /// In a cluster nobody sees it before all of that is committed: what the leader before has
  /// acknowledged may lie above the high watermark that is known here, and so may what will be lost
  /// with this broker. To show less than that would forget commits, to show more would make
  /// generations known that can come again with other members.
  func load(_ partition: CoordinatedPartition) {
    guard loading.withLock({ $0.places[partition.number]?.partition === partition }) else { return }
    var replays: [any GroupReplay] = [
      ClassicGroupReplay(configuration), ConsumerGroupReplay(ConsumerGroupSettings(configuration)),
    ]
    let end: Offset
    do throws(LogError) {
      end = try partition.offsets.endOffset()
      try partition.offsets.load { (record) throws(FormatError) in
        guard let key = record.key else { return }
        for index in replays.indices { try replays[index].take(key: key, value: record.value) }
      }
    } catch {
      return fail(partition, "\(error)")
    }
    guard isClustered else { return restore(replays, in: partition) }
    advance { _ = $0.note(.settling, of: partition) }
    partition.storage.whenCommitted(below: end) { [self, replays] outcome in
      switch outcome {
      case .committed: queue.add { [self] in restore(replays, in: partition) }
      case .delayed: break
      case .failed(let failure): queue.add { [self] in fail(partition, failure.reason) }
      }
    }
  }

  private func fail(_ partition: CoordinatedPartition, _ reason: String) {
    let retryTime = now.steady + Limits.groupLoadRetryMilliseconds
    advance { loading in
      guard loading.note(.failed(retryTime: retryTime), of: partition) else { return }
      logger.error("groups of partition \(partition.number) cannot be loaded: \(reason)")
    }
  }

  /// Puts the groups back that the log has. Nobody else can have them before.
  private func restore(_ replays: [any GroupReplay], in partition: CoordinatedPartition) {
    let now = now
    for var replay in replays {
      for (id, group) in replay.finish(now).sorted(by: { $0.key < $1.key }) {
        var work = GroupWork(partition: partition, groupID: id, whenStored: nil)
        _ = partition.withSlot(id, creates: true) { slot, state in
          state.group = group
          state.incarnation = nextIncarnation()
          finish(slot, &state, GroupEffects(), &work)
        }
      }
    }
    advance { _ = $0.note(.loaded, of: partition) }
    if let topicExists { forget(in: partition) { !topicExists($0) } }
  }
}
