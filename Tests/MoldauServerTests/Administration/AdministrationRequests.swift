import MoldauProtocol

extension CreateTopicsRequest {
  init(_ topics: Topic...) {
    self.init()
    self.topics = topics
  }
}

extension CreateTopicsRequest.Topic {
  /// A topic that leaves to the broker what is left out.
  init(
    _ name: String, partitions: Int32 = -1, replicas: Int16 = -1,
    _ settings: KeyValuePairs<String, String?> = [:]
  ) {
    self.init()
    self.name = name
    partitionCount = partitions
    replicationFactor = replicas
    configurations = settings.map { key, value in
      var configuration = CreateTopicsRequest.Configuration()
      configuration.name = key
      configuration.value = value
      return configuration
    }
  }

  /// The same, its replicas placed by the client.
  func placed(_ replicas: [Int32: [Int32]]) -> CreateTopicsRequest.Topic {
    var topic = self
    topic.assignments = replicas.sorted { $0.key < $1.key }.map { index, brokers in
      var assignment = CreateTopicsRequest.Assignment()
      assignment.partitionIndex = index
      assignment.brokerIDs = brokers
      return assignment
    }
    return topic
  }
}

extension DeleteTopicsRequest {
  /// Names topics in the way of `version`.
  init(_ names: [String], version: Int16 = 5) {
    self.init()
    if version < 6 {
      topicNames = names
    } else {
      topics = names.map { name in
        var topic = Topic()
        topic.name = name
        return topic
      }
    }
  }
}

extension CreatePartitionsRequest {
  init(_ name: String, count: Int32) {
    self.init()
    var topic = Topic()
    topic.name = name
    topic.count = count
    topic.assignments = nil
    topics = [topic]
  }
}

extension DeleteRecordsRequest {
  init(_ name: String, partition index: Int32 = 0, before offset: Int64) {
    self.init()
    var partition = Partition()
    partition.index = index
    partition.offset = offset
    var topic = Topic()
    topic.name = name
    topic.partitions = [partition]
    topics = [topic]
  }
}

extension DescribeConfigsRequest {
  init(_ type: Int8, _ name: String, keys: [String]? = nil) {
    self.init()
    var resource = Resource()
    resource.type = type
    resource.name = name
    resource.keys = keys
    resources = [resource]
    includesSynonyms = true
  }
}

extension AlterConfigsRequest {
  init(_ type: Int8, _ name: String, _ settings: KeyValuePairs<String, String?>) {
    self.init()
    var resource = Resource()
    resource.type = type
    resource.name = name
    resource.configurations = settings.map { key, value in
      var configuration = Configuration()
      configuration.name = key
      configuration.value = value
      return configuration
    }
    resources = [resource]
  }
}

extension IncrementalAlterConfigsRequest {
  init(
    _ type: Int8, _ name: String,
    _ changes: [(key: String, operation: Int8, value: String?)]
  ) {
    self.init()
    var resource = Resource()
    resource.type = type
    resource.name = name
    resource.configurations = changes.map { change in
      var configuration = Configuration()
      configuration.name = change.key
      configuration.operation = change.operation
      configuration.value = change.value
      return configuration
    }
    resources = [resource]
  }
}

extension RawClient {
  /// Creates one topic and returns what the broker says of it.
  func create(
    _ topic: CreateTopicsRequest.Topic, version: Int16 = 7, validatesOnly: Bool = false
  ) throws -> CreateTopicsResponse.Topic? {
    var request = CreateTopicsRequest(topic)
    request.validatesOnly = validatesOnly
    return try call(request, version: version).topics.first
  }

  /// The settings of a topic by their keys.
  func settings(
    of topic: String
  ) throws -> [String: DescribeConfigsResponse.Configuration] {
    let answer = try call(
      DescribeConfigsRequest(ConfigResourceType.topic, topic), version: 4)
    let all = answer.results.first?.configurations ?? []
    return Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })
  }
}
