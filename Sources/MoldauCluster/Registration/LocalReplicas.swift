package import MoldauFormat

/// What a broker's directory has of a replica that the cluster counts on.
package enum ReplicaCondition: Hashable, Sendable {
  /// All that was made durable.
  case whole
  /// All that was made durable; but what is acknowledged need not be.
  case buffered
  /// There was none here yet.
  case new
  /// Its log is missing, or some of what was durable is.
  case lost
}

/// What a broker that registers knows of its directory.
package protocol LocalReplicas: Sendable {
  /// The condition of a replica. Must be quick.
  func condition(of partition: TopicPartition, topicID: TopicID) -> ReplicaCondition

  /// Notes durably that the directory is the one of this registration, and which cluster it is of.
  ///
  /// - Parameter completion: called once, from any thread, with what went wrong.
  func note(
    _ file: MemberFile, clusterID: String, _ completion: @escaping @Sendable (String?) -> Void)
}
