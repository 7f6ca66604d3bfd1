import MoldauFormat

/// A partition as consumer groups know it.
///
/// Topics go by their ids, so the partitions of a topic that was created anew are others.
struct GroupPartition: Hashable, Sendable {
  let topic: TopicID
  let number: Int32
}

extension GroupPartition: Comparable {
  static func < (left: GroupPartition, right: GroupPartition) -> Bool {
    (left.topic.high, left.topic.low, left.number)
      < (right.topic.high, right.topic.low, right.number)
  }
}

extension Set<GroupPartition> {
  /// The partitions by topic, all in ascending order, so that equal sets give equal bytes.
  var byTopic: [ConsumerGroupPartitions] {
    var topics: [ConsumerGroupPartitions] = []
    for partition in sorted() {
      if topics.last?.topicID != partition.topic {
        topics.append(ConsumerGroupPartitions(topicID: partition.topic, partitions: []))
      }
      topics[topics.count - 1].partitions.append(partition.number)
    }
    return topics
  }

  /// The partitions that records or requests list by topic.
  init(_ topics: [ConsumerGroupPartitions]) {
    self.init()
    for topic in topics {
      for number in topic.partitions {
        insert(GroupPartition(topic: topic.topicID, number: number))
      }
    }
  }
}
