import MoldauFormat
import MoldauLog
import MoldauProtocol

extension ClassicGroup {
  /// The record that the log keeps of the group, with other assignments than the members have.
  func record(_ assignments: [String: [UInt8]]? = nil) -> GroupOffsets.Change {
    let value = GroupMetadataValue(
      protocolType: protocolType, generation: generation, protocolName: protocolName,
      leader: leaderID, stateTimestampMilliseconds: stateTimestampMilliseconds,
      members: membersInOrder.map { member in
        GroupMetadataValue.Member(
          id: member.id, instanceID: member.instanceID, clientID: member.clientID,
          clientHost: member.clientHost,
          rebalanceTimeoutMilliseconds: Int32(clamping: member.rebalanceTimeoutMilliseconds),
          sessionTimeoutMilliseconds: Int32(clamping: member.sessionTimeoutMilliseconds),
          subscription: member.metadata(for: protocolName),
          assignment: assignments.map { $0[member.id] ?? [] } ?? member.assignment)
      })
    return .record(key: GroupMetadataKey(group: id).encode(), value: value.encode())
  }

  /// The group as the log has it. Its members may have been away for as long as the broker was, so
  /// their sessions begin anew.
  init(
    id: String, _ value: GroupMetadataValue, _ configuration: GroupConfiguration, _ now: GroupTime
  ) {
    self.init(id: id, configuration)
    isStored = true
    state = value.members.isEmpty ? .empty : .stable
    stateTimestampMilliseconds = value.stateTimestampMilliseconds
    generation = value.generation
    memberProtocolType = value.protocolType.isEmpty ? nil : value.protocolType
    protocolName = value.members.isEmpty ? nil : value.protocolName ?? ""
    for stored in value.members {
      lastOrder += 1
      var supported = JoinGroupRequest.GroupProtocol()
      supported.name = protocolName ?? ""
      supported.metadata = stored.subscription
      var member = ClassicMember(
        id: stored.id, instanceID: stored.instanceID, clientID: stored.clientID,
        clientHost: stored.clientHost, order: lastOrder,
        rebalanceTimeoutMilliseconds: Int64(stored.rebalanceTimeoutMilliseconds),
        sessionTimeoutMilliseconds: Int64(stored.sessionTimeoutMilliseconds),
        protocols: [supported])
      member.assignment = stored.assignment
      member.isNew = false
      add(member)
      restartSession(of: member.id, now)
    }
    if let leader = value.leader, members[leader] != nil { leaderID = leader }
    subscribedTopics = findSubscribedTopics()
  }

  /// What clients are told about the group.
  func describe(_ group: inout DescribeGroupsResponse.Group) {
    group.state = stateName
    group.protocolType = protocolType
    let isSettled = state == .stable
    if isSettled { group.protocolData = protocolName ?? "" }
    group.members = membersInOrder.map { member in
      var listed = DescribeGroupsResponse.Member()
      listed.memberID = member.id
      listed.groupInstanceID = member.instanceID
      listed.clientID = member.clientID
      listed.clientHost = member.clientHost
      if isSettled {
        listed.metadata = member.metadata(for: protocolName)
        listed.assignment = member.assignment
      }
      return listed
    }
  }
}
