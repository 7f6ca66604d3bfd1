import MoldauFormat
import MoldauProtocol

/// What clients are told of partitions that this broker cannot serve.
extension TopicDirectory {
  /// Of a partition that is not here: in a cluster it may be on another broker.
  ///
  /// - Parameters:
  ///   - name: as the request says it; empty when it says the id.
  ///   - hosted: the topic, if it is here.
  func refusal(
    ofMissing index: Int32, of name: String, _ id: TopicID, _ hosted: HostedTopic?
  ) -> ErrorCode {
    let isUnknownID = name.isEmpty && hosted == nil
    guard let replicas else { return isUnknownID ? .unknownTopicID : .unknownTopicOrPartition }
    let image = replicas.image
    guard let topic = name.isEmpty ? image.topic(id) : image.topics[name] else {
      return name.isEmpty ? .unknownTopicID : .unknownTopicOrPartition
    }
    return topic.partition(index) == nil ? .unknownTopicOrPartition : .notLeaderOrFollower
  }
}
