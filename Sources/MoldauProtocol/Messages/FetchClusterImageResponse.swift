package import MoldauFormat

/// The cluster's image, or what is new in it (docs/format/inter-broker.md).
package struct FetchClusterImageResponse: ProtocolResponse {
  package static let apiKey = ApiKey.fetchClusterImage

  package var errorCode = ErrorCode.none
  package var errorMessage: String?
  /// Whether it changes the image that the broker has; a full image otherwise.
  package var isDelta = false
  package var clusterID = ""
  package var controllerID: Int32 = -1
  package var controllerEpoch: Int32 = -1
  /// The version that a delta changes; −1 of a full image.
  package var fromVersion: Int64 = -1
  package var version: Int64 = 0
  /// The live brokers; of a delta those that are new or others than before.
  package var brokers: [Broker] = []
  package var removedBrokers: [Int32] = []
  /// The topics; of a delta those that are new or others than before.
  package var topics: [Topic] = []
  package var deletedTopics: [TopicID] = []
  package var brokerConfigurations: [BrokerConfiguration] = []

  package init() {}

  package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
    try coder.field(&errorCode)
    try coder.field(&errorMessage)
    try coder.field(&isDelta)
    try coder.field(&clusterID)
    try coder.field(&controllerID)
    try coder.field(&controllerEpoch)
    try coder.field(&fromVersion)
    try coder.field(&version)
    try coder.field(&brokers)
    try coder.field(&removedBrokers)
    try coder.field(&topics)
    try coder.field(&deletedTopics)
    try coder.field(&brokerConfigurations)
    try coder.tags()
  }

  package struct Endpoint: WireValue, Equatable {
    package var name = ""
    package var host = ""
    package var port: Int32 = 0

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&name)
      try coder.field(&host)
      try coder.field(&port)
      try coder.tags()
    }
  }

  /// A replica of which a registration could not say that it still has everything.
  package struct LostReplica: WireValue, Equatable {
    package var topic = ""
    package var index: Int32 = 0
    /// The registration that said so.
    package var brokerEpoch: Int64 = 0

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&topic)
      try coder.field(&index)
      try coder.field(&brokerEpoch)
      try coder.tags()
    }
  }

  /// A live broker as it has registered.
  package struct Broker: WireValue, Equatable {
    package var id: Int32 = 0
    package var epoch: Int64 = 0
    package var directoryID = TopicID.zero
    /// For clients.
    package var endpoints: [Endpoint] = []
    /// For the other brokers.
    package var replication: [Endpoint] = []
    /// Since which of its registrations the broker has all but `lost`.
    package var survivedSince: Int64 = 0
    package var lost: [LostReplica] = []
    package var isShuttingDown = false

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&id)
      try coder.field(&epoch)
      try coder.field(&directoryID)
      try coder.field(&endpoints)
      try coder.field(&replication)
      try coder.field(&survivedSince)
      try coder.field(&lost)
      try coder.field(&isShuttingDown)
      try coder.tags()
    }
  }

  package struct Setting: WireValue, Equatable {
    package var name = ""
    package var value = ""

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&name)
      try coder.field(&value)
      try coder.tags()
    }
  }

  package struct Topic: WireValue, Equatable {
    package var name = ""
    package var id = TopicID.zero
    /// What was set for it, all of it; nil in a delta when it is as before.
    package var configuration: [Setting]?
    /// All partitions; of a delta those that are new or others than before.
    package var partitions: [Partition] = []

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&name)
      try coder.field(&id)
      try coder.field(&configuration)
      try coder.field(&partitions)
      try coder.tags()
    }
  }

  package struct Partition: WireValue, Equatable {
    package var index: Int32 = 0
    package var leader: Int32 = -1
    package var leaderEpoch: Int32 = 0
    package var partitionEpoch: Int32 = 0
    package var replicas: [Int32] = []
    package var isr: [Int32] = []
    package var elr: [Int32] = []
    package var adding: [Int32] = []
    package var removing: [Int32] = []
    package var lastKnownLeader: Int32 = -1

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&index)
      try coder.field(&leader)
      try coder.field(&leaderEpoch)
      try coder.field(&partitionEpoch)
      try coder.field(&replicas)
      try coder.field(&isr)
      try coder.field(&elr)
      try coder.field(&adding)
      try coder.field(&removing)
      try coder.field(&lastKnownLeader)
      try coder.tags()
    }
  }

  /// What was set for a broker, or with an empty name for all of them.
  package struct BrokerConfiguration: WireValue, Equatable {
    package var name = ""
    /// All that was set; empty in a delta when nothing is any more.
    package var configuration: [Setting] = []

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&name)
      try coder.field(&configuration)
      try coder.tags()
    }
  }
}
