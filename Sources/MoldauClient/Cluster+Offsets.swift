package import MoldauFormat
import MoldauProtocol

extension Cluster {
  /// Returns the first offset of each partition at or after a time, or at one of
  /// `ListOffsetsRequest.Position`; a partition without such a record has no entry.
  package func offsets(
    of partitions: [TopicPartition], at timestampMilliseconds: Int64, isolation: Isolation
  ) throws(ClientError) -> [TopicPartition: Offset] {
    try retrying { () throws(ClientError) in
      var offsets: [TopicPartition: Offset] = [:]
      for (leader, partitions) in try byLeader(partitions) {
        offsets.merge(
          try leader.offsets(of: partitions, at: timestampMilliseconds, isolation)
        ) { $1 }
      }
      return offsets
    }
  }

  /// Returns where each partition begins and ends.
  package func ends(
    of partitions: [TopicPartition], isolation: Isolation = .readUncommitted
  ) throws(ClientError) -> [TopicPartition: (start: Offset, end: Offset)] {
    let starts = try offsets(
      of: partitions, at: ListOffsetsRequest.Position.earliest, isolation: isolation)
    let ends = try offsets(
      of: partitions, at: ListOffsetsRequest.Position.latest, isolation: isolation)
    var found: [TopicPartition: (start: Offset, end: Offset)] = [:]
    for partition in partitions {
      guard let start = starts[partition], let end = ends[partition] else { continue }
      found[partition] = (start, end)
    }
    return found
  }
}

extension KafkaConnection {
  /// As `Cluster.offsets`, of partitions that this broker leads.
  func offsets(
    of partitions: [TopicPartition], at timestampMilliseconds: Int64, _ isolation: Isolation
  ) throws(ClientError) -> [TopicPartition: Offset] {
    var request = ListOffsetsRequest()
    request.isolationLevel = isolation.rawValue
    request.timeoutMilliseconds = options.timeoutMilliseconds
    request.topics = TopicPartition.grouped(partitions).map { name, indexes in
      var topic = ListOffsetsRequest.Topic()
      topic.name = name
      topic.partitions = indexes.map { index in
        var partition = ListOffsetsRequest.Partition()
        partition.index = index
        partition.timestampMilliseconds = timestampMilliseconds
        return partition
      }
      return topic
    }
    var offsets: [TopicPartition: Offset] = [:]
    for topic in try call(request).topics {
      for found in topic.partitions {
        let partition = TopicPartition(topic: topic.name, partition: found.index)
        guard found.errorCode == .none else {
          throw error(
            .refused(what: "an offset of \(partition)", found.errorCode, explanation: nil))
        }
        if found.offset >= 0 { offsets[partition] = Offset(rawValue: found.offset) }
      }
    }
    return offsets
  }
}

extension TopicPartition {
  /// Topics with the numbers of their partitions, both in ascending order.
  static func grouped(_ partitions: some Sequence<TopicPartition>) -> [(String, [Int32])] {
    Dictionary(grouping: partitions, by: \.topic).sorted { $0.key < $1.key }
      .map { ($0.key, $0.value.map(\.partition).sorted()) }
  }
}
