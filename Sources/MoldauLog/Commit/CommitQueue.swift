import Glibc
import MoldauDisk
import MoldauFormat
import Synchronization

/// Someone who waits for a part of a log to become durable.
struct CommitWaiter: Sendable {
  let log: PartitionLog
  /// All below it must be durable.
  let offset: Offset
  /// Whether the log's own file is to be synced rather than the journal.
  let isDirect: Bool
  /// How long the commit may wait for company.
  var maxDelayNanoseconds: Int64 = 0
  /// The pending bytes that the commit releases.
  var reservedByteCount = 0
  /// Called once with the failure or nil, on the commit thread.
  let resume: @Sendable (LogError?) -> Void

  init(
    log: PartitionLog, offset: Offset, isDirect: Bool, maxDelayNanoseconds: Int64 = 0,
    reservedByteCount: Int = 0,
    resume: @escaping @Sendable (LogError?) -> Void
  ) {
    self.log = log
    self.offset = offset
    self.isDirect = isDirect
    self.maxDelayNanoseconds = maxDelayNanoseconds
    self.reservedByteCount = reservedByteCount
    self.resume = resume
  }
}

/// Makes appends of all partitions of a store durable, together.
///
/// One thread: it takes everyone who waits, makes one barrier, wakes them, and takes those who came
/// meanwhile. So the next batch forms while the device works, and one barrier is in flight.
final class CommitQueue: Sendable {
  private struct Pending: Sendable {
    var waiters: [CommitWaiter] = []
    var barriers: [@Sendable () -> Void] = []
    var isSleeping = false
    var isStopping = false
  }

  let journal: CommitJournal
  /// Back-pressure: the bytes that wait to become durable.
  let pendingBytes: PendingBytes
  /// Whether commits are made on their own; without it `runCommits` must be called.
  private let runsThread: Bool
  private let pending = Mutex(Pending())
  private let signal = WakeSignal()
  private let thread = Mutex<EngineThread?>(nil)
  private let rounds = Atomic<Int>(0)

  init(journal: CommitJournal, maxPendingBytes: Int, runsThread: Bool = true) {
    self.journal = journal
    self.runsThread = runsThread
    pendingBytes = PendingBytes(limit: maxPendingBytes)
  }

  /// Adds a waiter, starting the commit thread for the first.
  func add(_ waiter: CommitWaiter) {
    let stopped = enqueue { $0.waiters.append(waiter) }
    if stopped {
      pendingBytes.release(waiter.reservedByteCount)
      waiter.resume(.closed)
    }
  }

  /// Runs `body` on the commit thread, between two commits; at once when there is none.
  func perform(_ body: @escaping @Sendable () -> Void) {
    guard runsThread else { return body() }
    let stopped = enqueue { $0.barriers.append(body) }
    if stopped { body() }
  }

  private func enqueue(_ change: (inout Pending) -> Void) -> Bool {
    let (wasSleeping, isStopping) = pending.withLock { pending in
      guard !pending.isStopping else { return (false, true) }
      change(&pending)
      defer { pending.isSleeping = false }
      return (pending.isSleeping, false)
    }
    if isStopping { return true }
    if wasSleeping { signal.wake() } else { startThread() }
    return false
  }

  // MARK: Without a thread

  /// Whether someone waits for a commit.
  var isAwaited: Bool { pending.withLock { !$0.waiters.isEmpty } }

  /// Makes one commit for all who wait, on the calling thread; returns whether there was anybody.
  func runOnce() -> Bool {
    precondition(!runsThread, "the commit thread makes the commits")
    let waiters = pending.withLock { pending in
      defer { pending.waiters = [] }
      return pending.waiters
    }
    if !waiters.isEmpty { commit(waiters) }
    return !waiters.isEmpty
  }

  /// Forgets those who wait, without a word to them.
  func forgetWaiters() {
    pending.withLock { $0.waiters = [] }
    journal.forgetLogs()
  }

  /// What a caller does who is about to sleep until a commit: makes it when nobody else does.
  func prepareToSleep() {
    if !runsThread { while runOnce() {} }
  }

  /// As `PendingBytes.waitForRoom`: room comes with a commit.
  func waitForRoom(_ byteCount: Int) throws(LogError) {
    try pendingBytes.waitForRoom(byteCount, prepareToSleep)
  }

  // MARK: The commit thread

  private func startThread() {
    guard runsThread, rounds.load(ordering: .acquiring) == 0 else { return }
    thread.withLock { thread in
      guard thread == nil else { return }
      rounds.store(1, ordering: .releasing)
      thread = EngineThread(name: "moldau-commit") { [self] in run() }
    }
  }

  /// Commits what waits and ends the thread. Later waiters get `closed`.
  func stop() {
    if !runsThread {
      prepareToSleep()
      journal.forgetLogs()
    }
    abandon()
    let running = thread.withLock { thread in
      defer { thread = nil }
      return thread
    }
    running?.join()
  }

  /// Ends the thread when it next looks, without waiting: the store was let go without a close.
  func abandon() {
    let wasSleeping = pending.withLock { pending in
      pending.isStopping = true
      defer { pending.isSleeping = false }
      return pending.isSleeping
    }
    if wasSleeping { signal.wake() }
    pendingBytes.close()
  }

  private func run() {
    var company = 0
    while let (waiters, barriers) = takeAll(expecting: company) {
      for barrier in barriers { barrier() }
      if !waiters.isEmpty { commit(waiters) }
      company = waiters.count
    }
    journal.forgetLogs()
  }

