import MoldauCluster
import MoldauFormat
import MoldauProtocol

/// The cluster's image as it goes from broker to broker (docs/format/inter-broker.md).
extension FetchClusterImageResponse {
  init(_ update: ImageUpdate) {
    self.init()
    switch update {
    case .notController: errorCode = .notController
    case .full(let image): write(image)
    case .delta(let delta): write(delta)
    }
  }

  private mutating func write(_ image: ClusterImage) {
    clusterID = image.clusterID
    controllerID = image.controllerID
    controllerEpoch = image.controllerEpoch
    version = image.version
    brokers = image.brokers.sorted { $0.key < $1.key }.map { Broker($0.value) }
    topics = image.topics.sorted { $0.key < $1.key }.map { _, topic in
      var message = Topic()
      message.name = topic.name
      message.id = topic.id
      message.configuration = Setting.list(topic.configuration)
      message.partitions = topic.partitions.enumerated().map { Partition(Int32($0), $1) }
      return message
    }
    brokerConfigurations = BrokerConfiguration.list(image.brokerConfigurations)
  }

  private mutating func write(_ delta: ClusterDelta) {
    isDelta = true
    clusterID = delta.clusterID
    controllerID = delta.controllerID
    controllerEpoch = delta.controllerEpoch
    fromVersion = delta.fromVersion
    version = delta.version
    brokers = delta.brokers.sorted { $0.key < $1.key }.map { Broker($0.value) }
    removedBrokers = delta.goneBrokers.sorted()
    topics = delta.topics.sorted { $0.key < $1.key }.map { name, topic in
      var message = Topic()
      message.name = name
      message.id = topic.id
      message.configuration = topic.configuration.map(Setting.list)
      message.partitions = topic.partitions.sorted { $0.key < $1.key }.map { Partition($0, $1) }
      return message
    }
    deletedTopics = delta.deletedTopics.sorted { $0.base64 < $1.base64 }
    brokerConfigurations = BrokerConfiguration.list(delta.brokerConfigurations)
  }

  /// What the controller has answered; nil when it makes no sense beside `image`, which the broker has.
  func update(of image: ClusterImage) -> ImageUpdate? {
    guard errorCode == .none else { return .notController }
    var registrations: [Int32: BrokerRegistration] = [:]
    for broker in brokers {
      guard let registration = broker.registration else { return nil }
      registrations[broker.id] = registration
    }
    let configurations = Dictionary(
      brokerConfigurations.map { ($0.name, Setting.dictionary($0.configuration)) },
      uniquingKeysWith: { $1 })
    return isDelta
      ? delta(of: image, registrations, configurations) : full(registrations, configurations)
  }

  private func full(
    _ registrations: [Int32: BrokerRegistration], _ configurations: [String: [String: String]]
  ) -> ImageUpdate? {
    var image = ClusterImage()
    image.clusterID = clusterID
    image.controllerID = controllerID
    image.controllerEpoch = controllerEpoch
    image.version = version
    image.brokers = registrations
    image.brokerConfigurations = configurations
    for topic in topics {
      guard topic.partitions.map(\.index) == Array(0..<Int32(topic.partitions.count)) else {
        return nil
      }
      image.topics[topic.name] = TopicImage(
        name: topic.name, id: topic.id,
        configuration: Setting.dictionary(topic.configuration ?? []),
        partitions: topic.partitions.map(\.image))
      image.topicNames[topic.id] = topic.name
    }
    return .full(image)
  }

