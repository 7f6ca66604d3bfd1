import MoldauFormat
import MoldauProtocol

/// A member of a group, whatever its protocol: it finds the coordinator, commits for what it owns and
/// asks what is committed; now and then it dies, leaves, or stands still and goes on as if it had not.
class Member {
  /// How long a coordinator waits for a member that says nothing, in milliseconds.
  static let sessionTimeoutMilliseconds: Int32 = 700

  let client: Client
  let group: String
  let topic: String
  let partitionCount: Int32
  let history: GroupHistory
  let map: Cartographer
  private var coordinator: Int32?
  private(set) var owned: Set<Int32> = []
  /// What commits are made with: the generation, or the member's epoch.
  var generation: Int32 = -1
  var memberID = ""
  /// Which life it is; what an earlier one was to be told is passed over.
  private(set) var lifeCount = 0
  private var isAsleep = false
  private var heldUp: [() -> Void] = []
  /// It means an earlier generation than it says when it commits: for a test of the check.
  var saysOtherGeneration = false
  /// Whether nothing befalls it any more, and it commits no more.
  var isCalm = false

  init(
    _ client: Client, group: String, topic: String, partitionCount: Int, history: GroupHistory
  ) {
    self.client = client
    self.group = group
    self.topic = topic
    self.partitionCount = Int32(partitionCount)
    self.history = history
    map = Cartographer(client, topics: [topic])
  }

  var world: World { client.world }

  /// By this name it owns partitions.
  var owner: String { memberID }

  func start() {
    map.refresh()
    after(0...50_000) { $0.goOn() }
    arrangeMishap()
  }

  // MARK: For the protocols

  /// Does the next thing.
  func goOn() { preconditionFailure("a protocol says what") }
  /// Forgets that it was a member.
  func forget() { preconditionFailure("a protocol says what") }
  /// Says that it leaves.
  func leave() { preconditionFailure("a protocol says what") }
  /// Whether it is in the group and has what it is to have.
  var isSettled: Bool { preconditionFailure("a protocol says when") }
  /// The newest generation that is known to have begun.
  var newestKnown: Int32 { -1 }

  func own(_ partitions: Set<Int32>) {
    if owned != partitions { world.note("\(self) owns \(partitions.sorted())") }
    owned = partitions
  }

  // MARK: Time

  /// Does something later, in this life, when it does not sleep.
  func after(_ microseconds: ClosedRange<Int64>, _ action: @escaping (Member) -> Void) {
    let life = lifeCount
    world.after(world.number(microseconds)) { [weak self] in
      self?.whenAwake(life) { if let self { action(self) } }
    }
  }

  private func whenAwake(_ life: Int, _ action: @escaping () -> Void) {
    guard life == lifeCount else { return }
    guard isAsleep else { return action() }
    heldUp.append { [weak self] in
      if self?.lifeCount == life { action() }
    }
  }

  // MARK: Mishaps

  private func arrangeMishap() {
    world.after(world.number(300_000...2_500_000)) { [weak self] in
      guard let self, !isCalm else { return }
      befall()
      arrangeMishap()
    }
  }

  private func befall() {
    guard !isAsleep else { return }
    switch world.number(0...3) {
    case 0:
      world.note("\(self) dies")
      client.disconnect()
      begin(in: 0...1_500_000)
    case 1:
      world.note("\(self) leaves")
      leave()
      begin(in: 0...1_000_000)
    default:
      world.note("\(self) stands still")
      isAsleep = true
      world.after(world.number(50_000...2_500_000)) { [weak self] in self?.wake() }
    }
  }

  func calm() {
    isCalm = true
    wake()
  }

  private func wake() {
    guard isAsleep else { return }
    world.note("\(self) goes on")
    isAsleep = false
    // It does not know yet what has happened meanwhile.
    if !isCalm { for partition in owned.sorted() { commit(partition) {} } }
    let held = heldUp
    heldUp = []
    for action in held { action() }
  }

  /// Begins a new life.
  private func begin(in pause: ClosedRange<Int64>) {
    lifeCount += 1
    forget()
    after(pause) { $0.goOn() }
  }

  // MARK: The coordinator

