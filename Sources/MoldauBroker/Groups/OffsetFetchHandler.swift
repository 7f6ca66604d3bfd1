import MoldauFormat
import MoldauLog
import MoldauProtocol

extension Broker {
  /// Says what groups have committed; −1 where nothing is.
  func offsetFetch(
    _ request: OffsetFetchRequest, _ context: RequestContext, into reply: inout Reply
  ) -> Outcome {
    let version = context.header.version
    let asked = version >= 8 ? request.groups : [OffsetFetchRequest.Group(single: request)]
    return whenLoaded(
      asked.map(\.groupID), context, into: &reply,
      refusal: { code in
        OffsetFetchResponse(asked.map { OffsetFetchResponse.Group(refusing: $0, code) }, version)
      },
      { [self] reply in
        let groups = asked.map { committedOffsets($0) }
        reply.answer(OffsetFetchResponse(groups, version), to: context.header)
        return .answered
      })
  }

  private func committedOffsets(_ asked: OffsetFetchRequest.Group) -> OffsetFetchResponse.Group {
    let committer = GroupCommitter(
      memberID: asked.memberID ?? "", instanceID: nil, epoch: asked.memberEpoch)
    let code = refusal(ofOffsetsOf: asked.groupID) ?? groups.checkFetch(asked.groupID, committer)
    guard code == .none else { return OffsetFetchResponse.Group(refusing: asked, code) }
    guard let offsets = groups.partition(of: asked.groupID)?.offsets else {
      return OffsetFetchResponse.Group(refusing: asked, .notCoordinator)
    }
    var group = OffsetFetchResponse.Group()
    group.groupID = asked.groupID
    guard let wanted = asked.topics else {
      group.topics = allOffsets(offsets.committed(group: asked.groupID))
      return group
    }
    group.topics = wanted.map { wanted in
      var topic = OffsetFetchResponse.Topic()
      topic.name = wanted.name
      topic.id = wanted.id
      let isByID = wanted.name.isEmpty && wanted.id != .zero
      let name = isByID ? knownTopic(wanted.id)?.name : wanted.name
      topic.partitions = wanted.partitionIndexes.map { index in
        guard let name else { return OffsetFetchResponse.Partition(index, nil, .unknownTopicID) }
        let partition = TopicPartition(topic: name, partition: index)
        return OffsetFetchResponse.Partition(
          index, offsets.committed(group: asked.groupID, partition))
      }
      return topic
    }
    return group
  }

  /// What a group has committed, which is in the order of topics.
  private func allOffsets(
    _ committed: [(partition: TopicPartition, value: GroupOffsetValue)]
  ) -> [OffsetFetchResponse.Topic] {
    var topics: [OffsetFetchResponse.Topic] = []
    for (partition, value) in committed {
      if topics.last?.name != partition.topic {
        var topic = OffsetFetchResponse.Topic()
        topic.name = partition.topic
        topic.id = knownTopic(named: partition.topic)?.id ?? .zero
        topics.append(topic)
      }
      topics[topics.count - 1].partitions.append(.init(partition.partition, value))
    }
    return topics
  }
}

extension OffsetFetchRequest.Group {
  /// The one group of a request before version 8.
  fileprivate init(single request: OffsetFetchRequest) {
    self.init()
    groupID = request.groupID
    topics = request.topics
  }
}

extension OffsetFetchResponse {
  fileprivate init(_ groups: [Group], _ version: Int16) {
    self.init()
    self.groups = groups
    guard version < 8, let only = groups.first else { return }
    topics = only.topics
    errorCode = only.errorCode
  }
}

extension OffsetFetchResponse.Group {
  /// Version 1 has no place for an error but at each partition.
  fileprivate init(refusing asked: OffsetFetchRequest.Group, _ code: ErrorCode) {
    self.init()
    groupID = asked.groupID
    errorCode = code
    topics = (asked.topics ?? []).map { asked in
      var topic = OffsetFetchResponse.Topic()
      topic.name = asked.name
      topic.id = asked.id
      topic.partitions = asked.partitionIndexes.map { .init($0, nil, code) }
      return topic
    }
  }
}

extension OffsetFetchResponse.Partition {
  fileprivate init(_ index: Int32, _ value: GroupOffsetValue?, _ code: ErrorCode = .none) {
    self.init()
    self.index = index
    committedOffset = value?.offset.rawValue ?? -1
    committedLeaderEpoch = value?.leaderEpoch ?? -1
    metadata = value?.metadata ?? ""
    errorCode = code
  }
}
