package import MoldauFormat
package import MoldauProtocol

/// What can be asked about groups; all but `coordinator(of:)` and `groups()` is the coordinator's.
extension KafkaConnection {
  /// The newest versions of requests about offsets that name topics by their names.
  private static let namesTopicsUpTo: Int16 = 9

  // MARK: Finding groups

  /// Returns where the coordinator of a group is reached.
  package func coordinator(of group: String) throws(ClientError) -> Endpoint {
    var request = FindCoordinatorRequest()
    request.key = group
    request.keyType = FindCoordinatorRequest.KeyType.group
    request.keys = [group]
    let response = try call(request)
    var code = response.errorCode
    var (host, portNumber) = (response.host, response.port)
    var explanation = response.errorMessage
    if let found = response.coordinators.first {
      (code, host, portNumber, explanation) =
        (found.errorCode, found.host, found.port, found.errorMessage)
    }
    try check(code, "the coordinator of group \(group)", explanation)
    guard let port = UInt16(exactly: portNumber), !host.isEmpty else {
      throw error(.missing(what: "the coordinator of group \(group)"))
    }
    return Endpoint(host: host, port: port)
  }

  /// Returns the groups that this broker coordinates; of an older one without states and types.
  package func groups() throws(ClientError) -> [ListGroupsResponse.Group] {
    let response = try call(ListGroupsRequest())
    try check(response.errorCode, "the list of groups")
    return response.groups
  }

  // MARK: One group

  /// Returns a classic group and its members.
  package func describe(group: String) throws(ClientError) -> DescribeGroupsResponse.Group {
    var request = DescribeGroupsRequest()
    request.groupIDs = [group]
    guard let found = try call(request).groups.first(where: { $0.groupID == group }) else {
      throw error(.missing(what: "the group \(group)"))
    }
    try check(found.errorCode, "the group \(group)", found.errorMessage)
    return found
  }

  /// Returns a group of the consumer protocol (KIP-848) and its members.
  package func describe(
    consumerGroup group: String
  ) throws(ClientError) -> ConsumerGroupDescribeResponse.Group {
    var request = ConsumerGroupDescribeRequest()
    request.groupIDs = [group]
    guard let found = try call(request).groups.first(where: { $0.groupID == group }) else {
      throw error(.missing(what: "the group \(group)"))
    }
    try check(found.errorCode, "the group \(group)", found.errorMessage)
    return found
  }

  /// Deletes a group that has no members, with its committed offsets.
  package func delete(group: String) throws(ClientError) {
    var request = DeleteGroupsRequest()
    request.groupIDs = [group]
    guard let result = try call(request).results.first else {
      throw error(.missing(what: "the group \(group)"))
    }
    try check(result.errorCode, "to delete the group \(group)")
  }

  // MARK: Committed offsets

  /// Returns the offsets that a group has committed, of all its topics.
  package func committedOffsets(
    of group: String
  ) throws(ClientError) -> [TopicPartition: Offset] {
    var request = OffsetFetchRequest()
    request.groupID = group
    request.topics = nil
    var wanted = OffsetFetchRequest.Group()
    wanted.groupID = group
    request.groups = [wanted]
    let response = try call(request, upTo: Self.namesTopicsUpTo)
    let found = response.groups.first
    try check(found?.errorCode ?? response.errorCode, "the offsets of group \(group)")
    var offsets: [TopicPartition: Offset] = [:]
    for topic in found?.topics ?? response.topics {
      for data in topic.partitions {
        let partition = TopicPartition(topic: topic.name, partition: data.index)
        try check(data.errorCode, "the offset of \(partition) in group \(group)")
        guard data.committedOffset >= 0 else { continue }
        offsets[partition] = Offset(rawValue: data.committedOffset)
      }
    }
    return offsets
  }

  /// Commits offsets for a group: as one of its members, or for a group that has none.
  package func commit(
    _ offsets: [TopicPartition: Offset], group: String, memberID: String = "",
    generationID: Int32 = -1
  ) throws(ClientError) {
    var request = OffsetCommitRequest()
    request.groupID = group
    request.memberID = memberID
    request.generationID = generationID
    request.topics = TopicPartition.grouped(offsets.keys).map { name, indexes in
      var topic = OffsetCommitRequest.Topic()
      topic.name = name
      topic.partitions = indexes.map { index in
        var data = OffsetCommitRequest.Partition()
        data.index = index
        let partition = TopicPartition(topic: name, partition: index)
        data.committedOffset = offsets[partition]?.rawValue ?? 0
        return data
      }
      return topic
    }
    for topic in try call(request, upTo: Self.namesTopicsUpTo).topics {
      for data in topic.partitions {
        try check(
          data.errorCode, "to commit offset of \(topic.name)-\(data.index) in group \(group)")
      }
    }
  }

  /// Forgets the offsets that a group has committed of some partitions.
  package func deleteOffsets(
    of partitions: [TopicPartition], group: String
  ) throws(ClientError) {
    var request = OffsetDeleteRequest()
    request.groupID = group
    request.topics = TopicPartition.grouped(partitions).map { name, indexes in
      var topic = OffsetDeleteRequest.Topic()
      topic.name = name
      topic.partitions = indexes.map { index in
        var data = OffsetDeleteRequest.Partition()
        data.index = index
        return data
      }
      return topic
    }
    let response = try call(request)
    try check(response.errorCode, "to delete offsets of group \(group)")
    for topic in response.topics {
      for data in topic.partitions {
        try check(data.errorCode, "to delete the offset of \(topic.name)-\(data.index)")
      }
    }
  }

  /// Throws when the broker has refused.
  func check(
    _ code: ErrorCode, _ what: @autoclosure () -> String, _ explanation: String? = nil
  ) throws(ClientError) {
    guard code != .none else { return }
    let text = explanation.flatMap { $0.isEmpty ? nil : $0 }
    throw error(.refused(what: what(), code, explanation: text))
  }
}
