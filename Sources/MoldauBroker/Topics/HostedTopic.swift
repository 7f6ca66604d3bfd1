package import MoldauLog

/// A topic of the store as the broker serves it.
package final class HostedTopic: Sendable {
  package let topic: Topic
  /// By number; nil where the partition is not in this broker's directory.
  private let places: [Partition?]

  /// `earlier` is what the broker has kept of the topic when it had other partitions.
  init(_ topic: Topic, _ replicas: Replicas? = nil, earlier: HostedTopic? = nil) {
    self.topic = topic
    let known = earlier?.places ?? []
    places = (0..<topic.partitionCount).map { number in
      guard let log = topic.log(ofPartition: number) else { return nil }
      if known.indices.contains(number), let kept = known[number], kept.log === log { return kept }
      return Partition(log, of: topic, replicas)
    }
  }

  /// The partitions in this broker's directory, in the order of their numbers.
  package var partitions: [Partition] { places.compactMap { $0 } }

  /// Whether the topic has got more partitions than are known here.
  var isBehind: Bool { places.count < topic.partitionCount }

  /// The partition of this number, if there is one.
  func partition(_ index: Int32) -> Partition? {
    let index = Int(index)
    return places.indices.contains(index) ? places[index] : nil
  }

  /// Whether the broker itself keeps its state in the topic.
  var isInternal: Bool { Self.isInternal(topic.name) }

  /// Whether a topic of this name is the broker's own, or would be in another broker.
  static func isInternal(_ name: String) -> Bool { internalNames.contains(name) }

  /// The topic of Kafka's metadata quorum.
  static let clusterMetadataName = "__cluster_metadata"

  private static let internalNames: Set<String> = [
    "__consumer_offsets", "__transaction_state", clusterMetadataName,
  ]
}
