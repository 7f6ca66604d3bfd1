package import MoldauFormat
package import MoldauProtocol

/// Changes to topics, and what is known of them beside their records.
extension KafkaConnection {
  // MARK: Topics

  /// A topic to be created.
  package struct TopicPlan: Equatable, Sendable {
    package var name: String
    /// nil: the broker's default.
    package var partitionCount: Int32?
    /// nil: the broker's default.
    package var replicationFactor: Int16?
    /// The brokers of each partition, the preferred leader first; empty: as the broker places them.
    package var assignments: [[Int32]] = []
    package var configuration: [(name: String, value: String)] = []

    package init(name: String) { self.name = name }

    package static func == (one: TopicPlan, other: TopicPlan) -> Bool {
      one.name == other.name && one.partitionCount == other.partitionCount
        && one.replicationFactor == other.replicationFactor
        && one.assignments == other.assignments
        && one.configuration.elementsEqual(other.configuration, by: ==)
    }
  }

  /// Creates a topic; returns how many partitions it has, where the broker says so (KIP-525).
  package func create(topic plan: TopicPlan) throws(ClientError) -> Int32? {
    var topic = CreateTopicsRequest.Topic()
    topic.name = plan.name
    topic.partitionCount = plan.partitionCount ?? -1
    topic.replicationFactor = plan.replicationFactor ?? -1
    // Brokers know their own defaults from version 4 on (KIP-464).
    if try version(of: .createTopics) < 4, plan.assignments.isEmpty {
      topic.partitionCount = plan.partitionCount ?? 1
      topic.replicationFactor = plan.replicationFactor ?? 1
    }
    topic.assignments = plan.assignments.enumerated().map { index, brokers in
      var assignment = CreateTopicsRequest.Assignment()
      assignment.partitionIndex = Int32(index)
      assignment.brokerIDs = brokers
      return assignment
    }
    topic.configurations = plan.configuration.map { name, value in
      var configuration = CreateTopicsRequest.Configuration()
      configuration.name = name
      configuration.value = value
      return configuration
    }
    var request = CreateTopicsRequest()
    request.topics = [topic]
    request.timeoutMilliseconds = options.timeoutMilliseconds
    let response = try call(request, waitMilliseconds: options.timeoutMilliseconds)
    guard let result = response.topics.first else {
      throw error(.missing(what: "the topic \(plan.name)"))
    }
    try check(result.errorCode, "to create the topic \(plan.name)", result.errorMessage)
    return result.partitionCount > 0 ? result.partitionCount : nil
  }

  package func delete(topic name: String) throws(ClientError) {
    var topic = DeleteTopicsRequest.Topic()
    topic.name = name
    var request = DeleteTopicsRequest()
    request.topics = [topic]
    request.topicNames = [name]
    request.timeoutMilliseconds = options.timeoutMilliseconds
    let response = try call(request, waitMilliseconds: options.timeoutMilliseconds)
    guard let result = response.topics.first else {
      throw error(.missing(what: "the topic \(name)"))
    }
    try check(result.errorCode, "to delete the topic \(name)", result.errorMessage)
    topicIDs[name] = nil
  }

  /// Adds partitions to a topic until it has `count` in all.
  package func addPartitions(to name: String, count: Int32) throws(ClientError) {
    var topic = CreatePartitionsRequest.Topic()
    topic.name = name
    topic.count = count
    topic.assignments = nil
    var request = CreatePartitionsRequest()
    request.topics = [topic]
    request.timeoutMilliseconds = options.timeoutMilliseconds
    let response = try call(request, waitMilliseconds: options.timeoutMilliseconds)
    guard let result = response.topics.first else {
      throw error(.missing(what: "the topic \(name)"))
    }
    try check(result.errorCode, "partitions for the topic \(name)", result.errorMessage)
  }

  // MARK: Configuration

  /// Returns the configuration of a topic, by name.
  package func configuration(
    ofTopic name: String
  ) throws(ClientError) -> [DescribeConfigsResponse.Configuration] {
    try configuration(ConfigResourceType.topic, name)
  }

