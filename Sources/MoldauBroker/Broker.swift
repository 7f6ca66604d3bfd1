package import Logging
import MoldauCluster
package import MoldauLog
import MoldauProtocol

/// One Kafka broker: decides what each request does and what its answer says.
///
/// It owns no socket and no threads but those for blocking work and for timers: the server hands it
/// frames, and sends what it writes into a `Reply`. Thread-safe; each connection's requests come one
/// at a time.
///
/// On a single node everything that was appended can be read at once: the high watermark is the
/// log's end, also while the device has not confirmed it. See docs/durability.md.
package final class Broker: Sendable {
  package let store: LogStore
  package let configuration: BrokerConfiguration
  package let identity: BrokerIdentity
  /// What this broker's partitions share in a cluster; nil for one that stands alone.
  package let replicas: Replicas?
  /// The broker's part in its cluster; nil for one that stands alone.
  package let member: ClusterMember?
  let topics: TopicDirectory
  let sessions: FetchSessionCache
  let replicaSessions: ReplicaSessions
  /// How topics are set for which nothing else was said.
  let topicSettings: TopicSettings
  let producerIDs: ProducerIDs
  /// Of a cluster.
  let clusterProducerIDs = ClusterProducerIDs()
  /// Of a cluster: makes `__consumer_offsets` once, however many ask for it.
  let offsetsTopicCreation = SharedWait()
  /// The threads, timers, clocks and chance.
  let execution: BrokerExecution
  package let groups: GroupCoordinator
  let logger: Logger

  var clock: any WallClock { execution.clock }
  var blockingWork: BlockingWork { execution.blockingWork }
  var topicWork: BlockingWork { execution.topicWork }

  /// - Parameters:
  ///   - cluster: what makes it one of a cluster, where its partitions have the roles that they are
  ///     given; nil for one that stands alone.
  ///   - execution: its own; what is made from it is stopped with the broker.
  /// - Throws: when the directory belongs to another broker.
  package init(
    store: LogStore, _ configuration: BrokerConfiguration, cluster: ClusterEnvironment? = nil,
    logger: Logger, execution: BrokerExecution = BrokerExecution()
  ) throws(BrokerError) {
    self.store = store
    self.configuration = configuration
    self.execution = execution
    self.logger = logger
    var generator = execution.random
    identity = try BrokerIdentity.load(
      from: store, nodeID: configuration.nodeID, isAlone: cluster == nil, using: &generator)
    replicas = cluster.map { [identity] in
      Replicas(
        nodeID: identity.nodeID, $0.settings.replicas, scheduler: execution.scheduler,
        logger: logger)
    }
    topics = TopicDirectory(store: store, replicas)
    sessions = FetchSessionCache(clock: execution.clock, random: execution.random)
    replicaSessions = ReplicaSessions(random: execution.random)
    topicSettings = TopicSettings(
      configuration, durability: store.configuration.durability, cluster?.settings)
    producerIDs = ProducerIDs(store: store)
    var topicExists: (@Sendable (String) -> Bool)?
    if let replicas { topicExists = { replicas.image.topics[$0] != nil } }
    groups = GroupCoordinator(
      store: store, configuration.groups, logger: logger, scheduler: execution.scheduler,
      clock: execution.clock, queue: execution.queue("moldau-groups"),
      topicExists: topicExists)
    if let cluster, let replicas {
      let hosting = TopicHosting(
        store: store, replicas: replicas, topics: topics, topicSettings: topicSettings,
        execution: execution, logger: logger)
      let history = try DirectoryHistory.read(from: store, identity, bootID: cluster.bootID)
      let member = ClusterMember(
        cluster, replicas: replicas, hosting: hosting, topics: topics, groups: groups,
        store: store, history: history, execution: execution, logger: logger)
      self.member = member
    } else {
      member = nil
      groups.start()
    }
  }

  /// Ends the broker's own threads. Requests that still come are refused where they need it, as are
  /// those that wait for their turn; clients send them again. A member of a cluster leaves it first.
  ///
  /// Blocks until the work that has begun is done.
  package func stop() {
    member?.stopAndWait()
    groups.stop()
    execution.scheduler.stop()
    blockingWork.beginStopping()
    topicWork.stop()
    blockingWork.stop()
  }

  /// Handles one frame, its size taken off.
  ///
  /// - Throws: when there can be no answer; the connection is to be closed.
  package func handle(
    _ frame: RawSpan, from client: ClientConnection, waker: RequestWaker, into reply: inout Reply
  ) throws(RequestFailure) -> Outcome {
    var reader = ProtocolReader(frame)
    let header: RequestHeader
    do {
      header = try RequestHeader(decoding: &reader)
    } catch {
      throw .malformed(apiKey: Self.apiKey(of: frame), version: -1, error)
    }
    guard let api = header.api, header.isSupported else {
      guard header.api == .apiVersions else {
        throw .unsupported(apiKey: header.apiKey, version: header.version)
      }
      reply.answer(ApiVersionsResponse.unsupportedVersion(), to: header, inVersion: 0)
      return .answered
    }
    let context = RequestContext(header: header, client: client, waker: waker)
    return try answer(api, &reader, frame, context, into: &reply)
  }

  private func answer(
    _ api: ApiKey, _ reader: inout ProtocolReader, _ frame: RawSpan, _ context: RequestContext,
    into reply: inout Reply
  ) throws(RequestFailure) -> Outcome {
    switch api {
    case .produce:
      try produce(decode(&reader, context), frame, context, into: &reply)
    case .fetch:
      fetch(try decode(&reader, context), context, into: &reply)
    case .listOffsets:
      listOffsets(try decode(&reader, context), context, into: &reply)
    case .metadata:
      metadata(try decode(&reader, context), context, into: &reply)
    case .apiVersions:
      apiVersions(try decode(&reader, context), context, into: &reply)
    case .offsetCommit, .offsetFetch, .findCoordinator, .joinGroup, .heartbeat, .leaveGroup,
      .syncGroup, .describeGroups, .listGroups, .deleteGroups, .offsetDelete,
      .consumerGroupHeartbeat, .consumerGroupDescribe:
      try answerGroups(api, &reader, context, into: &reply)
    case .alterPartition, .controlledShutdown, .fetchClusterImage:
      try answerPeers(api, &reader, context, into: &reply)
    default:
      try answerAdministration(api, &reader, frame, context, into: &reply)
    }
  }

  func decode<Request: ProtocolRequest>(
    _ reader: inout ProtocolReader, _ context: RequestContext
  ) throws(RequestFailure) -> Request {
    do {
      return try Request(decoding: &reader, version: context.header.version)
    } catch {
      throw .malformed(
        apiKey: context.header.apiKey, version: context.header.version, error)
    }
  }

  private static func apiKey(of frame: RawSpan) -> Int16 {
    var reader = ProtocolReader(frame)
    do { return try reader.integer() } catch { return -1 }
  }
}
