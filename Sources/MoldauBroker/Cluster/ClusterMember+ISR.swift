package import MoldauCluster
import MoldauFormat
import MoldauProtocol

/// Changes of in-sync replicas on their way to the controller.
struct IsrChanges: Sendable {
  struct Waiting: Sendable {
    let change: IsrChange
    let completion: @Sendable (Result<PartitionImage, IsrChangeFailure>) -> Void
  }

  var waiting: [Waiting] = []
  /// What the controller was asked and has not answered.
  var asked: [Waiting] = []

  /// Adds a change; returns the one that waits of the same partition, whose place it takes. Two in one
  /// request could not be told apart in the answer, and only the latest counts.
  mutating func add(_ new: Waiting) -> Waiting? {
    let place = waiting.firstIndex {
      $0.change.topicID == new.change.topicID && $0.change.partition == new.change.partition
    }
    let overtaken = place.map { waiting.remove(at: $0) }
    waiting.append(new)
    return overtaken
  }

  mutating func takeAll() -> [Waiting] {
    defer {
      waiting = []
      asked = []
    }
    return asked + waiting
  }

  mutating func takeAsked() -> [Waiting] {
    defer { asked = [] }
    return asked
  }
}

/// Those of many partitions that come while the controller is busy go to it as one request. What is
/// not known to be done the leader asks for again (rule 16).
extension ClusterMember: IsrChannel {
  package func alter(
    _ change: IsrChange,
    _ completion: @escaping @Sendable (Result<PartitionImage, IsrChangeFailure>) -> Void
  ) {
    let waiting = IsrChanges.Waiting(change: change, completion: completion)
    queue.add { [self] in
      let overtaken = state.withLock { $0.isrChanges.add(waiting) }
      overtaken?.completion(.failure(.unknownOutcome))
      sendIsrChanges()
    }
  }

  /// Sends what waits, unless an answer is awaited; on the queue.
  func sendIsrChanges() {
    let (changes, registration, session) = state.withLock { state in
      guard state.isrChanges.asked.isEmpty else {
        return ([IsrChanges.Waiting](), state.registration, state.sessionNumber)
      }
      state.isrChanges.asked = state.isrChanges.waiting
      state.isrChanges.waiting = []
      return (state.isrChanges.asked, state.registration, state.sessionNumber)
    }
    guard !changes.isEmpty else { return }
    guard let registration else {
      return settleIsrChanges(ofSession: session) { _ in .failure(.unknownOutcome) }
    }
    askController(
      local: { [self] controller in
        controller.alterPartitions(
          changes.map(\.change), from: nodeID, brokerEpoch: registration.brokerEpoch
        ) { [weak self, queue] results in
          let results = results.map { $0.mapError(IsrChangeFailure.init) }
          let byPartition = Dictionary(
            zip(changes.map(\.change.partition), results), uniquingKeysWith: { $1 })
          queue.add { [weak self] in
            self?.settleIsrChanges(ofSession: session) {
              byPartition[$0.partition] ?? .failure(.unknownOutcome)
            }
          }
        }
      },
      remote: { [self] link in
        let request = AlterPartitionRequest(
          changes.map(\.change), from: nodeID, brokerEpoch: registration.brokerEpoch)
        link.ask(request, within: settings.answerMilliseconds) { [weak self, queue] response in
          queue.add { [weak self] in
            guard let self else { return }
            let image = self.replicas.image
            self.settleIsrChanges(ofSession: session) {
              response?.result(of: $0, image) ?? .failure(.unknownOutcome)
            }
          }
        }
      },
      nobody: { [self] in
        settleIsrChanges(ofSession: session) { _ in .failure(.unknownOutcome) }
      })
  }

  /// Tells what became of what was asked; not when the session has ended since, which has told so:
  /// what is asked now is not what was answered.
  private func settleIsrChanges(
    ofSession session: Int, _ result: (IsrChange) -> Result<PartitionImage, IsrChangeFailure>
  ) {
    guard state.withLock({ $0.sessionNumber }) == session else { return }
    for change in state.withLock({ $0.isrChanges.takeAsked() }) {
      change.completion(result(change.change))
    }
    sendIsrChanges()
  }