  /// Returns the configuration of the broker at the other end, whose number is `nodeID`, by name.
  package func configuration(
    ofBroker nodeID: Int32
  ) throws(ClientError) -> [DescribeConfigsResponse.Configuration] {
    try configuration(ConfigResourceType.broker, "\(nodeID)")
  }

  /// Returns what was set for all brokers of the cluster while they ran, by name.
  package func configurationOfAllBrokers()
    throws(ClientError) -> [DescribeConfigsResponse.Configuration]
  {
    try configuration(ConfigResourceType.broker, "")
  }

  private func configuration(
    _ type: Int8, _ name: String
  ) throws(ClientError) -> [DescribeConfigsResponse.Configuration] {
    var resource = DescribeConfigsRequest.Resource()
    resource.type = type
    resource.name = name
    resource.keys = nil
    var request = DescribeConfigsRequest()
    request.resources = [resource]
    let what = "the configuration of \(type == ConfigResourceType.topic ? "" : "broker ")\(name)"
    guard let result = try call(request).results.first else { throw error(.missing(what: what)) }
    try check(result.errorCode, what, result.errorMessage)
    return result.configurations.sorted { $0.name < $1.name }
  }

  /// Sets values of a topic's configuration, and takes others back to their defaults, at once.
  package func alterConfiguration(
    ofTopic name: String, set: [(name: String, value: String)], unset: [String]
  ) throws(ClientError) {
    try alterConfiguration(
      ConfigResourceType.topic, name, called: "the configuration of \(name)", set, unset)
  }

  /// As `alterConfiguration(ofTopic:set:unset:)`, of what holds for all brokers of the cluster.
  package func alterConfigurationOfAllBrokers(
    set: [(name: String, value: String)], unset: [String]
  ) throws(ClientError) {
    try alterConfiguration(
      ConfigResourceType.broker, "", called: "the configuration of all brokers", set, unset)
  }

  private func alterConfiguration(
    _ type: Int8, _ name: String, called what: String, _ set: [(name: String, value: String)],
    _ unset: [String]
  ) throws(ClientError) {
    typealias Request = IncrementalAlterConfigsRequest
    var resource = Request.Resource()
    resource.type = type
    resource.name = name
    for (name, value) in set {
      var change = Request.Configuration()
      change.name = name
      change.operation = Request.Operation.set
      change.value = value
      resource.configurations.append(change)
    }
    for name in unset {
      var change = Request.Configuration()
      change.name = name
      change.operation = Request.Operation.delete
      resource.configurations.append(change)
    }
    var request = Request()
    request.resources = [resource]
    guard let result = try call(request).resources.first else {
      throw error(.missing(what: what))
    }
    try check(result.errorCode, what, result.errorMessage)
  }

  // MARK: Disks

  /// Returns how many bytes this broker's replicas have on its disks.
  package func replicaByteCounts(
    of partitions: [TopicPartition]
  ) throws(ClientError) -> [TopicPartition: Int64] {
    var request = DescribeLogDirsRequest()
    request.topics = TopicPartition.grouped(partitions).map { name, indexes in
      var topic = DescribeLogDirsRequest.Topic()
      topic.name = name
      topic.partitions = indexes
      return topic
    }
    let response = try call(request)
    try check(response.errorCode, "the sizes of partitions")
    var byteCounts: [TopicPartition: Int64] = [:]
    for directory in response.directories where directory.errorCode == .none {
      for topic in directory.topics {
        for replica in topic.partitions where !replica.isFuture {
          let partition = TopicPartition(topic: topic.name, partition: replica.index)
          byteCounts[partition] = replica.byteCount
        }
      }
    }
    return byteCounts
  }

  // MARK: Producers

  /// Returns a fresh identity for an idempotent producer.
  package func newProducer() throws(ClientError) -> ProducerIdentity {
    var request = InitProducerIDRequest()
    request.transactionTimeoutMilliseconds = options.timeoutMilliseconds
    let response = try call(request, waitMilliseconds: options.timeoutMilliseconds)
    try check(response.errorCode, "a producer id")
    return ProducerIdentity(id: response.producerID, epoch: response.producerEpoch)
  }
}
