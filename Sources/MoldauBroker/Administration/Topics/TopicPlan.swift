import MoldauFormat
import MoldauLog
import MoldauProtocol

/// A topic as a client wants it to be, checked as far as that can be done without the store.
struct TopicPlan: Sendable {
  let name: String
  let configuration: TopicConfiguration
  /// Replicas that were asked for and that there will not be, in development.
  let missingReplicaCount: Int

  /// - Throws: when no such topic can be.
  init(
    _ asked: CreateTopicsRequest.Topic, _ settings: TopicSettings, nodeID: Int32
  ) throws(AdministrationRefusal) {
    name = asked.name
    try Self.check(name: asked.name)
    let placed = try Self.placedPartitionCount(asked, settings, nodeID: nodeID)
    missingReplicaCount = try Self.missingReplicaCount(asked, settings)
    var changes: [SettingChange] = []
    for configuration in asked.configurations {
      changes.append(try SettingChange(setting: configuration.name, to: configuration.value))
    }
    var configuration = settings.defaults
    configuration.partitionCount =
      if let placed { placed } else { try Self.partitionCount(asked, settings.defaults) }
    self.configuration = try settings.configuration(configuration, applying: changes)
  }

  /// Throws when a topic cannot have the name, or when only the broker makes the topic.
  static func check(name: String) throws(AdministrationRefusal) {
    do throws(FormatError) { try TopicName.validate(name) } catch {
      throw AdministrationRefusal(.invalidTopicException, "\"\(name.prefix(300))\": \(error)")
    }
    guard !HostedTopic.isInternal(name) else {
      throw AdministrationRefusal(
        .invalidTopicException, "\(name) is the broker's own topic: it creates it when needed")
    }
  }

  private static func partitionCount(
    _ asked: CreateTopicsRequest.Topic, _ defaults: TopicConfiguration
  ) throws(AdministrationRefusal) -> Int {
    if asked.partitionCount == -1 { return defaults.partitionCount }
    let limit = MoldauLog.Limits.maxPartitionsPerTopic
    guard (1...limit).contains(Int(asked.partitionCount)) else {
      throw AdministrationRefusal(
        .invalidPartitions,
        "a topic has 1 to \(limit) partitions, or -1 for the default, not \(asked.partitionCount)")
    }
    return Int(asked.partitionCount)
  }

  private static func missingReplicaCount(
    _ asked: CreateTopicsRequest.Topic, _ settings: TopicSettings
  ) throws(AdministrationRefusal) -> Int {
    switch asked.replicationFactor {
    case -1, 1:
      return 0
    case 2... where settings.isDevelopment:
      return Int(asked.replicationFactor) - 1
    case 2...:
      throw AdministrationRefusal(
        .invalidReplicationFactor,
        "replication factor \(asked.replicationFactor) is more than the 1 broker that there is")
    default:
      throw AdministrationRefusal(
        .invalidReplicationFactor,
        "the replication factor must be above 0, or -1 for the default, and is"
          + " \(asked.replicationFactor)")
    }
  }

  /// The number of partitions that the client has placed; nil when it leaves that to the broker.
  private static func placedPartitionCount(
    _ asked: CreateTopicsRequest.Topic, _ settings: TopicSettings, nodeID: Int32
  ) throws(AdministrationRefusal) -> Int? {
    guard let placement = try placement(asked) else { return nil }
    for replicas in placement { try check(replicas, settings, nodeID: nodeID) }
    return placement.count
  }

  /// Where the client wants each partition's replicas; nil when it leaves that to the broker.
  static func placement(
    _ asked: CreateTopicsRequest.Topic
  ) throws(AdministrationRefusal) -> [[Int32]]? {
    guard !asked.assignments.isEmpty else { return nil }
    guard asked.partitionCount == -1, asked.replicationFactor == -1 else {
      throw AdministrationRefusal(
        .invalidRequest,
        "where replicas are placed, the partition count and the replication factor must be -1")
    }
    let limit = MoldauLog.Limits.maxPartitionsPerTopic
    guard asked.assignments.count <= limit else {
      throw AdministrationRefusal(.invalidPartitions, "a topic has at most \(limit) partitions")
    }
    let ordered = asked.assignments.sorted { $0.partitionIndex < $1.partitionIndex }
    let indexes = ordered.map(\.partitionIndex)
    guard indexes == (0..<Int32(indexes.count)).map({ $0 }) else {
      throw AdministrationRefusal(
        .invalidReplicaAssignment, "the partitions must be numbered from 0 on, without a gap")
    }
    return ordered.map(\.brokerIDs)
  }

  /// Throws unless the replicas of a partition are just on this broker.
  static func check(
    _ replicas: [Int32], _ settings: TopicSettings, nodeID: Int32
  ) throws(AdministrationRefusal) {
    guard replicas != [nodeID] else { return }
    let isPossible =
      settings.isDevelopment && replicas.contains(nodeID) && Set(replicas).count == replicas.count
    guard isPossible else {
      throw AdministrationRefusal(
        .invalidReplicaAssignment,
        "replicas \(replicas): each partition has one replica, on broker \(nodeID)")
    }
  }
}
