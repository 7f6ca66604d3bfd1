import Logging
import MoldauCluster
import MoldauFormat
import MoldauLog
import Synchronization

/// Makes the store have the topics and partitions that the cluster has put here, and no others.
///
/// Works on a queue of its own, as it waits for the disk. Which topics are looked at is told by name;
/// what is to be there is read from the image when it is a topic's turn, so that only the newest
/// counts. Thread-safe.
final class TopicHosting: Sendable {
  private struct State: Sendable {
    var waiting: Set<String> = []
    /// What was set for the topics that are as the image says, which spares a look at their settings.
    var configured: [TopicID: [String: String]] = [:]
    var failed: Set<String> = []
    /// The logs that are being removed.
    var leaving: Set<ObjectIdentifier> = []
    var retry: Scheduler.Timer?
    var onHosted: (@Sendable (String) -> Void)?
  }

  let store: LogStore
  let replicas: Replicas
  let topics: TopicDirectory
  let topicSettings: TopicSettings
  let logger: Logger
  let queue: SerialQueue
  private let scheduler: Scheduler
  private let state = Mutex(State())

  init(
    store: LogStore, replicas: Replicas, topics: TopicDirectory, topicSettings: TopicSettings,
    execution: BrokerExecution, logger: Logger
  ) {
    self.store = store
    self.replicas = replicas
    self.topics = topics
    self.topicSettings = topicSettings
    self.logger = logger
    scheduler = execution.scheduler
    queue = execution.queue("moldau-hosting")
  }

  /// - Parameter onHosted: told of each topic that is as the image says; on the hosting's queue.
  func start(onHosted: @escaping @Sendable (String) -> Void) {
    let retry = scheduler.timer { [weak self] in self?.tryAgain() }
    state.withLock { state in
      state.onHosted = onHosted
      state.retry = retry
    }
  }

  func stop() {
    queue.stop()
    if let retry = state.withLock({ $0.retry }) { scheduler.cancel(retry) }
  }

  /// Whether nothing is left to do.
  var isIdle: Bool { state.withLock { $0.waiting.isEmpty && $0.failed.isEmpty } }

  /// Lets the topic be looked at, soon.
  func reconcile(_ name: String) {
    let isNew = state.withLock { $0.waiting.insert(name).inserted }
    guard isNew else { return }
    queue.add { [self] in
      let isDone = carryOut(name)
      let told = state.withLock { state in
        state.waiting.remove(name)
        if isDone { state.failed.remove(name) } else { state.failed.insert(name) }
        return isDone ? state.onHosted : nil
      }
      if !isDone { tryLater() }
      told?(name)
    }
  }

  private func tryLater() {
    guard let retry = state.withLock({ $0.retry }) else { return }
    scheduler.set(retry, at: scheduler.clock.nowMilliseconds() + Limits.hostingRetryMilliseconds)
  }

  private func tryAgain() {
    for name in state.withLock({ $0.failed.sorted() }) { reconcile(name) }
  }

  // MARK: What is to be there

  /// Whether the store has of a topic what the image says.
  func isUpToDate(_ wanted: TopicImage, _ hosted: HostedTopic?) -> Bool {
    let numbers = numbers(of: wanted)
    guard let hosted else { return numbers.isEmpty }
    return hosted.topic.id == wanted.id
      && hosted.topic.partitionCount == wanted.partitions.count
      && hosted.partitions.map { Int($0.index) } == numbers
      && state.withLock { $0.configured[wanted.id] } == wanted.configuration
  }

  /// The partitions of which this broker has a replica.
  private func numbers(of topic: TopicImage) -> [Int] {
    topic.partitions.indices.filter { topic.partitions[$0].replicas.contains(replicas.nodeID) }
  }

  /// The store's configuration for what was set for a topic; a setting that this broker cannot take is
  /// told and left out.
  private func configuration(of topic: TopicImage) -> TopicConfiguration {
    topicSettings.configuration(of: topic) { refusal in
      logger.error("\(topic.name): \(refusal.message)")
    }
  }

  // MARK: Making it so

