import MoldauFormat
import MoldauLog
import MoldauProtocol

extension Broker {
  /// Tells of consumer groups, their members and assignments.
  func consumerGroupDescribe(
    _ request: ConsumerGroupDescribeRequest, _ context: RequestContext, into reply: inout Reply
  ) -> Outcome {
    PendingLoad.outcome(
      groups, request.groupIDs, context, into: &reply,
      refuse: { code, reply in
        var response = ConsumerGroupDescribeResponse()
        response.groups = request.groupIDs.map {
          ConsumerGroupDescribeResponse.Group(id: $0, code, "the group cannot be looked at")
        }
        reply.answer(response, to: context.header)
      },
      { [self] reply in
        var response = ConsumerGroupDescribeResponse()
        response.groups = request.groupIDs.map { id in
          var group = described(id)
          if request.includesAuthorizedOperations, group.errorCode == .none {
            group.authorizedOperations = AuthorizedOperations.group
          }
          return group
        }
        reply.answer(response, to: context.header)
        return .answered
      })
  }

  private func described(_ id: String) -> ConsumerGroupDescribeResponse.Group {
    typealias Group = ConsumerGroupDescribeResponse.Group
    guard !id.isEmpty else { return Group(id: id, .invalidGroupID, "the group id is empty") }
    do throws(GroupCoordinator.Refusal) {
      return try groups.look(at: id) { group in
        guard let group = group as? ConsumerGroup else {
          return Group(id: id, .groupIDNotFound, "\(id) is not a consumer group")
        }
        return Group(group)
      }
    } catch {
      return error == .notCoordinator
        ? Group(id: id, .notCoordinator, "another broker coordinates the group \(id)")
        : Group(id: id, .groupIDNotFound, "there is no group \(id)")
    }
  }
}

extension ConsumerGroupDescribeResponse.Group {
  fileprivate init(id: String, _ code: ErrorCode, _ message: String) {
    self.init()
    groupID = id
    errorCode = code
    errorMessage = message
  }

  fileprivate init(_ group: ConsumerGroup) {
    self.init()
    groupID = group.id
    state = group.stateName
    groupEpoch = group.epoch
    assignmentEpoch = group.targetEpoch
    assignorName = group.assignor.rawValue
    let names = Dictionary(
      group.topics.values.map { ($0.id, $0.name) }, uniquingKeysWith: { first, _ in first })
    members = group.members.values.sorted { $0.id < $1.id }.map { member in
      ConsumerGroupDescribeResponse.Member(
        member, target: group.target[member.id] ?? [], names)
    }
  }
}

extension ConsumerGroupDescribeResponse.Member {
  fileprivate init(
    _ member: ConsumerGroupMember, target: Set<GroupPartition>, _ names: [TopicID: String]
  ) {
    self.init()
    memberID = member.id
    instanceID = member.instanceID
    rackID = member.rackID
    memberEpoch = member.epoch
    clientID = member.clientID
    clientHost = member.clientHost
    subscribedTopicNames = member.topicNames
    subscribedTopicRegex = member.topicPattern
    assignment = ConsumerGroupDescribeResponse.Assignment(member.assigned, names)
    targetAssignment = ConsumerGroupDescribeResponse.Assignment(target, names)
    memberType = ConsumerGroupDescribeResponse.MemberType.consumer
  }
}

extension ConsumerGroupDescribeResponse.Assignment {
  /// Topics that are gone have no name, and are left out.
  fileprivate init(_ partitions: Set<GroupPartition>, _ names: [TopicID: String]) {
    self.init()
    topicPartitions = partitions.byTopic.compactMap { topic in
      guard let name = names[topic.topicID] else { return nil }
      var entry = ConsumerGroupDescribeResponse.TopicPartitions()
      entry.topicID = topic.topicID
      entry.topicName = name
      entry.partitions = topic.partitions
      return entry
    }
  }
}