  /// Gives those whom the last commit has woken a moment to come back.
  ///
  /// Without it the first of them would have a barrier alone and the rest would wait for two. Bounded,
  /// and only after a commit of several: docs/decisions/group-commit.md.
  private func awaitCompany(_ expected: Int) {
    guard expected >= Limits.minAwaitedCompany else { return }
    let deadline = ContinuousClock.now + .microseconds(Limits.maxCompanyMicroseconds)
    while ContinuousClock.now < deadline {
      let count = pending.withLock { $0.isStopping ? .max : $0.waiters.count }
      if count >= expected { return }
      sched_yield()
    }
  }

  private func takeAll(expecting company: Int) -> ([CommitWaiter], [@Sendable () -> Void])? {
    while true {
      awaitCompany(company)
      let delay = pending.withLock { pending in
        pending.isStopping ? 0 : pending.waiters.map(\.maxDelayNanoseconds).min() ?? 0
      }
      if delay > 0 { Self.pause(nanoseconds: delay) }
      let (waiters, barriers, isStopping) = pending.withLock { pending in
        defer {
          pending.waiters = []
          pending.barriers = []
        }
        if pending.waiters.isEmpty && pending.barriers.isEmpty && !pending.isStopping {
          pending.isSleeping = true
        }
        return (pending.waiters, pending.barriers, pending.isStopping)
      }
      if !waiters.isEmpty || !barriers.isEmpty { return (waiters, barriers) }
      if isStopping { return nil }
      signal.sleep()
    }
  }

  private static func pause(nanoseconds: Int64) {
    var time = timespec(
      tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
    // SAFETY: the call reads `time` and writes nothing.
    unsafe nanosleep(&time, nil)
  }

  /// HOT: once per barrier. Benchmarks: `commit-64` and its relatives.
  private func commit(_ waiters: [CommitWaiter]) {
    let round = rounds.add(1, ordering: .relaxed).newValue
    var direct: [CommitSnapshot] = []
    var journaled: [CommitSnapshot] = []
    var journaledByteCount = 0
    // A log without an id of its own could not be told from others in the journal.
    for waiter in waiters where waiter.isDirect || waiter.log.topicID == .zero {
      guard waiter.log.commitRound.exchange(round, ordering: .relaxed) != round else { continue }
      direct.append(waiter.log.commitSnapshot())
    }
    for waiter in waiters {
      guard waiter.log.commitRound.exchange(round, ordering: .relaxed) != round else { continue }
      let snapshot = waiter.log.commitSnapshot()
      let byteCount = snapshot.byteCount
      if byteCount > Limits.maxJournaledBytesPerPartition
        || journaledByteCount + byteCount > Limits.maxJournalFrameBytes
      {
        direct.append(snapshot)
      } else {
        journaled.append(snapshot)
        journaledByteCount += byteCount
      }
    }
    // Where one log is alone its own file is as quick, and nothing is written twice.
    if direct.isEmpty, journaled.count == 1, journaledByteCount >= Limits.minBytesSyncedAlone {
      swap(&direct, &journaled)
    }
    let started = ContinuousClock.now
    let failure = barrier(direct: direct, journaled: journaled)
    if failure == nil, let services = waiters.first?.log.services {
      services.metrics.committed(in: started.duration(to: .now))
    }
    pendingBytes.release(waiters.reduce(0) { $0 + $1.reservedByteCount })
    for waiter in waiters { waiter.resume(waiter.log.isDeleted ? .closed : failure) }
  }

  /// Makes the snapshots durable; returns what went wrong.
  private func barrier(direct: [CommitSnapshot], journaled: [CommitSnapshot]) -> LogError? {
    guard let services = (direct.first ?? journaled.first)?.log.services else { return nil }
    do throws(LogError) {
      try services.checkHealth()
      var direct = direct
      if !journaled.isEmpty {
        if try coverNames(of: journaled, services), try commitToJournal(journaled, services) {
          for snapshot in journaled { snapshot.log.markDurable(snapshot) }
        } else {
          direct += journaled
        }
      }
      for snapshot in direct {
        try snapshot.log.syncFiles(before: snapshot.end)
        snapshot.log.markDurable(snapshot)
      }
      return nil
    } catch {
      return error
    }
  }

  /// Makes sure that the logs' folders are found after a crash, for the journal only gives back what
  /// belongs to a log that is there.
  ///
  /// Returns `false` when there were so many new ones that all was synced at once.
  private func coverNames(
    of snapshots: [CommitSnapshot], _ services: StoreServices
  ) throws(LogError) -> Bool {
    let unnamed = snapshots.map(\.log).filter(\.hasUnsyncedNames)
    guard unnamed.count > Limits.maxSyncedOneByOne else {
      for log in unnamed { try log.syncNames() }
      return true
    }
    try services.syncAll(snapshots.map(\.log))
    return false
  }

  /// A full disk is no failure: the segments have room for what was appended, and are synced instead.
  private func commitToJournal(
    _ snapshots: [CommitSnapshot], _ services: StoreServices
  ) throws(LogError) -> Bool {
    do throws(DiskError) {
      return try journal.commit(snapshots, maintenance: services.maintenance)
    } catch {
      if error.isOutOfSpace { return false }
      // What could not be opened was not written either: the topic was deleted meanwhile, or there
      // was no descriptor left, and it can be tried again.
      guard error.call == "open" else { throw services.poison(error) }
      if snapshots.contains(where: \.log.isDeleted) { return false }
      throw LogError(error)
    }
  }
}
