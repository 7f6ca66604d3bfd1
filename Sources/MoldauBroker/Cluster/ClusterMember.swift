import Logging
package import MoldauCluster
import MoldauCoordination
import MoldauLog
import Synchronization

/// A broker's part in its cluster: it registers, follows the cluster's image, gives the partitions in
/// its directory their roles, and brings to the controller what only that decides.
///
/// All of it runs on one queue, which never waits; what waits for the disk has a queue of its own
/// (`TopicHosting`). Thread-safe.
package final class ClusterMember: Sendable {
  /// How far the broker has come.
  enum Phase: Sendable {
    case idle
    /// It has no registration: it opens a session, or registers.
    case joining
    case joined
    /// Others are to lead what it has led.
    case leaving
    case left
  }

  /// Changed on the queue only, so that what is read there stays true until it is left.
  struct State: Sendable {
    var phase = Phase.idle
    var endpoints: [BrokerRegistration.Endpoint] = []
    var replication = BrokerRegistration.Endpoint(name: "", host: "", port: 0)
    /// Waits for the first registration.
    var onStart: (@Sendable (BrokerError?) -> Void)?
    /// Wait for the end.
    var onStop: [@Sendable () -> Void] = []
    /// Wait for the next image, by number.
    var onImage: [Int: @Sendable () -> Void] = [:]
    var lastImageWait = 0

    var session: (any CoordinationSession)?
    /// Counts sessions, so that what is late of one is told from the next.
    var sessionNumber = 0
    var sessionID: Int64 = 0
    var isRegistering = false
    var history: DirectoryHistory
    var registration: BrokerRegistration?
    /// How many replicas the registrations could not say were whole.
    var lostCount = 0
    var controller: ClusterController?
    /// Whom the cluster has elected.
    var elected: ControllerIdentity?
    /// Failures one after another, of whatever kind.
    var failureCount = 0

    var pull = ImagePull()
    /// For changes of in-sync replicas and for leaving.
    var requests: PeerLink?
    /// For what clients ask of the controller.
    var forwards: PeerLink?
    var isrChanges = IsrChanges()
    var contact = Contact()
    /// While the coordination service cannot be reached.
    var doubts: Scheduler.Timer?
    /// How often a controller that could leave has looked whether others need it.
    var farewellLooks = 0
    var hasRoles = false
    var isReady = false
  }

  package let nodeID: Int32
  let environment: ClusterEnvironment
  let replicas: Replicas
  let fetchers: ReplicaFetchers
  let hosting: TopicHosting
  let topics: TopicDirectory
  let groups: GroupCoordinator
  let store: LogStore
  let execution: BrokerExecution
  let logger: Logger
  let queue: SerialQueue
  private let fetchQueue: SerialQueue
  private let diskQueue: SerialQueue
  let state: Mutex<State>
  private let timer = Mutex<Scheduler.Timer?>(nil)
  /// How often the timers and the queue have come round since `countRounds`.
  let rounds = Atomic<Int>(0)

  var settings: ClusterSettings { environment.settings }
  var scheduler: Scheduler { execution.scheduler }

  init(
    _ environment: ClusterEnvironment, replicas: Replicas, hosting: TopicHosting,
    topics: TopicDirectory, groups: GroupCoordinator, store: LogStore, history: DirectoryHistory,
    execution: BrokerExecution, logger: Logger
  ) {
    nodeID = replicas.nodeID
    self.environment = environment
    self.replicas = replicas
    self.hosting = hosting
    self.topics = topics
    self.groups = groups
    self.store = store
    self.execution = execution
    self.logger = logger
    queue = execution.queue("moldau-member")
    fetchQueue = execution.queue("moldau-fetch")
    diskQueue = execution.queue("moldau-cut")
    fetchers = ReplicaFetchers(
      nodeID: replicas.nodeID, network: environment.network, scheduler: execution.scheduler,
      queue: fetchQueue, diskQueue: diskQueue,
      environment.settings.fetching, rules: environment.settings.replicas.rules, logger: logger)
    state = Mutex(State(history: history))
  }

  // MARK: What is known

  /// Which of the broker's registrations holds; nil when none does.
  package var brokerEpoch: Int64? { state.withLock { $0.registration?.brokerEpoch } }

  /// The cluster's name; nil before the broker has registered for the first time.
  package var clusterID: String? { state.withLock { $0.history.clusterID } }

  /// What the broker knows of the cluster; an empty image before it has heard of it.
  package var image: ClusterImage { replicas.image }

  /// Whether an image was applied in which this broker is registered as it is now, and the disk has
  /// what it hosts.
  package var isReady: Bool { state.withLock { $0.isReady } }

  /// This session's controller; it may not be elected (`isActive`). nil without a session.
  package var controller: ClusterController? { state.withLock { $0.controller } }

  /// The number of the session with the coordination service, which tests let expire; nil without one.
  package var sessionID: Int64? {
    state.withLock { $0.registration == nil ? nil : $0.sessionID }
  }

  /// How many replicas that the cluster counted on were not all there when the broker registered.
  var lostCount: Int { state.withLock { $0.lostCount } }

  /// Calls `body` once when the next image was applied, from the member's queue; be quick.
  ///
  /// - Returns: the number by which `stopWaiting` forgets it.
  @discardableResult
  package func whenNextImage(_ body: @escaping @Sendable () -> Void) -> Int {
    state.withLock { state in
      state.lastImageWait += 1
      state.onImage[state.lastImageWait] = body
      return state.lastImageWait
    }
  }

  /// Forgets who waits for the next image: there may be none for days.
  func stopWaiting(_ wait: Int) {
    state.withLock { $0.onImage[wait] = nil }
  }

  /// How many wait for the next image.
  var imageWaitCount: Int { state.withLock { $0.onImage.count } }

  // MARK: Life

  /// Registers the broker, which listens already, and begins to follow the cluster.
  ///
  /// - Parameters:
  ///   - endpoints: where clients find it, by listener.
  ///   - replication: where the other brokers find it.
  ///   - completion: called once: nil when it has registered, or why it never will.
  package func start(
    endpoints: [BrokerRegistration.Endpoint], replication: BrokerRegistration.Endpoint,
    _ completion: @escaping @Sendable (BrokerError?) -> Void
  ) {
    queue.add { [self] in
      state.withLock { state in
        precondition(state.phase == .idle, "a member starts once")
        state.phase = .joining
        state.endpoints = endpoints
        state.replication = replication
        state.onStart = completion
      }
      hosting.start { [weak self, queue] name in
        queue.add { [weak self] in self?.hosted(name) }
      }
      replicas.start(self)
      store.whenPoisoned { [weak self, queue] error in
        queue.add { [weak self] in self?.leavePoisoned(error) }
      }
      openSession()
      let patience = scheduler.timer { [weak self, queue] in
        queue.add { [weak self] in self?.startTakesTooLong() }
      }
      scheduler.set(patience, at: scheduler.clock.nowMilliseconds() + settings.startMilliseconds)
    }
  }

  /// Leaves the cluster in order: others lead what this broker has led before it goes.
  ///
  /// - Parameter completion: called once, at the latest when the settings' time is up; the partitions
  ///   have no role then.
  package func stop(_ completion: @escaping @Sendable () -> Void) {
    if state.withLock({ $0.phase }) == .left { return completion() }
    queue.add { [self] in leave(completion) }
  }

  /// Leaves without a word, as a process that is killed does: for tests. The session is not closed.
  package func abandon(_ completion: @escaping @Sendable () -> Void) {
    if state.withLock({ $0.phase }) == .left { return completion() }
    queue.add { [self] in
      state.withLock { $0.session = nil }
      end()
      completion()
    }
  }

  /// As `stop`, until it is done; then ends the queues. Without threads nothing is waited for: `stop` was
  /// done before, or the broker goes without a word.
  func stopAndWait() {
    if !execution.runsThreads {
      queue.add { [self] in end() }
      queue.runAll()
    } else if state.withLock({ $0.phase }) != .left {
      let signal = WakeSignal()
      stop { signal.wake() }
      signal.sleep()
    }
    queue.stop()
    hosting.stop()
    fetchQueue.stop()
    diskQueue.stop()
  }

  // MARK: Trying again

  /// Does something again after a pause, which grows with each failure; on the queue. What was to be
  /// done again before gives way to it.
  func later(atLeast least: Int64 = 0, _ body: @escaping @Sendable () -> Void) {
    let failures = state.withLock { state in
      defer { state.failureCount += 1 }
      return state.failureCount
    }
    let pause = min(
      settings.maxBackoffMilliseconds, settings.minBackoffMilliseconds << min(failures, 10))
    let next = scheduler.timer { [queue] in queue.add(body) }
    let before = timer.withLock { timer in
      defer { timer = next }
      return timer
    }
    if let before { scheduler.cancel(before) }
    scheduler.set(next, at: scheduler.clock.nowMilliseconds() + max(least, pause))
  }
}
