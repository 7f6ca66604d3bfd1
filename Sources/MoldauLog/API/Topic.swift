public import MoldauFormat
import Synchronization

/// A named set of partitions in a store.
///
/// Thread-safe. Gotten from `LogStore.topic`.
public final class Topic: Sendable {
  public let name: String
  public let id: TopicID
  package let partitions: [PartitionLog]
  let services: StoreServices
  let defaultDurability: Durability
  private let current: Mutex<TopicConfiguration>

  init(
    name: String, id: TopicID, configuration: TopicConfiguration, partitions: [PartitionLog],
    services: StoreServices, defaultDurability: Durability
  ) {
    self.name = name
    self.id = id
    self.partitions = partitions
    self.services = services
    self.defaultDurability = defaultDurability
    current = Mutex(configuration)
  }

  public var partitionCount: Int { partitions.count }

  public var configuration: TopicConfiguration { current.withLock { $0 } }

  /// What an acknowledged append of this topic survives.
  public var durability: Durability { configuration.durability ?? defaultDurability }

  /// Takes over a configuration that was checked and written.
  func apply(_ configuration: TopicConfiguration) {
    current.withLock { $0 = configuration }
    let settings = AppendSettings(configuration)
    for log in partitions { log.state.withLock { $0.settings = settings } }
  }

  /// Deletes the segments that the retention lets go at the time `now`.
  func enforceRetention(now: Int64) {
    let configuration = configuration
    for log in partitions { log.enforceRetention(configuration, now: now) }
  }
}
