package import Logging
package import MoldauCoordination
package import MoldauFormat
package import MoldauLog
internal import Synchronization

/// The cluster's controller, as far as this broker is it.
///
/// One for each session with the coordination service. Every broker has one; that which is elected
/// (`isActive`) decides who leads what, and publishes the image of the cluster that the brokers
/// pull. All of it runs on `queue`, also the completions; nothing waits. Thread-safe.
package final class ClusterController: Sendable {
  private let session: any CoordinationSession
  private let queue: SerialQueue
  private let scheduler: Scheduler
  private let wallClock: any WallClock
  private let logger: Logger
  private let machine: Mutex<ControllerMachine>
  private let timers = Mutex<[ControllerAlarm: Scheduler.Timer]>([:])
  private let isInOffice = Atomic(false)
  private let waitCount = Atomic(0)

  /// - Parameters:
  ///   - session: whose events go to `handle`.
  ///   - generator: for the placement of replicas and the ids of topics.
  ///   - onController: who the controller is now, when that changes; on `queue`.
  package init(
    nodeID: Int32, session: any CoordinationSession, queue: SerialQueue, scheduler: Scheduler,
    wallClock: any WallClock, settings: ControllerSettings, rules: ReplicationRules = .all,
    generator: any RandomNumberGenerator & Sendable, logger: Logger,
    onController: @escaping @Sendable (ControllerIdentity?) -> Void
  ) {
    self.session = session
    self.queue = queue
    self.scheduler = scheduler
    self.wallClock = wallClock
    self.logger = logger
    var machine = ControllerMachine(
      nodeID: nodeID, settings: settings, rules: rules, generator: generator)
    machine.report = onController
    self.machine = Mutex(machine)
  }

  /// Stands for election. The session may still be connecting.
  package func start() { run { $0.start() } }

  /// Takes note of what happens to the session and to the nodes that are watched.
  package func handle(_ event: SessionEvent) { run { $0.received(event) } }

  /// Ends it: whoever waits for something gets an answer. For a session that was closed or has
  /// expired.
  package func end() {
    run { $0.end() }
    queue.add { [self] in
      let timers = timers.withLock { timers in
        defer { timers = [:] }
        return timers
      }
      for timer in timers.values { scheduler.cancel(timer) }
    }
  }

  /// Whether this broker is the controller and has taken up its office.
  package var isActive: Bool { isInOffice.load(ordering: .acquiring) }

  /// Hands an event to the machine, on the queue, and does what it says.
  private func run(_ event: @escaping @Sendable (inout ControllerMachine) -> Void) {
    queue.add { [self] in
      let now = wallClock.nowMilliseconds()
      let actions = machine.withLock { machine in
        machine.nowMilliseconds = now
        event(&machine)
        isInOffice.store(machine.office?.isActive ?? false, ordering: .releasing)
        return machine.takeActions()
      }
      for action in actions { perform(action) }
    }
  }

  private func perform(_ action: ControllerAction) {
    switch action {
    case .ask(let requests, let question, let term):
      session.performAll(requests) { [self] results in
        run { $0.answered(question, term: term, results) }
      }
    case .call(let call): call()
    case .wake(let alarm, let afterMilliseconds):
      scheduler.set(timer(of: alarm), at: scheduler.clock.nowMilliseconds() + afterMilliseconds)
    case .log(let level, let message): logger.log(level: level, "\(message)")
    }
  }

  private func timer(of alarm: ControllerAlarm) -> Scheduler.Timer {
    timers.withLock { timers in
      if let timer = timers[alarm] { return timer }
      // The timer outlives the controller by its last turn at most.
      let timer = scheduler.timer { [weak self] in self?.run { $0.woken(alarm) } }
      timers[alarm] = timer
      return timer
    }
  }
}

extension ClusterController {
  /// Waits until there is something newer than the image that the broker has.
  ///
  /// - Returns: a number for `cancelImageWait`.
  package func image(
    after position: ImagePosition?, nodeID: Int32, brokerEpoch: Int64,
    _ completion: @escaping @Sendable (ImageUpdate) -> Void
  ) -> Int {
    let number = waitCount.add(1, ordering: .relaxed).newValue
    let waiter = ImageWaiters.Waiter(position: position, completion: completion)
    run { $0.awaitImage(number, waiter) }
    return number
  }

  /// Gives up a wait; its completion is not called any more, unless it is on its way.
  package func cancelImageWait(_ wait: Int) { run { $0.cancelImageWait(wait) } }

