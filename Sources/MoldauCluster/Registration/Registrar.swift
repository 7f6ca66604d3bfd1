package import Logging
package import MoldauCoordination
import MoldauFormat
package import MoldauLog

/// Registers a broker with the cluster: proves what its directory still has of what it has
/// acknowledged before, and takes the next broker epoch.
///
/// The steps are those of docs/decisions/cluster-member.md. Each takes place on `queue`; nothing waits.
package final class Registrar: Sendable {
  /// What is registered.
  package struct Broker: Sendable {
    package var nodeID: Int32
    package var endpoints: [BrokerRegistration.Endpoint]
    package var replication: BrokerRegistration.Endpoint
    package var history: DirectoryHistory
    /// What the cluster is called when it has no name yet.
    package var newClusterID: String

    package init(
      nodeID: Int32, endpoints: [BrokerRegistration.Endpoint],
      replication: BrokerRegistration.Endpoint, history: DirectoryHistory, newClusterID: String
    ) {
      self.nodeID = nodeID
      self.endpoints = endpoints
      self.replication = replication
      self.history = history
      self.newClusterID = newClusterID
    }
  }

  /// A broker that is registered.
  package struct Outcome: Sendable {
    package var clusterID: String
    package var registration: BrokerRegistration
    /// What the directory's member file says from now on; nil when it is as before.
    package var file: MemberFile?
    /// How many replicas the cluster counted on that are not all there; nil when an earlier try has
    /// counted.
    package var lostCount: Int?
  }

  package typealias Completion = @Sendable (Result<Outcome, RegistrationFailure>) -> Void

  let session: any CoordinationSession
  let sessionID: Int64
  let broker: Broker
  let replicas: any LocalReplicas
  let incarnation: String
  let clock: any WallClock
  let logger: Logger
  private let queue: SerialQueue
  private let completion: Completion

  /// - Parameters:
  ///   - session: a session that is connected, and its number.
  ///   - incarnation: tells this try from all others.
  ///   - completion: called once, on `queue`. After a failure that is not final, try again with
  ///     another registrar.
  package init(
    session: any CoordinationSession, sessionID: Int64, _ broker: Broker,
    replicas: any LocalReplicas, incarnation: String, queue: SerialQueue, clock: any WallClock,
    logger: Logger, _ completion: @escaping Completion
  ) {
    self.session = session
    self.sessionID = sessionID
    self.broker = broker
    self.replicas = replicas
    self.incarnation = incarnation
    self.queue = queue
    self.clock = clock
    self.logger = logger
    self.completion = completion
  }

  package func start() {
    readClusterID()
  }

  // MARK: The cluster

  private func readClusterID() {
    let path = ClusterPath.clusterID
    ask([.sync(path: path), .data(path: path, watches: false)]) { [self] results in
      if results[1].refusal == .noNode { return prepare() }
      guard case .success(.data(let data, _)) = results[1] else { return fail(results[1]) }
      do throws(NodeError) {
        check(clusterID: try ClusterIDNode(parsing: data, at: path).id)
      } catch {
        finish(.failure(.node(error)))
      }
    }
  }

  /// The first broker of a cluster gives it its name.
  private func prepare() {
    if let known = broker.history.clusterID { return finish(.failure(.unknownCluster(known))) }
    ClusterTree.prepare(session, clusterID: broker.newClusterID) { [self] result in
      queue.add { [self] in
        switch result {
        case .success(let id): check(clusterID: id)
        case .failure(.service(let error)): finish(.failure(.service(error)))
        case .failure(.node(let error)): finish(.failure(.node(error)))
        }
      }
    }
  }

  private func check(clusterID: String) {
    if let known = broker.history.clusterID, known != clusterID {
      return finish(.failure(.otherCluster(directory: known, service: clusterID)))
    }
    readLast(Attempt(clusterID: clusterID))
  }

  // MARK: What was before

  /// What a try has found out by now.
  struct Attempt: Sendable {
    var clusterID: String
    /// The broker's last registration, and the version of its node.
    var last: (node: BrokerEpochNode, version: Int32)?
    /// The version of an earlier run's node that is still there.
    var stale: Int32?
    /// Replicas that the cluster counts on and that are not all there.
    var lost: [TopicPartition] = []
    /// Those of `lost` of which there is no other replica.
    var sole: Set<TopicPartition> = []
    var survival = Survival.nothing
    /// The epochs in which the cluster last knew this broker's replicas to have everything.
    var counted: [TopicPartition: Int64] = [:]

    init(clusterID: String) {
      self.clusterID = clusterID
    }
  }

  private func readLast(_ attempt: Attempt) {
    let epochPath = ClusterPath.brokerEpoch(broker.nodeID)
    let brokerPath = ClusterPath.broker(broker.nodeID)
    ask([.data(path: epochPath, watches: false), .data(path: brokerPath, watches: false)]) {
      [self] results in
      var attempt = attempt
      do throws(NodeError) {
        switch results[0] {
        case .success(.data(let data, let stat)):
          attempt.last = (try BrokerEpochNode(parsing: data, at: epochPath), stat.version)
        default:
          guard results[0].refusal == .noNode else { return fail(results[0]) }
        }
        switch results[1] {
        case .success(.data(let data, let stat)):
          let known = try BrokerNode.registration(of: broker.nodeID, parsing: data)
          guard known.directoryID == broker.history.directoryID else {
            return finish(.failure(refusal(of: known)))
          }
          if stat.ephemeralOwner == sessionID, known.brokerEpoch == attempt.last?.node.brokerEpoch {
            // An earlier try of this session, whose answer was lost.
            return finish(
              .success(
                Outcome(
                  clusterID: attempt.clusterID, registration: known, file: nil, lostCount: nil)))
          }
          attempt.stale = stat.version
        default:
          guard results[1].refusal == .noNode else { return fail(results[1]) }
        }
      } catch {
        return finish(.failure(.node(error)))
      }
      prove(attempt)
    }
  }

  private func refusal(of other: BrokerRegistration) -> RegistrationFailure {
    .otherDirectory(
      nodeID: broker.nodeID, theirs: other.directoryID, ours: broker.history.directoryID,
      endpoint: (other.endpoints.first ?? other.replication).text)
  }

  private func prove(_ attempt: Attempt) {
    var judged = attempt
    judged.survival = broker.history.survival(since: attempt.last?.node)
    guard let (node, version) = attempt.last else { return write(judged) }
    // A leader may be about to take this broker in as it was before; from here on that fails, so that
    // what is read next holds.
    perform(
      .write([.set(path: ClusterPath.brokerEpoch(broker.nodeID), data: node.data, version: version)]
      )
    ) { [self, judged] result in
      guard case .success(.written(let results)) = result, case .set(let stat)? = results.first
      else { return fail(result) }
      var attempt = judged
      attempt.last = (node, stat.version)
      readReplicas(attempt)
    }
  }

  // MARK: Registering

  /// Notes in the directory that the next registration is its own, and makes it.
  func write(_ attempt: Attempt) {
    let isOurs = attempt.survival != .nothing
    let file = MemberFile(
      incarnation: incarnation, previous: isOurs ? attempt.last?.node.incarnation : nil,
      lost: isOurs ? broker.history.lost : [], isDamaged: isOurs && broker.history.isDamaged)
    replicas.note(file, clusterID: attempt.clusterID) { [self] failure in
      queue.add { [self] in
        if let failure { return finish(.failure(.directory(failure))) }
        register(attempt, file)
      }
    }
  }

  private func register(_ attempt: Attempt, _ file: MemberFile) {
    let epoch = attempt.last.map { Int64($0.version) + 1 } ?? 0
    let chain = SurvivalChain(
      brokerEpoch: epoch, previous: attempt.last?.node, survival: attempt.survival,
      lost: attempt.lost
    ) { partition, brokerEpoch in attempt.counted[partition].map { $0 < brokerEpoch } ?? false }
    let registration = BrokerRegistration(
      nodeID: broker.nodeID, brokerEpoch: epoch, directoryID: broker.history.directoryID,
      endpoints: broker.endpoints, replication: broker.replication,
      survivedSince: chain.survivedSince, lost: chain.lost, directorySince: chain.directorySince)
    let node = BrokerEpochNode(
      directoryID: broker.history.directoryID, bootID: broker.history.bootID,
      incarnation: incarnation, brokerEpoch: epoch, survivedSince: chain.survivedSince,
      directorySince: chain.directorySince, lost: chain.lost)
    let brokerPath = ClusterPath.broker(broker.nodeID)
    let epochPath = ClusterPath.brokerEpoch(broker.nodeID)
    var operations: [CoordinationOperation] = []
    if let stale = attempt.stale { operations.append(.delete(path: brokerPath, version: stale)) }
    if let last = attempt.last {
      operations.append(.set(path: epochPath, data: node.data, version: last.version))
    } else {
      operations.append(.create(path: epochPath, data: node.data, kind: .persistent))
    }
    let data = BrokerNode(registration, timestampMilliseconds: clock.nowMilliseconds()).data
    operations.append(.create(path: brokerPath, data: data, kind: .ephemeral))
    perform(.write(operations)) { [self] result in
      guard case .success = result else { return fail(result) }
      tell(registration, attempt)
      finish(
        .success(
          Outcome(
            clusterID: attempt.clusterID, registration: registration, file: file,
            lostCount: attempt.lost.count)))
    }
  }

  private func tell(_ registration: BrokerRegistration, _ attempt: Attempt) {
    let id = broker.nodeID
    logger.info("registered as broker \(id) in epoch \(registration.brokerEpoch)")
    if attempt.last != nil, !attempt.survival.isProof {
      let reason =
        attempt.survival == .damaged
        ? "its directory is damaged" : "its directory is another one, or an older copy"
      logger.warning("nothing can be said of what broker \(id) had acknowledged: \(reason)")
    }
    for lost in attempt.lost {
      let consequence =
        if !attempt.sole.contains(lost) {
          "they are copied from the other replicas"
        } else if attempt.survival == .nothing {
          "there is no other replica: it has no leader until the directory that had it is back, or"
            + " `moldau cluster elect --unclean` makes do with this one"
        } else {
          "there is no other replica: what is left is served"
        }
      logger.log(
        level: attempt.sole.contains(lost) ? .error : .warning,
        "\(lost): records that were acknowledged may be missing here; \(consequence)")
    }
  }

  // MARK: Asking

  func perform(
    _ request: CoordinationRequest,
    _ next: @escaping @Sendable (Result<CoordinationAnswer, CoordinationError>) -> Void
  ) {
    session.perform(request) { [queue] result in queue.add { next(result) } }
  }

  func ask(
    _ requests: [CoordinationRequest],
    _ next: @escaping @Sendable ([Result<CoordinationAnswer, CoordinationError>]) -> Void
  ) {
    session.performAll(requests) { [queue] results in queue.add { next(results) } }
  }

  func fail(_ result: Result<CoordinationAnswer, CoordinationError>) {
    guard case .failure(let error) = result else {
      preconditionFailure("a request is answered with what it asks for")
    }
    finish(.failure(.service(error)))
  }

  private func finish(_ result: Result<Outcome, RegistrationFailure>) {
    completion(result)
  }
}

extension Result where Failure == CoordinationError {
  /// Why the service refused; nil when it did not.
  var refusal: CoordinationRefusal? {
    if case .failure(let error) = self { error.refusal } else { nil }
  }
}
