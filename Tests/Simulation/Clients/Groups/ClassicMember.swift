import MoldauProtocol

/// A member of a classic group, which shares out the partitions when it is the group's leader.
final class ClassicMember: Member {
  /// As the group's leader it gives everything to everybody: for a test of the check.
  var sharesTwice = false

  private enum Phase {
    case outside
    case joined
    case member
  }

  private var phase = Phase.outside
  /// What it has to say as the group's leader.
  private var assignments: [SyncGroupRequest.Assignment] = []
  /// By which a static member is known again when it comes back.
  private let instance: String?

  init(
    _ client: Client, group: String, topic: String, partitionCount: Int, history: GroupHistory,
    instance: String?
  ) {
    self.instance = instance
    super.init(
      client, group: group, topic: topic, partitionCount: partitionCount, history: history)
  }

  override var instanceID: String? { instance }
  override var owner: String { instance ?? memberID }
  override var isSettled: Bool { phase == .member }
  override var newestKnown: Int32 { history.newestGeneration(of: group) }

  override func goOn() {
    switch phase {
    case .outside: join()
    case .joined: sync()
    case .member: consume()
    }
  }

  private func again() { after(10_000...120_000) { $0.goOn() } }

  override func forget() {
    own([])
    phase = .outside
    memberID = ""
    generation = -1
    assignments = []
  }

  override func leave() {
    guard !memberID.isEmpty else { return }
    var member = LeaveGroupRequest.Member()
    member.memberID = memberID
    member.groupInstanceID = instance
    var request = LeaveGroupRequest()
    request.groupID = group
    request.members = [member]
    ask(request, code: \.errorCode) { _ in }
  }

  // MARK: Joining

  private func join() {
    own([])
    var supported = JoinGroupRequest.GroupProtocol()
    supported.name = "range"
    var request = JoinGroupRequest()
    request.groupID = group
    request.sessionTimeoutMilliseconds = Self.sessionTimeoutMilliseconds
    request.rebalanceTimeoutMilliseconds = 1_000
    request.memberID = memberID
    request.groupInstanceID = instance
    request.protocolType = "consumer"
    request.protocols = [supported]
    ask(request, code: \.errorCode) { [weak self] answer in
      guard let self else { return }
      defer { again() }
      guard let answer else { return }
      switch answer.errorCode {
      case .none:
        memberID = answer.memberID
        generation = answer.generationID
        assignments =
          answer.leader == memberID && !answer.skipsAssignment
          ? shareOut(answer.members) : []
        phase = .joined
      case .memberIDRequired: memberID = answer.memberID
      case .rebalanceInProgress: break
      case .unknownMemberID, .fencedInstanceID: forget()
      default: world.note("\(self) may not join: \(answer.errorCode)")
      }
    }
  }

  private func shareOut(
    _ members: [JoinGroupResponse.Member]
  ) -> [SyncGroupRequest.Assignment] {
    members.sorted { $0.memberID < $1.memberID }.enumerated().map { index, member in
      var given = SyncGroupRequest.Assignment()
      given.memberID = member.memberID
      given.assignment = (0..<UInt8(partitionCount)).filter {
        Int($0) % members.count == index || sharesTwice
      }
      return given
    }
  }

  private func sync() {
    var request = SyncGroupRequest()
    request.groupID = group
    request.generationID = generation
    request.memberID = memberID
    request.groupInstanceID = instance
    request.protocolType = "consumer"
    request.protocolName = "range"
    request.assignments = assignments
    let newestBefore = newestKnown
    ask(request, code: \.errorCode) { [weak self] answer in
      guard let self else { return }
      defer { again() }
      guard let answer else { return }
      switch answer.errorCode {
      case .none:
        let partitions = Set(answer.assignment.map(Int32.init))
        history.assigned(
          partitions, to: owner, of: group, generation: generation, newestBefore: newestBefore)
        world.note("\(self), \(owner), is in generation \(generation)")
        own(partitions)
        phase = .member
      case .rebalanceInProgress: phase = .outside
      default: forget()
      }
    }
  }

  // MARK: Consuming

  private func consume() {
    let partition = owned.sorted().first { _ in world.oneIn(2) }
    guard let partition, !isCalm, !world.oneIn(3) else { return beat() }
    if world.oneIn(3) {
      fetchCommitted(partition) { [weak self] in self?.again() }
    } else {
      commit(partition) { [weak self] in self?.again() }
    }
  }

  private func beat() {
    var request = HeartbeatRequest()
    request.groupID = group
    request.generationID = generation
    request.memberID = memberID
    request.groupInstanceID = instance
    ask(request, code: \.errorCode) { [weak self] answer in
      guard let self else { return }
      defer { again() }
      switch answer?.errorCode {
      case nil, ErrorCode.none?: break
      case .rebalanceInProgress?: phase = .outside
      default: forget()
      }
    }
  }

  override func commitRefused(_ code: ErrorCode) {
    switch code {
    case .illegalGeneration, .unknownMemberID, .fencedInstanceID: forget()
    case .rebalanceInProgress: phase = .outside
    default: break
    }
  }
}
