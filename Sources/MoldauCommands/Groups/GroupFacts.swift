import MoldauClient
import MoldauFormat
import MoldauProtocol

/// A group as its coordinator describes it, whichever protocol its members speak.
struct GroupFacts {
  struct Member: Equatable {
    var memberID: String
    var instanceID: String?
    var clientID: String
    var clientHost: String
    var assignment: [TopicPartition]
  }

  var group: String
  var state: String
  /// `classic` or `consumer`.
  var type: String
  var assignor: String
  var coordinator: Endpoint
  var members: [Member]
  var committed: [TopicPartition: Offset]

  /// Whether it has no members, so that its offsets may be set.
  var isInactive: Bool { members.isEmpty }

  /// Asks the group's coordinator.
  static func find(_ group: String, in cluster: Cluster) throws(ClientError) -> GroupFacts {
    try cluster.retrying { () throws(ClientError) in
      let coordinator = try cluster.coordinator(of: group)
      do throws(ClientError) {
        return try find(group, at: coordinator)
      } catch {
        if error.isRetriable { cluster.forgetCoordinator(of: group) }
        throw error
      }
    }
  }

  private static func find(
    _ group: String, at coordinator: KafkaConnection
  ) throws(ClientError) -> GroupFacts {
    var facts = GroupFacts(
      group: group, state: "Dead", type: "classic", assignor: "",
      coordinator: coordinator.endpoint, members: [],
      committed: try coordinator.committedOffsets(of: group))
    do throws(ClientError) {
      let classic = try coordinator.describe(group: group)
      facts.take(classic)
      if classic.state != "Dead" { return facts }
    } catch {
      // From version 6 on this is how a broker says that there is no classic group of the name.
      guard error.refusalCode == .groupIDNotFound else { throw error }
    }
    guard coordinator.offers(.consumerGroupDescribe) else { return facts }
    do throws(ClientError) {
      facts.take(try coordinator.describe(consumerGroup: group))
    } catch {
      let isUnknown = error.refusalCode == .groupIDNotFound
      guard isUnknown || error.refusalCode == .unsupportedVersion else { throw error }
    }
    return facts
  }

  private mutating func take(_ classic: DescribeGroupsResponse.Group) {
    state = classic.state
    assignor = classic.protocolData
    members = classic.members.map { member in
      Member(
        memberID: member.memberID, instanceID: member.groupInstanceID, clientID: member.clientID,
        clientHost: member.clientHost, assignment: Self.partitions(member.assignment))
    }
  }

  /// What a member is assigned; nothing where only its own kind of client can read it.
  private static func partitions(_ assignment: [UInt8]) -> [TopicPartition] {
    guard !assignment.isEmpty else { return [] }
    do throws(ProtocolError) {
      return GroupMember.partitions(try ConsumerProtocolAssignment(decoding: assignment))
    } catch {
      return []
    }
  }

  private mutating func take(_ consumer: ConsumerGroupDescribeResponse.Group) {
    state = consumer.state
    type = "consumer"
    assignor = consumer.assignorName
    members = consumer.members.map { member in
      let partitions = member.assignment.topicPartitions.flatMap { topic in
        topic.partitions.map { TopicPartition(topic: topic.topicName, partition: $0) }
      }
      return Member(
        memberID: member.memberID, instanceID: member.instanceID, clientID: member.clientID,
        clientHost: member.clientHost,
        assignment: partitions.sorted { ($0.topic, $0.partition) < ($1.topic, $1.partition) })
    }
  }

  /// Whether the coordinator knows anything of the group.
  var exists: Bool { state != "Dead" || !members.isEmpty || !committed.isEmpty }
}
