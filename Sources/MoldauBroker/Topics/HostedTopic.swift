package import MoldauLog

/// A topic of the store as the broker serves it.
package final class HostedTopic: Sendable {
  package let topic: Topic
  package let partitions: [Partition]

  init(_ topic: Topic) {
    self.topic = topic
    partitions = topic.partitions.map(Partition.init)
  }

  /// The partition of this number, if there is one.
  func partition(_ index: Int32) -> Partition? {
    let index = Int(index)
    return partitions.indices.contains(index) ? partitions[index] : nil
  }

  /// Whether the broker itself keeps its state in the topic.
  var isInternal: Bool { Self.internalNames.contains(topic.name) }

  private static let internalNames: Set<String> = ["__consumer_offsets", "__transaction_state"]
}
