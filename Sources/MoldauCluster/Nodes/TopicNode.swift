package import MoldauFormat

/// `/brokers/topics/<topic>`: a topic's id and where its replicas are; Kafka's version 3.
package struct TopicNode: NodeValue {
  package var version = 3
  package var topicID: String
  /// By the partition's number.
  package var partitions: [String: [Int32]]
  package var addingReplicas: [String: [Int32]]
  package var removingReplicas: [String: [Int32]]

  private enum CodingKeys: String, CodingKey {
    case version, partitions
    case topicID = "topic_id"
    case addingReplicas = "adding_replicas"
    case removingReplicas = "removing_replicas"
  }

  package init(_ topic: TopicImage) {
    self.init(id: topic.id, partitions: topic.partitions)
  }

  package init(id: TopicID, partitions images: [PartitionImage]) {
    topicID = id.base64
    partitions = [:]
    addingReplicas = [:]
    removingReplicas = [:]
    for (number, partition) in images.enumerated() {
      partitions["\(number)"] = partition.replicas
      if !partition.adding.isEmpty { addingReplicas["\(number)"] = partition.adding }
      if !partition.removing.isEmpty { removingReplicas["\(number)"] = partition.removing }
    }
  }

  package init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    version = try fields.decode(Int.self, forKey: .version)
    topicID = try fields.decode(String.self, forKey: .topicID)
    partitions = try fields.decode([String: [Int32]].self, forKey: .partitions)
    addingReplicas =
      try fields.decodeIfPresent([String: [Int32]].self, forKey: .addingReplicas) ?? [:]
    removingReplicas =
      try fields.decodeIfPresent([String: [Int32]].self, forKey: .removingReplicas) ?? [:]
  }

  package func validate() throws(NodeFault) {
    guard TopicID(base64: topicID) != nil else {
      throw NodeFault("\"topic_id\": \(topicID) is not an id")
    }
    for number in 0..<partitions.count {
      guard let replicas = partitions["\(number)"] else {
        throw NodeFault("\"partitions\": there are \(partitions.count), and none is \(number)")
      }
      guard !replicas.isEmpty, Set(replicas).count == replicas.count else {
        throw NodeFault("\"partitions.\(number)\": replicas \(replicas)")
      }
      for moving in [addingReplicas["\(number)"], removingReplicas["\(number)"]] {
        guard Set(moving ?? []).isSubset(of: replicas) else {
          throw NodeFault("partition \(number): \(moving ?? []) are to move and are no replicas")
        }
      }
    }
  }

  package var id: TopicID { TopicID(base64: topicID) ?? .zero }

  package func replicas(of number: Int32) -> [Int32] { partitions["\(number)"] ?? [] }

  package func adding(_ number: Int32) -> [Int32] { addingReplicas["\(number)"] ?? [] }

  package func removing(_ number: Int32) -> [Int32] { removingReplicas["\(number)"] ?? [] }
}