  /// Asks the coordinator, which is looked for first when it is not known. The completion gets nil when
  /// there is no answer or another broker coordinates the group; `arrived` an answer that has
  /// come, whether it sleeps or not, and whether it was the group's coordinator that gave it.
  func ask<Request: ProtocolRequest>(
    _ request: Request, code: @escaping (Request.Response) -> ErrorCode?,
    arrived: @escaping (Request.Response, _ isCurrent: Bool) -> Void = { _, _ in },
    _ completion: @escaping (Request.Response?) -> Void
  ) {
    let life = lifeCount
    guard let coordinator else {
      return find { [weak self] in self?.whenAwake(life) { completion(nil) } }
    }
    let standing = history.standing(coordinator)
    client.call(coordinator, request) { [weak self] result in
      if let self, life == lifeCount, case .success((let answer, _)) = result {
        arrived(answer, standing != nil && standing == history.standing(coordinator))
      }
      self?.whenAwake(life) {
        guard let self else { return }
        guard case .success((let answer, _)) = result else {
          self.coordinator = nil
          return completion(nil)
        }
        switch code(answer) {
        case .notCoordinator?, .coordinatorNotAvailable?, .coordinatorLoadInProgress?:
          self.coordinator = nil
          completion(nil)
        default: completion(answer)
        }
      }
    }
  }

  private func find(_ done: @escaping () -> Void) {
    var request = FindCoordinatorRequest()
    request.keys = [group]
    client.call(world.pick(client.nodeIDs), request) { [weak self] result in
      if case .success((let answer, _)) = result, let found = answer.coordinators.first,
        found.errorCode == .none
      {
        self?.coordinator = found.nodeID
      }
      done()
    }
  }

  // MARK: Offsets

  /// Commits for a partition that it owns, as far as it knows.
  func commit(_ partition: Int32, _ done: @escaping () -> Void) {
    guard let id = map.topicIDs[topic] else {
      map.refresh()
      return done()
    }
    let generation = saysOtherGeneration ? generation - 1 : generation
    let newestBefore = newestKnown
    var data = OffsetCommitRequest.Partition()
    data.index = partition
    data.committedOffset = history.nextCommit(generation: generation)
    var wanted = OffsetCommitRequest.Topic()
    wanted.name = topic
    wanted.id = id
    wanted.partitions = [data]
    var request = OffsetCommitRequest()
    request.groupID = group
    request.memberID = memberID
    request.groupInstanceID = instanceID
    request.generationID = self.generation
    request.topics = [wanted]
    let offset = data.committedOffset
    ask(request, code: { $0.topics.first?.partitions.first?.errorCode }) { [weak self] answer in
      guard let self else { return }
      if let code = answer?.topics.first?.partitions.first?.errorCode {
        world.note("\(self) commits \(offset) for \(partition): \(code)")
        if code == .none {
          history.acknowledgedCommit(
            of: group, generation: generation, newestBefore: newestBefore)
          history.acknowledged(offset, of: group, partition)
        } else {
          commitRefused(code)
        }
      }
      done()
    }
  }

  var instanceID: String? { nil }

  func commitRefused(_ code: ErrorCode) {}

  /// Asks what is committed for a partition.
  func fetchCommitted(_ partition: Int32, _ done: @escaping () -> Void) {
    guard let id = map.topicIDs[topic] else {
      map.refresh()
      return done()
    }
    var topic = OffsetFetchRequest.Topic()
    topic.name = self.topic
    topic.id = id
    topic.partitionIndexes = [partition]
    var wanted = OffsetFetchRequest.Group()
    wanted.groupID = group
    wanted.topics = [topic]
    var request = OffsetFetchRequest()
    request.groups = [wanted]
    let known = history.acknowledged(of: group, partition)
    ask(request, code: { $0.groups.first?.errorCode }) { [weak self] answer in
      guard let self else { return }
      if let found = answer?.groups.first, found.errorCode == .none,
        let data = found.topics.first?.partitions.first, data.errorCode == .none
      {
        history.fetched(data.committedOffset, of: group, partition, known: known)
      }
      done()
    }
  }
}

extension Member: CustomStringConvertible {
  var description: String { "member \(client.host) of \(group)" }
}
