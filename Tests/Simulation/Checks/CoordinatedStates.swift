import MoldauCluster
import MoldauCoordination
import MoldauFormat

/// What the coordination service says of partitions, looked at from outside.
final class CoordinatedStates {
  private let tree: EmbeddedTree
  private let partitions: [TopicPartition]
  private let names: [String]
  private var lastChangeID: Int64 = -1
  private var versions: [TopicPartition: NodeStat] = [:]
  private var topicVersions: [String: NodeStat] = [:]
  private var topics: [String: TopicNode] = [:]
  private(set) var states: [TopicPartition: PartitionStateNode] = [:]

  init(_ tree: EmbeddedTree, _ partitions: [TopicPartition]) {
    self.tree = tree
    self.partitions = partitions
    names = Set(partitions.map(\.topic)).sorted()
  }

  /// Looks again; returns the partitions of which the state or the topic is another one.
  func refresh() throws(NodeError) -> [TopicPartition] {
    guard tree.lastChangeID != lastChangeID else { return [] }
    lastChangeID = tree.lastChangeID
    var changed: [TopicPartition] = []
    for name in names {
      let path = ClusterPath.topic(name)
      guard tree.stat(of: path) != topicVersions[name] else { continue }
      changed += partitions.filter { $0.topic == name }
      topicVersions[name] = tree.stat(of: path)
      topics[name] = try tree.data(at: path).map { data throws(NodeError) in
        try TopicNode(parsing: data, at: path)
      }
    }
    for partition in partitions {
      let path = ClusterPath.state(of: partition)
      let stat = tree.stat(of: path)
      guard stat != versions[partition] else { continue }
      versions[partition] = stat
      changed.append(partition)
      states[partition] = nil
      if let data = tree.data(at: path) {
        states[partition] = try PartitionStateNode(parsing: data, at: path)
      }
    }
    return changed
  }

  /// The id of the topic that has the name; nil when there is none.
  func topicID(of name: String) -> TopicID? {
    topics[name].flatMap { TopicID(base64: $0.topicID) }
  }

  /// The replicas of a partition, with those that are being added and removed.
  func replicas(of partition: TopicPartition) -> [Int32] {
    topics[partition.topic]?.replicas(of: partition.partition) ?? []
  }
}
