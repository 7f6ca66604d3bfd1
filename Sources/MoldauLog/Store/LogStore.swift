package import MoldauDisk
import Synchronization

/// A directory of topics: the embedded log store.
///
/// One store has a directory at a time, in this process or any. Thread-safe. Appends go to
/// `Topic`; closing makes everything durable and leaves the directory as a clean stop does, for this
/// store, the broker or Apache Kafka to open.
///
///     let store = try await LogStore.open(at: "events")
///     let orders = try await store.topic("orders")
///     try await orders.append(Record(key: "o-42", value: bytes))
///     try await store.close()
public final class LogStore: Sendable {
  struct State: Sendable {
    var topics: [String: Topic] = [:] {
      didSet { topicsVersion += 1 }
    }
    /// Counts the changes of topics and of their numbers of partitions.
    var topicsVersion: UInt64 = 0
    /// The partitions that were taken out of the store since it was opened, and may come back.
    var removed: Set<JournalReplay.PartitionKey> = []
    var isClosed = false
  }

  /// What opening the store found and did.
  public let recovery: RecoveryReport
  /// The directory.
  public let path: String
  /// What the store was opened with.
  public let configuration: StoreConfiguration
  let services: StoreServices
  /// The disk on which the directory is, for the files of others in it.
  package var disk: any Disk { services.disk }
  /// Says under which registration the store's broker serves it: the marker of a clean stop names it.
  package func noteRegistration(brokerEpoch: Int64) {
    services.brokerEpoch.store(brokerEpoch, ordering: .releasing)
  }
  /// Whether a sync has failed since the store was opened, so that it takes no more appends.
  package var isPoisoned: Bool { services.isPoisoned }
  let state: Mutex<State>
  /// Held as long as the store is open.
  let lock: Mutex<(any DiskLock)?>
  /// What groups have committed, once a consumer has asked.
  let offsets = Mutex<GroupOffsets?>(nil)

  init(
    path: String, configuration: StoreConfiguration, services: StoreServices, lock: any DiskLock,
    topics: [String: Topic], recovery: RecoveryReport
  ) {
    self.path = path
    self.configuration = configuration
    self.services = services
    self.lock = Mutex(lock)
    self.recovery = recovery
    state = Mutex(State(topics: topics))
    services.currentLogs.withLock { current in
      current = { [weak self] in self?.topics.flatMap(\.partitions) }
    }
    services.gapsAllowance.withLock { allowance in
      allowance = { [weak self] topic throws(LogError) in try self?.allowGaps(in: topic) }
    }
    guard configuration.runsMaintenance, configuration.threads == .own else { return }
    services.maintenance.start { [weak self] in self?.maintain() }
  }

  deinit {
    // The directory is free for another store from here on.
    for topic in topics { for log in topic.partitions { log.close() } }
    services.compactor.abandon()
    services.commits.abandon()
    services.maintenance.abandon()
  }

  // MARK: Topics

  /// The topics, in the order of their names.
  public var topics: [Topic] {
    state.withLock { $0.topics.values.sorted { $0.name < $1.name } }
  }

  /// Any topic for which `matches` holds, if there is one.
  ///
  /// - Complexity: O(*n*) in the number of topics, under the lock that every look for a topic takes.
  package func firstTopic(where matches: (Topic) -> Bool) -> Topic? {
    state.withLock { $0.topics.values.first(where: matches) }
  }

  /// The topic of this name, if there is one.
  public func existingTopic(_ name: String) -> Topic? {
    state.withLock { $0.topics[name] }
  }

  /// Another number whenever a topic was created, has got more partitions or was deleted.
  package var topicsVersion: UInt64 { state.withLock(\.topicsVersion) }

  /// Opens a topic, or creates it.
  ///
  /// Without a configuration an existing topic keeps the one it has and a new one gets the default.
  /// With one an existing topic takes it over, except for its number of partitions, which stays.
  public func topic(
    _ name: String, _ configuration: TopicConfiguration? = nil
  ) async throws(LogError) -> Topic {
    try await EngineThread.run { [self] () throws(LogError) in
      try topicBlocking(name, configuration)
    }
  }

  /// Deletes a topic with all its records. Its readers end with `closed`.
  public func deleteTopic(_ name: String) async throws(LogError) {
    try await EngineThread.run { [self] () throws(LogError) in try removeTopic(name) }
  }

  /// Makes everything durable and lets the directory go. Idempotent.
  ///
  /// Appends that still run end with `closed` or are kept.
  public func close() async throws(LogError) {
    try await EngineThread.run { [self] () throws(LogError) in try closeBlocking() }
  }
}

extension LogStore {
  /// Calls `body` once when the store takes no more appends, since a sync has failed (docs/durability.md);
  /// at once when that is so already. From any thread; `body` must be quick and call nothing of the store.
  package func whenPoisoned(_ body: @escaping @Sendable (LogError) -> Void) {
    services.whenPoisoned(body)
  }
}