  /// Asks the controller, which may be in this process; on the queue.
  func askController(
    local: @escaping @Sendable (ClusterController) -> Void,
    remote: @escaping @Sendable (PeerLink) -> Void, nobody: @escaping @Sendable () -> Void
  ) {
    let (elected, controller, link) = state.withLock { ($0.elected, $0.controller, $0.requests) }
    guard let elected else { return nobody() }
    if elected.nodeID == nodeID, let controller { return local(controller) }
    if let link, !link.hasFailed { return remote(link) }
    withEndpoint(of: elected.nodeID) { [self] endpoint in
      guard let endpoint, state.withLock({ $0.elected == elected }) else { return nobody() }
      let link = PeerLink(to: endpoint, environment.network, scheduler)
      state.withLock { $0.requests = link }
      remote(link)
    }
  }
}

extension IsrChangeFailure {
  init(_ refusal: ClusterRefusal) {
    self.init(refusal.code)
  }

  init(_ code: ErrorCode) {
    self =
      switch code {
      case .fencedLeaderEpoch, .invalidUpdateVersion, .staleBrokerEpoch, .newLeaderElected: .fenced
      case .ineligibleReplica: .ineligible
      // Also of a topic that the other side does not know: a controller that has just taken up office
      // may not have heard of it yet. Where it was deleted the role ends, and the tries with it.
      default: .unknownOutcome
      }
  }
}

extension AlterPartitionRequest {
  init(_ changes: [IsrChange], from nodeID: Int32, brokerEpoch: Int64) {
    self.init()
    brokerID = nodeID
    self.brokerEpoch = brokerEpoch
    for change in changes {
      var partition = Partition()
      partition.index = change.partition.partition
      partition.leaderEpoch = change.leaderEpoch
      partition.partitionEpoch = change.partitionEpoch
      partition.isrWithEpochs = change.isr.map { member in
        var replica = Replica()
        replica.brokerID = member.nodeID
        replica.brokerEpoch = member.brokerEpoch
        return replica
      }
      if topics.last?.id == change.topicID {
        topics[topics.count - 1].partitions.append(partition)
      } else {
        var topic = Topic()
        topic.id = change.topicID
        topic.partitions = [partition]
        topics.append(topic)
      }
    }
  }

  /// - Parameter image: knows the topics' names.
  func changes(_ image: ClusterImage) -> [IsrChange] {
    topics.flatMap { topic in
      topic.partitions.map { partition in
        let members =
          partition.isrWithEpochs.map {
            IsrChange.Member(nodeID: $0.brokerID, brokerEpoch: $0.brokerEpoch)
          } + partition.isr.map { IsrChange.Member(nodeID: $0, brokerEpoch: -1) }
        return IsrChange(
          partition: TopicPartition(
            topic: image.topicNames[topic.id] ?? "", partition: partition.index),
          topicID: topic.id, leaderEpoch: partition.leaderEpoch,
          partitionEpoch: partition.partitionEpoch, isr: members)
      }
    }
  }
}

extension AlterPartitionResponse {
  /// The answer to `changes`, with a result for each.
  init(_ changes: [IsrChange], _ results: [Result<PartitionImage, ClusterRefusal>]) {
    self.init()
    for (change, result) in zip(changes, results) {
      var partition = Partition()
      partition.index = change.partition.partition
      switch result {
      case .success(let state):
        partition.leaderID = state.leader
        partition.leaderEpoch = state.leaderEpoch
        partition.isr = state.isr
        partition.partitionEpoch = state.partitionEpoch
        partition.elr = state.elr
      case .failure(let refusal):
        partition.errorCode = refusal.code
      }
      if topics.last?.id == change.topicID {
        topics[topics.count - 1].partitions.append(partition)
      } else {
        var topic = Topic()
        topic.id = change.topicID
        topic.partitions = [partition]
        topics.append(topic)
      }
    }
  }

  /// What was said of one change; the rest of the partition's state is as `image` has it.
  func result(
    of change: IsrChange, _ image: ClusterImage
  ) -> Result<PartitionImage, IsrChangeFailure> {
    guard errorCode == .none else { return .failure(IsrChangeFailure(errorCode)) }
    let partitions = topics.lazy.filter { $0.id == change.topicID }.flatMap(\.partitions)
    guard let answered = partitions.first(where: { $0.index == change.partition.partition }) else {
      return .failure(.unknownOutcome)
    }
    guard answered.errorCode == .none else {
      return .failure(IsrChangeFailure(answered.errorCode))
    }
    guard image.topics[change.partition.topic]?.id == change.topicID,
      var state = image.partition(change.partition)
    else { return .failure(.unknownPartition) }
    state.leader = answered.leaderID
    state.leaderEpoch = answered.leaderEpoch
    state.isr = answered.isr
    state.elr = answered.elr
    state.partitionEpoch = answered.partitionEpoch
    return .success(state)
  }
}
