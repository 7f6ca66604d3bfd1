import MoldauFormat
import MoldauProtocol

/// A member of a group of the newer protocol (KIP-848), whose partitions the coordinator shares out.
final class ConsumerMember: Member {
  /// How long the coordinator waits for what a member is to give back, in milliseconds.
  static let rebalanceTimeoutMilliseconds: Int32 = 1_500

  /// It says that it gives back what it keeps: for a test of the check.
  var keepsAll = false
  private let holdings: GroupHoldings
  /// The greatest epoch that it was told, whether it has heard it or slept.
  private var newestTold: Int32 = 0
  /// What it was told to own; nil when there is nothing new.
  private var target: Set<Int32>?
  /// It has to say everything, since an answer was lost.
  private var saysAll = true
  private var hasOwnedChanged = false

  init(
    _ client: Client, group: String, topic: String, partitionCount: Int, history: GroupHistory,
    holdings: GroupHoldings
  ) {
    self.holdings = holdings
    super.init(
      client, group: group, topic: topic, partitionCount: partitionCount, history: history)
    forget()
  }

  override var isSettled: Bool { generation > 0 && target == nil }
  override var newestKnown: Int32 { newestTold }

  override func forget() {
    own([])
    holdings.leave(self)
    generation = 0
    newestTold = 0
    memberID = "\(group)-\(client.host)-\(lifeCount)"
    startOver()
  }

  /// Joins again as the same member.
  private func startOver() {
    own([])
    holdings.leave(self)
    generation = 0
    target = nil
    saysAll = true
    hasOwnedChanged = false
  }

  override func goOn() {
    guard let id = map.topicIDs[topic] else {
      map.refresh()
      return again()
    }
    if target != nil, world.oneIn(3) {
      reconcile()
      return again()
    }
    let partition = owned.sorted().first { _ in world.oneIn(2) }
    if let partition, !isCalm, world.oneIn(2) {
      if world.oneIn(3) { return fetchCommitted(partition) { [weak self] in self?.again() } }
      return commit(partition) { [weak self] in self?.again() }
    }
    beat(id)
  }

  private func again() { after(10_000...120_000) { $0.goOn() } }

  /// Does the next thing that its assignment asks for: giving back comes first.
  private func reconcile() {
    guard let wanted = target else { return }
    hasOwnedChanged = true
    if owned.isSubset(of: wanted) {
      target = nil
      own(wanted)
    } else {
      own(owned.intersection(wanted))
    }
  }

  private func beat(_ id: TopicID) {
    let isFull = saysAll || generation == 0
    var request = ConsumerGroupHeartbeatRequest()
    request.groupID = group
    request.memberID = memberID
    request.memberEpoch = generation
    if isFull {
      request.subscribedTopicNames = [topic]
      request.rebalanceTimeoutMilliseconds = Self.rebalanceTimeoutMilliseconds
    }
    let saysOwned = isFull || hasOwnedChanged
    if saysOwned {
      var partitions = ConsumerGroupHeartbeatRequest.TopicPartitions()
      partitions.topicID = id
      partitions.partitions = owned.sorted()
      request.topicPartitions = owned.isEmpty ? [] : [partitions]
    }
    saysAll = false
    hasOwnedChanged = false
    let sent = holdings.sends(self, owned: saysOwned && !keepsAll ? owned : nil)
    let arrived = { [weak self] (answer: ConsumerGroupHeartbeatResponse, isCurrent: Bool) in
      guard let self, answer.errorCode == .none else { return }
      newestTold = max(newestTold, answer.memberEpoch)
      guard isCurrent else { return }
      holdings.answered(self, epoch: answer.memberEpoch, given: Self.given(answer), sent)
    }
    ask(request, code: \.errorCode, arrived: arrived) { [weak self] answer in
      guard let self else { return }
      defer { again() }
      guard let answer else { return lose(saysOwned) }
      switch answer.errorCode {
      case .none:
        world.detail("\(self), \(memberID), is in epoch \(answer.memberEpoch)")
        generation = answer.memberEpoch
        target = Self.given(answer) ?? target
      case .fencedMemberEpoch, .unknownMemberID, .groupIDNotFound: startOver()
      default: lose(saysOwned)
      }
    }
  }

  private static func given(_ answer: ConsumerGroupHeartbeatResponse) -> Set<Int32>? {
    answer.assignment.map { Set($0.topicPartitions.flatMap(\.partitions)) }
  }

  /// The answer to a heartbeat did not come. Who has said what it owns may have lost what it was told
  /// to own and has not taken yet: it waits to be told again.
  private func lose(_ saidOwned: Bool) {
    saysAll = true
    if saidOwned { target = nil }
  }

  override func leave() {
    guard generation > 0 else { return }
    var request = ConsumerGroupHeartbeatRequest()
    request.groupID = group
    request.memberID = memberID
    request.memberEpoch = -1
    ask(request, code: \.errorCode) { _ in }
  }

  override func commitRefused(_ code: ErrorCode) {
    if code == .unknownMemberID { startOver() }
  }
}
