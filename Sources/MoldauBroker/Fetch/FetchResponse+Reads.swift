import MoldauLog
import MoldauProtocol

extension FetchResponse {
  /// Adds what a look at a partition has found; its records go into the reply beside the answer.
  mutating func add(_ read: PartitionRead, of key: FetchPartitionKey, _ reply: inout Reply) {
    var answer = Partition()
    answer.index = key.index
    answer.errorCode = read.errorCode
    answer.highWatermark = read.highWatermark
    answer.lastStableOffset = read.lastStableOffset
    answer.logStartOffset = read.logStartOffset
    answer.abortedTransactions = read.aborted.map { aborted in
      aborted.map { transaction in
        var told = AbortedTransaction()
        told.producerID = transaction.producerID
        told.firstOffset = transaction.firstOffset.rawValue
        return told
      }
    }
    if let diverging = read.diverging {
      answer.divergingEpoch.epoch = diverging.epoch
      answer.divergingEpoch.endOffset = diverging.end.rawValue
    }
    answer.records = read.slice.map { reply.add($0) } ?? .bytes([])
    let isSameTopic = topics.last.map { $0.name == key.topic.name && $0.id == key.topic.id }
    if isSameTopic != true {
      var topic = Topic()
      topic.name = key.topic.name
      topic.id = key.topic.id
      topics.append(topic)
    }
    topics[topics.count - 1].partitions.append(answer)
  }
}
