import MoldauProtocol

@testable import MoldauBroker

// What the clients of the simulated group do.
extension GroupSimulation {
  /// Sends a join, and another one if no answer comes.
  mutating func join(_ number: Int) {
    consumers[number].attempt += 1
    consumers[number].phase = .joining
    consumers[number].assignment = []
    let attempt = consumers[number].attempt
    post(after: delay() + slowness(number), .join(number, attempt: attempt))
    post(after: 60_000, .impatience(number, attempt: attempt))
  }

  private func slowness(_ number: Int) -> Int64 { max(0, consumers[number].isSlowUntil - now) }

  private mutating func forgetMembership(_ number: Int) {
    consumers[number].past.append((consumers[number].memberID, consumers[number].generation))
    consumers[number].memberID = ""
    consumers[number].generation = -1
  }

  // MARK: Answers

  mutating func receive(_ answer: GroupAnswer, _ number: Int) throws {
    switch answer {
    case .join(let response): receive(response, number)
    case .sync(let response): try receive(response, number)
    case .refused: throw Violation(description: "a group alone is looked after for good")
    }
  }

  private mutating func receive(_ response: JoinGroupResponse, _ number: Int) {
    guard consumers[number].phase == .joining else { return }
    switch response.errorCode {
    case .none:
      consumers[number].past.append((consumers[number].memberID, consumers[number].generation))
      consumers[number].memberID = response.memberID
      consumers[number].generation = response.generationID
      consumers[number].phase = .syncing
      // A static leader that leaves the assignment as it is gives none.
      let assignments =
        response.leader == response.memberID && !response.skipsAssignment
        ? assign(response.members) : []
      let attempt = consumers[number].attempt
      post(after: delay() + slowness(number), .sync(number, attempt: attempt, assignments))
    case .memberIDRequired:
      consumers[number].memberID = response.memberID
      join(number)
    case .unknownMemberID, .fencedInstanceID:
      // A fenced client stops; the one that runs in its place is this one, too.
      forgetMembership(number)
      join(number)
    default: join(number)
    }
  }

  private func assign(_ members: [JoinGroupResponse.Member]) -> [SyncGroupRequest.Assignment] {
    members.enumerated().map { index, member in
      var given = SyncGroupRequest.Assignment()
      given.memberID = member.memberID
      given.assignment = (0..<UInt8(Self.partitionCount)).filter {
        Int($0) % members.count == index
      }
      return given
    }
  }

  private mutating func receive(_ response: SyncGroupResponse, _ number: Int) throws {
    guard consumers[number].phase == .syncing else { return }
    switch response.errorCode {
    case .none:
      consumers[number].phase = .member
      consumers[number].assignment = response.assignment
      try own(response.assignment, consumers[number])
      beat(number)
    case .unknownMemberID, .fencedInstanceID, .illegalGeneration:
      forgetMembership(number)
      join(number)
    default: join(number)
    }
  }

  private mutating func beat(_ number: Int) {
    let attempt = consumers[number].attempt
    post(after: 2_000 + slowness(number), .heartbeat(number, attempt: attempt))
  }

  mutating func receive(_ code: ErrorCode, _ number: Int) {
    guard consumers[number].phase == .member else { return }
    switch code {
    case .none: beat(number)
    case .rebalanceInProgress: join(number)
    default:
      forgetMembership(number)
      join(number)
    }
  }

  // MARK: Chaos

  mutating func disturb(_ effects: inout GroupEffects) {
    guard let number = consumers.indices.randomElement(using: &generator) else { return }
    let consumer = consumers[number]
    switch Int.random(in: 0..<4, using: &generator) {
    case 0:
      // It leaves and comes back later; a static one goes without a word.
      if consumer.instanceID == nil, consumer.phase == .member {
        _ = group.leave([(consumer.memberID, nil)], time, &effects)
      }
      restart(number, after: random(0...10_000))
    case 1: restart(number, after: random(0...20_000))
    case 2: consumers[number].isSlowUntil = now + random(0...25_000)
    default:
      // An administrator throws a static member out.
      guard let instanceID = consumer.instanceID else { return }
      _ = group.leave([("", instanceID)], time, &effects)
    }
  }

  /// Everything that it knew is gone, but who it was may still be tried.
  private mutating func restart(_ number: Int, after delay: Int64) {
    forgetMembership(number)
    consumers[number].attempt += 1
    consumers[number].phase = .outside
    consumers[number].assignment = []
    post(after: delay, .impatience(number, attempt: consumers[number].attempt))
  }
}