  private func delta(
    of image: ClusterImage, _ registrations: [Int32: BrokerRegistration],
    _ configurations: [String: [String: String]]
  ) -> ImageUpdate? {
    var delta = ClusterDelta()
    delta.clusterID = clusterID
    delta.controllerID = controllerID
    delta.controllerEpoch = controllerEpoch
    delta.fromVersion = fromVersion
    delta.version = version
    guard delta.from == image.position else { return nil }
    delta.brokers = registrations
    delta.goneBrokers = Set(removedBrokers)
    delta.deletedTopics = Set(deletedTopics)
    delta.brokerConfigurations = configurations
    for topic in topics {
      let known = image.topics[topic.name]
      let isKnown = known?.id == topic.id && !delta.deletedTopics.contains(topic.id)
      var count = isKnown ? Int32(known?.partitions.count ?? 0) : 0
      for partition in topic.partitions.sorted(by: { $0.index < $1.index }) {
        guard (0...count).contains(partition.index) else { return nil }
        count = max(count, partition.index + 1)
      }
      delta.topics[topic.name] = ClusterDelta.Topic(
        id: topic.id, configuration: topic.configuration.map(Setting.dictionary),
        partitions: Dictionary(
          topic.partitions.map { ($0.index, $0.image) }, uniquingKeysWith: { $1 }))
    }
    return .delta(delta)
  }
}

extension FetchClusterImageResponse.Broker {
  fileprivate init(_ registration: BrokerRegistration) {
    self.init()
    id = registration.nodeID
    epoch = registration.brokerEpoch
    directoryID = registration.directoryID
    endpoints = registration.endpoints.map { FetchClusterImageResponse.Endpoint($0) }
    replication = [FetchClusterImageResponse.Endpoint(registration.replication)]
    survivedSince = registration.survivedSince
    lost = registration.lost.map { replica in
      var message = FetchClusterImageResponse.LostReplica()
      message.topic = replica.partition.topic
      message.index = replica.partition.partition
      message.brokerEpoch = replica.brokerEpoch
      return message
    }
    isShuttingDown = registration.isShuttingDown
  }

  fileprivate var registration: BrokerRegistration? {
    guard let replication = replication.first?.endpoint, self.replication.count == 1 else {
      return nil
    }
    var registration = BrokerRegistration(
      nodeID: id, brokerEpoch: epoch, directoryID: directoryID,
      endpoints: endpoints.map(\.endpoint), replication: replication,
      survivedSince: survivedSince,
      lost: lost.map {
        BrokerRegistration.LostReplica(
          partition: TopicPartition(topic: $0.topic, partition: $0.index),
          brokerEpoch: $0.brokerEpoch)
      })
    registration.isShuttingDown = isShuttingDown
    return registration
  }
}

extension FetchClusterImageResponse.Endpoint {
  fileprivate init(_ endpoint: BrokerRegistration.Endpoint) {
    self.init()
    name = endpoint.name
    host = endpoint.host
    port = endpoint.port
  }

  fileprivate var endpoint: BrokerRegistration.Endpoint {
    BrokerRegistration.Endpoint(name: name, host: host, port: port)
  }
}

extension FetchClusterImageResponse.Setting {
  fileprivate static func list(_ settings: [String: String]) -> [Self] {
    settings.sorted { $0.key < $1.key }.map { name, value in
      var setting = Self()
      setting.name = name
      setting.value = value
      return setting
    }
  }

  fileprivate static func dictionary(_ settings: [Self]) -> [String: String] {
    Dictionary(settings.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
  }
}

extension FetchClusterImageResponse.BrokerConfiguration {
  fileprivate static func list(_ configurations: [String: [String: String]]) -> [Self] {
    configurations.sorted { $0.key < $1.key }.map { name, settings in
      var configuration = Self()
      configuration.name = name
      configuration.configuration = FetchClusterImageResponse.Setting.list(settings)
      return configuration
    }
  }
}

extension FetchClusterImageResponse.Partition {
  fileprivate init(_ index: Int32, _ image: PartitionImage) {
    self.init()
    self.index = index
    leader = image.leader
    leaderEpoch = image.leaderEpoch
    partitionEpoch = image.partitionEpoch
    replicas = image.replicas
    isr = image.isr
    elr = image.elr
    adding = image.adding
    removing = image.removing
    lastKnownLeader = image.lastKnownLeader
  }

  fileprivate var image: PartitionImage {
    var image = PartitionImage(
      replicas: replicas, leader: leader, leaderEpoch: leaderEpoch,
      partitionEpoch: partitionEpoch, isr: isr)
    image.elr = elr
    image.adding = adding
    image.removing = removing
    image.lastKnownLeader = lastKnownLeader
    return image
  }
}
