package import MoldauFormat

/// The paths of the cluster's nodes (docs/format/coordination-nodes.md).
package enum ClusterPath {
  package static let brokers = "/brokers"
  package static let brokerIDs = "/brokers/ids"
  package static let brokerEpochs = "/brokers/epochs"
  package static let topics = "/brokers/topics"
  package static let config = "/config"
  package static let topicConfigurations = "/config/topics"
  package static let brokerConfigurations = "/config/brokers"
  package static let admin = "/admin"
  package static let topicDeletions = "/admin/delete_topics"
  package static let controller = "/controller"
  package static let controllerEpoch = "/controller_epoch"
  package static let cluster = "/cluster"
  package static let clusterID = "/cluster/id"
  package static let producerIDBlock = "/latest_producer_id_block"

  /// What Kafka names all brokers where one broker's number could stand.
  package static let allBrokers = "<default>"

  package static func broker(_ id: Int32) -> String { "\(brokerIDs)/\(id)" }

  package static func brokerEpoch(_ id: Int32) -> String { "\(brokerEpochs)/\(id)" }

  package static func topic(_ name: String) -> String { "\(topics)/\(name)" }

  package static func partitions(of topic: String) -> String { "\(topics)/\(topic)/partitions" }

  package static func partition(_ partition: TopicPartition) -> String {
    "\(topics)/\(partition.topic)/partitions/\(partition.partition)"
  }

  package static func state(of partition: TopicPartition) -> String {
    "\(topics)/\(partition.topic)/partitions/\(partition.partition)/state"
  }

  package static func configuration(of topic: String) -> String {
    "\(topicConfigurations)/\(topic)"
  }

  /// - Parameter broker: nil for all brokers.
  package static func configuration(ofBroker broker: Int32?) -> String {
    "\(brokerConfigurations)/\(broker.map { "\($0)" } ?? allBrokers)"
  }

  package static func deletion(of topic: String) -> String { "\(topicDeletions)/\(topic)" }

  /// The nodes that are always there, each after its parent.
  package static let base = [
    brokers, brokerIDs, brokerEpochs, topics, config, topicConfigurations, brokerConfigurations,
    admin, topicDeletions, cluster,
  ]
}
