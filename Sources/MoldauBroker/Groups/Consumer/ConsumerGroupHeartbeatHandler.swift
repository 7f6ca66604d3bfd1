import MoldauFormat
import MoldauLog
import MoldauProtocol
import Synchronization

extension Broker {
  /// Answers a heartbeat of a member of a consumer group, once what it has led to is durable.
  func consumerGroupHeartbeat(
    _ request: ConsumerGroupHeartbeatRequest, _ context: RequestContext, into reply: inout Reply
  ) -> Outcome {
    let heartbeat: MemberHeartbeat
    do throws(ConsumerGroupError) {
      heartbeat = try MemberHeartbeat(request, context, execution.random)
    } catch {
      reply.answer(ConsumerGroupHeartbeatResponse(error), to: context.header)
      return .answered
    }
    return PendingLoad.outcome(
      groups, [request.groupID], context, into: &reply,
      refuse: { code, reply in
        let refusal = ConsumerGroupError(code, "the group cannot be looked at")
        reply.answer(ConsumerGroupHeartbeatResponse(refusal), to: context.header)
      },
      { [self] reply in
        PendingAnswer.outcome(
          of: beat(heartbeat, in: request.groupID, context.waker), context, into: &reply)
      })
  }

  private func beat(
    _ heartbeat: MemberHeartbeat, in groupID: String, _ waker: RequestWaker
  ) -> AnswerCell<ConsumerGroupHeartbeatResponse> {
    typealias Response = ConsumerGroupHeartbeatResponse
    let cell = AnswerCell<Response>(waker)
    let made = Decided<Response>()
    let settings = ConsumerGroupSettings(groups.configuration)
    let catalog: any TopicCatalog =
      if let replicas { ImageTopicCatalog(image: replicas.image) } else {
        StoreTopicCatalog(store: store)
      }
    let isJoining = heartbeat.memberEpoch == ConsumerGroup.joining
    do throws(GroupCoordinator.Refusal) {
      try groups.change(
        groupID, ConsumerGroup.self,
        orMake: isJoining ? { ConsumerGroup(id: groupID, settings: settings) } : nil,
        whenStored: { failure in
          if let failure {
            let message = "the group's log: \(failure.reason)"
            cell.settle(Response(ConsumerGroupError(failure.code, message)))
          } else if let response = made.response {
            cell.settle(response)
          }
        },
        { group, _, now, effects in
          do throws(ConsumerGroupError) {
            let answer = try group.heartbeat(heartbeat, catalog, now: now.steady)
            made.response = Response(answer, settings)
          } catch {
            made.response = Response(error)
          }
          group.emitRecords(&effects)
        })
    } catch {
      cell.settle(Response(ConsumerGroupError(error, groupID: groupID)))
    }
    return cell
  }
}

/// An answer that is made before it may leave; nil while there is none.
private final class Decided<Response: ProtocolResponse>: Sendable {
  private let state = Mutex<Response?>(nil)

  var response: Response? {
    get { state.withLock { $0 } }
    set { state.withLock { $0 = newValue } }
  }
}

extension ConsumerGroupError {
  fileprivate init(_ refusal: GroupCoordinator.Refusal, groupID: String) {
    switch refusal {
    case .unknownGroup: self.init(.groupIDNotFound, "there is no group \(groupID)")
    case .otherType: self.init(.groupIDNotFound, "\(groupID) is not a consumer group")
    case .notCoordinator:
      self.init(.notCoordinator, "another broker coordinates the group \(groupID)")
    }
  }
}

extension MemberHeartbeat {
  /// Checks a request and takes it apart.
  fileprivate init(
    _ request: ConsumerGroupHeartbeatRequest, _ context: RequestContext, _ random: RandomSource
  ) throws(ConsumerGroupError) {
    try Self.check(request, version: context.header.version)
    self.init(memberID: request.memberID, memberEpoch: request.memberEpoch)
    if memberID.isEmpty {
      var generator = random
      memberID = TopicID.random(using: &generator).base64
    }
    instanceID = request.instanceID
    rackID = request.rackID
    if request.rebalanceTimeoutMilliseconds >= 0 {
      rebalanceTimeoutMilliseconds = request.rebalanceTimeoutMilliseconds
    }
    topicNames = request.subscribedTopicNames
    topicPattern = request.subscribedTopicRegex
    assignor = request.serverAssignor
    owned = request.topicPartitions.map { topics in
      Set(
        topics.map {
          ConsumerGroupPartitions(topicID: $0.topicID, partitions: $0.partitions)
        })
    }
    clientID = context.header.clientID ?? ""
    clientHost = context.client.groupHost
  }

  private static func check(
    _ request: ConsumerGroupHeartbeatRequest, version: Int16
  ) throws(ConsumerGroupError) {
    let epoch = request.memberEpoch
    try require(!request.groupID.isEmpty, "the group id is empty")
    try require(
      [request.groupID, request.memberID].allSatisfy { $0.utf8.count <= Limits.groupNameBytes },
      "an id is too long")
    try require(request.instanceID?.isEmpty != true, "the instance id is empty")
    try require(request.rackID?.isEmpty != true, "the rack id is empty")
    // From version 1 on members choose their ids.
    try require(
      !request.memberID.isEmpty || (version == 0 && epoch == ConsumerGroup.joining),
      "the member id is empty")
    try require(epoch >= ConsumerGroup.steppingAway, "the member epoch is below -2")
    if epoch == ConsumerGroup.steppingAway {
      try require(request.instanceID != nil, "only a static member can step away")
    }
    if epoch == ConsumerGroup.joining {
      try require(
        request.rebalanceTimeoutMilliseconds >= 0, "a member that joins says its rebalance timeout")
      try require(
        request.topicPartitions?.isEmpty == true, "a member that joins owns no partitions")
      try require(
        request.subscribedTopicNames != nil || request.subscribedTopicRegex != nil,
        "a member that joins says which topics it wants")
    }
    if let name = request.serverAssignor, ConsumerGroupAssignor(rawValue: name) == nil {
      let known = ConsumerGroupAssignor.allCases.map(\.rawValue).joined(separator: ", ")
      throw ConsumerGroupError(
        .unsupportedAssignor, "there is no assignor \(name), only: \(known)")
    }
  }

  private static func require(
    _ condition: Bool, _ message: String
  ) throws(ConsumerGroupError) {
    guard condition else { throw ConsumerGroupError(.invalidRequest, message) }
  }
}

extension ConsumerGroupHeartbeatResponse {
  fileprivate init(_ error: ConsumerGroupError) {
    self.init()
    errorCode = error.code
    errorMessage = error.message
  }

  fileprivate init(_ answer: MemberAnswer, _ settings: ConsumerGroupSettings) {
    self.init()
    memberID = answer.memberID
    memberEpoch = answer.memberEpoch
    heartbeatIntervalMilliseconds = settings.heartbeatIntervalMilliseconds
    assignment = answer.assignment.map { partitions in
      var assignment = Assignment()
      assignment.topicPartitions = partitions.byTopic.map { topic in
        var entry = TopicPartitions()
        entry.topicID = topic.topicID
        entry.partitions = topic.partitions
        return entry
      }
      return assignment
    }
  }
}
