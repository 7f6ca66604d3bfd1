import MoldauDisk

// The calls of `LogStore` for threads that are not Swift's tasks: the same work on the calling
// thread. `close` has its twin in LogStore+Close.swift; `Topic` has its own.

extension LogStore {
  /// As `open`, on the calling thread.
  public static func openBlocking(
    at path: String, _ configuration: StoreConfiguration = StoreConfiguration()
  ) throws(LogError) -> LogStore {
    try open(at: path, configuration, disk: SystemDisk(), clock: SystemWallClock())
  }

  /// As `topic`, on the calling thread.
  public func topicBlocking(
    _ name: String, _ configuration: TopicConfiguration? = nil
  ) throws(LogError) -> Topic {
    if let existing = existingTopic(name) {
      if let configuration { try alterTopic(existing, configuration) }
      return existing
    }
    do throws(LogError) {
      return try createTopic(name, configuration ?? TopicConfiguration())
    } catch .topicExists {
      guard let existing = existingTopic(name) else { throw .closed }
      return existing
    }
  }
}