  /// Changes in-sync replicas for the leader `nodeID`; one result for each change, in their order.
  package func alterPartitions(
    _ changes: [IsrChange], from nodeID: Int32, brokerEpoch: Int64,
    _ completion: @escaping @Sendable ([Result<PartitionImage, ClusterRefusal>]) -> Void
  ) {
    command { plan in
      plan.alter(changes, from: nodeID, brokerEpoch: brokerEpoch, completion)
    } refuse: { refusal in
      completion(changes.map { _ in .failure(refusal) })
    }
  }

  /// Moves leaderships from a broker that is about to stop, and takes it out of the in-sync
  /// replicas.
  ///
  /// - Parameter completion: gets the partitions that it still leads, as no other replica is in
  ///   sync, and of which there are other replicas that are up and stay. Ask again, or stop without
  ///   them.
  package func shutDown(
    nodeID: Int32, brokerEpoch: Int64,
    _ completion: @escaping @Sendable (Result<[TopicPartition], ClusterRefusal>) -> Void
  ) {
    command { plan in
      plan.shutDown(nodeID, brokerEpoch: brokerEpoch, completion)
    } refuse: {
      completion(.failure($0))
    }
  }

  /// - Parameters:
  ///   - plan: false when it must wait for the next round.
  ///   - refuse: called instead when it cannot be planned any more.
  private func command(
    plan: @escaping @Sendable (inout RoundPlan) -> Bool,
    refuse: @escaping @Sendable (ClusterRefusal) -> Void
  ) {
    let command = ControllerCommand(plan: plan, refuse: refuse)
    run { $0.command(command) }
  }
}

extension ClusterController {
  /// - Parameter validatesOnly: whether it is only to be seen if it could be made, and how.
  package func createTopic(
    _ creation: TopicCreation, validatesOnly: Bool,
    _ completion: @escaping @Sendable (Result<TopicImage, ClusterRefusal>) -> Void
  ) {
    command { plan in
      plan.create(creation, validatesOnly: validatesOnly, completion)
    } refuse: {
      completion(.failure($0))
    }
  }

  package func deleteTopic(
    _ topic: TopicReference,
    _ completion: @escaping @Sendable (Result<TopicImage, ClusterRefusal>) -> Void
  ) {
    command { plan in
      plan.delete(topic, completion)
    } refuse: {
      completion(.failure($0))
    }
  }

  package func createPartitions(
    _ creation: PartitionsCreation, validatesOnly: Bool,
    _ completion: @escaping @Sendable (Result<TopicImage, ClusterRefusal>) -> Void
  ) {
    command { plan in
      plan.create(creation, validatesOnly: validatesOnly, completion)
    } refuse: {
      completion(.failure($0))
    }
  }

  /// The completion gets all settings of the resource.
  package func alterConfiguration(
    of resource: ConfigurationResource, _ change: ConfigurationChange, validatesOnly: Bool,
    _ completion: @escaping @Sendable (Result<[String: String], ClusterRefusal>) -> Void
  ) {
    command { plan in
      plan.alter(resource, change, validatesOnly: validatesOnly, completion)
    } refuse: {
      completion(.failure($0))
    }
  }

  /// - Parameter partitions: nil for all; then the answer has only those where one took place, or
  ///   failed.
  package func electLeaders(
    _ kind: ElectionKind, of partitions: [TopicPartition]?,
    _ completion:
      @escaping @Sendable (Result<[(TopicPartition, ClusterRefusal?)], ClusterRefusal>) -> Void
  ) {
    command { plan in
      plan.elect(kind, of: partitions, completion)
    } refuse: {
      completion(.failure($0))
    }
  }

  /// Begins to move replicas, or cancels that; a result for each, in their order.
  package func reassign(
    _ reassignments: [Reassignment],
    _ completion: @escaping @Sendable ([ClusterRefusal?]) -> Void
  ) {
    let parts = ReassignmentParts(reassignments)
    guard !parts.parts.isEmpty else { return completion([]) }
    let results = PartialResults(parts: parts, completion)
    for (index, part) in parts.parts.enumerated() {
      let moves = part.map { reassignments[$0] }
      command { plan in
        plan.reassign(moves, ofTopic: moves[0].partition.topic) { results.put($0, of: index) }
      } refuse: { refusal in
        results.put(moves.map { _ in refusal }, of: index)
      }
    }
  }

  /// The partitions whose replicas are moving, sorted; of those asked for, or with nil of all.
  package func listReassignments(
    of partitions: [TopicPartition]?,
    _ completion:
      @escaping @Sendable (Result<[(TopicPartition, PartitionImage)], ClusterRefusal>) -> Void
  ) {
    command { plan in
      plan.listReassignments(of: partitions, completion)
    } refuse: {
      completion(.failure($0))
    }
  }
}
