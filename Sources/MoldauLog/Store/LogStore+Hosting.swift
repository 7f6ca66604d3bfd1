package import MoldauFormat

/// Topics of which this store has some partitions, as a broker of a cluster has.
extension LogStore {
  /// Makes a topic of `partitionCount` partitions of which this store has those in `hosting`; blocks
  /// while their folders are made.
  ///
  /// - Precondition: `hosting` is not empty, and its numbers are below `partitionCount`.
  /// - Throws: `topicExists`, `invalidTopicName`, `invalidConfiguration`.
  package func createTopic(
    _ name: String, id: TopicID, hosting: [Int], of partitionCount: Int,
    _ configuration: TopicConfiguration
  ) throws(LogError) -> Topic {
    preconditionFailure("not yet")
  }

  /// Takes in more of a topic's partitions; those that are here stay as they are. With a larger
  /// `partitionCount` the topic has got more of them, even if none is for this store.
  package func host(
    _ numbers: [Int], of topic: Topic, partitionCount: Int
  ) throws(LogError) {
    preconditionFailure("not yet")
  }

  /// Takes partitions of a topic out of the store and their files away; with the last of them goes
  /// the topic. What groups have committed for the topic stays.
  package func removePartitions(_ numbers: [Int], of topic: Topic) throws(LogError) {
    preconditionFailure("not yet")
  }
}
