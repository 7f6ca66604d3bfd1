internal import MoldauCoordination
internal import MoldauFormat

/// What a controller has while it is the controller.
struct Office: Sendable {
  let epoch: Int32
  /// The version of `/controller_epoch` that makes this controller's writes pass.
  let epochVersion: Int32
  var tree = ControlledTree()
  /// What is known of the tree while it is read; nil once it is known.
  var loading: Loading?
  /// Whether the tree was read once, so that there is an image.
  var isActive = false
  /// The brokers that are up, as was last seen, with what is known of them beside.
  var live: [Int32: BrokerRegistration] = [:]
  /// Whether brokers may see the image: the partitions follow the brokers that are up.
  var hasPublished = false
  /// Whether brokers have come or gone while those that are up were being read.
  var mustRefreshBrokers = false
  var isRefreshingBrokers = false
  /// Whether all partitions must be looked at: settings have changed.
  var mustSettle = true
  /// Whether the tree is to be read again: it is not as this controller has left it.
  var mustReload = false
  /// How often it was, without a round in between that went well.
  var reloadCount = 0
  var mustRebalance = false
  /// What waits for the next round.
  var commands: [ControllerCommand] = []
  var round: Round?
  /// What has changed in the image since the version that brokers may see.
  var history = ImageHistory()

  init(epoch: Int32, epochVersion: Int32) {
    self.epoch = epoch
    self.epochVersion = epochVersion
  }
}

/// What has been read of the tree so far.
struct Loading: Sendable {
  var topics: [String] = []
  var configuredTopics: [String] = []
  var configuredBrokers: [String] = []
  var deletions: Set<String> = []
  var brokers: [Int32] = []
  var tree = ControlledTree()
  var live: [Int32: BrokerRegistration] = [:]
  /// The partitions whose state is still to be read, and those whose state is being read.
  var partitions: ArraySlice<TopicPartition> = []
  var asked: ArraySlice<TopicPartition> = []
  /// The partitions that have no state.
  var stateless: [TopicPartition] = []
  var nodes: [TopicPartition: (node: PartitionStateNode, version: Int32)] = [:]
  var topicNodes: [String: TopicNode] = [:]
  var configurations: [String: [String: String]] = [:]
}

/// Writes that are under way.
struct Round: Sendable {
  var writes: [PlannedWrite]
  var outcomes: [WriteOutcome?]
  /// Nil when the replies were given already.
  var replies: [RoundPlan.Reply]
  /// The brokers that the image has when all is written.
  var live: [Int32: BrokerRegistration]
  /// Whether all partitions were looked at.
  var settles: Bool
  var stage = 0
  /// The chunks of the stage by number, those that are under way.
  var chunks: [Int: WriteChunk] = [:]
  var chunkCount = 0
}
