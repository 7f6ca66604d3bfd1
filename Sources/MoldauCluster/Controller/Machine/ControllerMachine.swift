internal import Logging
internal import MoldauCoordination
internal import MoldauFormat

/// The controller without threads, clocks and sockets: events go in, actions come out.
///
/// ```
///   idle ── start ──▶ preparing ──▶ looking ◀──────────────┐
///                                    │   │                 │ /controller is gone
///                       nobody is it │   │ another is it   │
///                                    ▼   ▼                 │
///                              claiming   waiting ─────────┘
///                                    │
///                                    ▼
///                                 office: loading, then active ──▶ looking, when it is fenced
/// ```
/// From everywhere `ended`, when the session is over.
///
/// INVARIANT: writes go only through `office`, each with a check of `/controller_epoch` at the
/// version that the claim has made.
struct ControllerMachine: Sendable {
  enum Phase: Hashable, Sendable {
    case idle
    case preparing
    case looking
    case claiming
    case waiting
    case office
    case ended
  }

  let nodeID: Int32
  let settings: ControllerSettings
  let rules: ReplicationRules
  var generator: any RandomNumberGenerator & Sendable
  /// Tells this controller's claims from those of other sessions.
  let instance: String
  /// What the cluster is called when it has no name yet.
  let proposedClusterID: String

  var phase = Phase.idle
  /// Counts the phases: answers to what was asked in another one are not for this one.
  var term = 0
  var isConnected = true
  var clusterID = ""
  var sessionID: Int64?
  /// What is asked again when the service can be reached, or after a while.
  var retries: [(questions: [CoordinationRequest], of: ControllerQuestion)] = []
  /// Who was told to be the controller last.
  var told: ControllerIdentity?
  var office: Office?
  var waiters = ImageWaiters()
  /// Who is told who the controller is.
  var report: Report = { _ in }
  /// The wall clock's time of the event that is handled.
  var nowMilliseconds: Int64 = 0
  private var actions: [ControllerAction] = []

  typealias Report = @Sendable (ControllerIdentity?) -> Void

  init(
    nodeID: Int32, settings: ControllerSettings, rules: ReplicationRules,
    generator: any RandomNumberGenerator & Sendable
  ) {
    self.nodeID = nodeID
    self.settings = settings
    self.rules = rules
    self.generator = generator
    proposedClusterID = TopicID.random(using: &self.generator).base64
    instance = TopicID.random(using: &self.generator).base64
  }

  mutating func takeActions() -> [ControllerAction] {
    defer { actions = [] }
    return actions
  }

  mutating func act(_ action: ControllerAction) { actions.append(action) }

  mutating func ask(_ requests: [CoordinationRequest], _ question: ControllerQuestion) {
    act(.ask(requests, question, term: term))
  }

  mutating func log(_ level: Logger.Level, _ message: String) { act(.log(level, message)) }

  /// Asks again, when the service can be reached or after a while.
  mutating func retry(_ requests: [CoordinationRequest], _ question: ControllerQuestion) {
    retries.append((requests, question))
    act(.wake(.retry, afterMilliseconds: settings.retryMilliseconds))
  }

  mutating func enter(_ next: Phase) {
    phase = next
    term += 1
    retries = []
  }

  /// Tells who the controller is, when that is new.
  mutating func tell(_ identity: ControllerIdentity?) {
    guard told != identity else { return }
    told = identity
    let report = self.report
    act(.call { report(identity) })
  }

  // MARK: Events

  mutating func start() {
    guard phase == .idle else { return }
    enter(.preparing)
    ask(ClusterTree.preparation(clusterID: proposedClusterID), .base)
  }

  mutating func end() {
    guard phase != .ended else { return }
    leaveOffice()
    enter(.ended)
    tell(nil)
  }

  mutating func received(_ event: SessionEvent) {
    guard phase != .ended else { return }
    switch event {
    case .connected(let sessionID, _):
      self.sessionID = sessionID
      isConnected = true
      tryAgain()
      if phase == .waiting { look() }
      if office != nil {
        ask([.data(path: ClusterPath.controller, watches: true)], .incumbent)
        refreshBrokers()
      }
    case .disconnected:
      isConnected = false
      act(.wake(.patience, afterMilliseconds: settings.patienceMilliseconds))
    case .expired:
      log(.warning, "the session with the coordination service has expired")
      end()
    case .changed(let path, _):
      changed(path)
    }
  }

  private mutating func changed(_ path: String) {
    if path == ClusterPath.controller {
      if phase == .waiting { look() }
      if office != nil { ask([.data(path: path, watches: true)], .incumbent) }
    } else if path.hasPrefix(ClusterPath.brokerIDs), office != nil {
      refreshBrokers()
    }
  }

  mutating func woken(_ alarm: ControllerAlarm) {
    switch alarm {
    case .retry: tryAgain()
    case .patience: if !isConnected { losePatience() }
    case .rebalance: rebalanceIsDue()
    }
  }

  private mutating func tryAgain() {
    let again = retries
    retries = []
    for (requests, question) in again { ask(requests, question) }
    if office != nil { advance() }
  }

  mutating func answered(
    _ question: ControllerQuestion, term: Int,
    _ results: [Result<CoordinationAnswer, CoordinationError>]
  ) {
    guard phase != .ended, term == self.term else { return }
    let isOver = results.contains {
      $0 == .failure(.sessionExpired) || $0 == .failure(.closed)
    }
    if isOver { return end() }
    switch question {
    case .base: preparedBase(results)
    case .controller: sawController(results[0])
    case .epoch(let node): sawEpoch(results[0], confirming: node)
    case .claim(let epoch, let version): claimed(epoch, version: version, results[0])
    case .incumbent: sawIncumbent(results[0])
    case .stepDown: look()
    case .names: loadedNames(results)
    case .nodes: loadedNodes(results)
    case .states: loadedStates(results)
    case .bare: loadedBare(results)
    case .brokerNames: sawBrokerNames(results[0])
    case .brokers(let ids): sawBrokers(ids, results)
    case .write(let chunk): written(chunk, results[0])
    case .evidence(let chunk): sawEvidence(chunk, results)
    }
  }
}