  /// Returns false when the disk did not let it.
  private func carryOut(_ name: String) -> Bool {
    do throws(LogError) {
      let wanted = replicas.image.topics[name]
      if let known = store.existingTopic(name), known.id != wanted?.id {
        logger.info("\(name) (\(known.id.base64)) is deleted in the cluster")
        try letGo(of: known.partitions.map { Int($0.identity.partition) }, known)
        topics.forget(known)
        state.withLock { $0.configured[known.id] = nil }
      }
      if let wanted { try host(wanted) }
      return true
    } catch {
      let isFirst = state.withLock { !$0.failed.contains(name) }
      logger.log(
        level: isFirst ? .error : .debug,
        """
        \(name) cannot be made as the cluster has it: \(error); it is tried again every \
        \(Limits.hostingRetryMilliseconds / 1_000) s
        """
      )
      return false
    }
  }

  private func host(_ wanted: TopicImage) throws(LogError) {
    let numbers = numbers(of: wanted)
    let count = wanted.partitions.count
    guard let topic = store.existingTopic(wanted.name) else {
      guard !numbers.isEmpty else { return }
      _ = try store.createTopic(
        wanted.name, id: wanted.id, hosting: numbers, of: count,
        configuration(of: wanted))
      state.withLock { $0.configured[wanted.id] = wanted.configuration }
      return
    }
    let present = topic.partitions.map { Int($0.identity.partition) }
    let missing = numbers.filter { !present.contains($0) }
    if !missing.isEmpty || topic.partitionCount < count {
      try store.host(missing, of: topic, partitionCount: count)
    }
    let others = present.filter { !numbers.contains($0) }
    if !others.isEmpty, try !remove(others, of: topic) {
      guard let newest = replicas.image.topics[wanted.name] else { return }
      return try host(newest)
    }
    guard store.existingTopic(wanted.name) === topic else { return topics.forget(topic) }
    topics.renew(topic)
    try store.alterTopic(topic, configuration(of: wanted))
    state.withLock { $0.configured[wanted.id] = wanted.configuration }
  }

  /// Removes partitions that are elsewhere now; returns false, and removes none, when the image has got
  /// one of them back here meanwhile.
  ///
  /// None of them gets a role before it is gone, and known to be: as a follower it would tell its new
  /// leader of records that it is about to lose.
  private func remove(_ numbers: [Int], of topic: Topic) throws(LogError) -> Bool {
    let logs = numbers.compactMap { topic.log(ofPartition: $0).map(ObjectIdentifier.init) }
    state.withLock { $0.leaving.formUnion(logs) }
    defer { state.withLock { $0.leaving.subtract(logs) } }
    // Whoever gives roles takes note of the image first: one of the two sees the other.
    if let newest = replicas.image.topics[topic.name], newest.id == topic.id,
      !Set(self.numbers(of: newest)).isDisjoint(with: numbers)
    {
      return false
    }
    logger.info("\(topic.name): partitions \(numbers) are on other brokers now")
    try letGo(of: numbers, topic)
    let isHere = store.existingTopic(topic.name) === topic
    if isHere { topics.renew(topic) } else { topics.forget(topic) }
    return true
  }

  /// Removes partitions. Those with records of which the cluster has not known since this broker was
  /// started are set aside: they may be the last that there is of what the coordination service has
  /// forgotten (docs/decisions/cluster-member.md).
  private func letGo(of numbers: [Int], _ topic: Topic) throws(LogError) {
    let wasKnown = state.withLock { $0.configured[topic.id] != nil }
    let hasRecords = numbers.contains { number in
      topic.log(ofPartition: number).map { $0.endOffset > $0.startOffset } ?? false
    }
    guard !wasKnown, hasRecords else { return try store.removePartitions(numbers, of: topic) }
    let folders = try store.setAside(numbers, of: topic)
    logger.error(
      """
      \(topic.name) (\(topic.id.base64)): partitions \(numbers) went to other brokers, or the topic was \
      deleted, while this broker was down, or the coordination service has forgotten them; they are \
      set aside, to be removed by hand: \(folders.joined(separator: ", "))
      """)
  }

  /// Whether a partition is being removed: it gets no role any more.
  func isLeaving(_ partition: Partition) -> Bool {
    state.withLock { $0.leaving.contains(ObjectIdentifier(partition.log)) }
  }
}
