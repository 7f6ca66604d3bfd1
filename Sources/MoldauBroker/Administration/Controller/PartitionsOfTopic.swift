import MoldauProtocol

/// The partitions of one topic in an answer.
protocol PartitionsOfTopic {
  associatedtype Partition

  init()

  var name: String { get set }
  var partitions: [Partition] { get set }
}

extension Array where Element: PartitionsOfTopic {
  /// Adds a partition: to the last topic when it is of that.
  mutating func add(_ partition: Element.Partition, ofTopic name: String) {
    if last?.name != name {
      var topic = Element()
      topic.name = name
      append(topic)
    }
    self[count - 1].partitions.append(partition)
  }
}

extension ElectLeadersResponse.Topic: PartitionsOfTopic {}
extension AlterPartitionReassignmentsResponse.Topic: PartitionsOfTopic {}
extension ListPartitionReassignmentsResponse.Topic: PartitionsOfTopic {}
