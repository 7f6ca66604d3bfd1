import MoldauFormat
import MoldauProtocol

/// A topic as a fetch request names it: by name, from version 13 on by id.
struct FetchTopicKey: Hashable, Sendable {
  var name: String
  var id: TopicID
}

/// A partition as a fetch request names it.
struct FetchPartitionKey: Hashable, Sendable {
  var topic: FetchTopicKey
  var index: Int32
}

/// One partition of a fetch: what the client wants of it, and in a session what it was told last.
struct FetchPartition: Sendable {
  let key: FetchPartitionKey
  var wanted: FetchRequest.Partition
  /// What the client knows from the answers of its session; −1 is nothing.
  var toldHighWatermark: Int64 = -1
  var toldLogStartOffset: Int64 = -1

  init(_ key: FetchPartitionKey, _ wanted: FetchRequest.Partition) {
    self.key = key
    self.wanted = wanted
  }
}

extension FetchRequest {
  /// The partitions that the request names, in its order.
  var named: [FetchPartition] {
    var all: [FetchPartition] = []
    all.reserveCapacity(topics.reduce(0) { $0 + $1.partitions.count })
    for topic in topics {
      let key = FetchTopicKey(name: topic.name, id: topic.id)
      for wanted in topic.partitions {
        all.append(FetchPartition(FetchPartitionKey(topic: key, index: wanted.index), wanted))
      }
    }
    return all
  }

  /// The partitions that leave the session.
  var forgotten: Set<FetchPartitionKey> {
    var all: Set<FetchPartitionKey> = []
    for topic in forgottenTopics {
      let key = FetchTopicKey(name: topic.name, id: topic.id)
      for index in topic.partitions { all.insert(FetchPartitionKey(topic: key, index: index)) }
    }
    return all
  }
}
