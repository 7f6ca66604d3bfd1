package import MoldauFormat
import Synchronization

/// A topic that a client has deleted.
package struct DeletedTopic: Hashable, Sendable {
  package let name: String
  package let id: TopicID
}

/// Tells those who keep something about topics that one is gone.
///
/// Whoever wants to know says so while the broker is made. Thread-safe.
package final class TopicDeletions: Sendable {
  private let observers = Mutex<[@Sendable (DeletedTopic) -> Void]>([])

  /// Has `body` called for every topic that is deleted from here on, after it is gone, on the thread
  /// for blocking work, where it may wait for a disk.
  package func observe(_ body: @escaping @Sendable (DeletedTopic) -> Void) {
    observers.withLock { $0.append(body) }
  }

  func tell(_ topic: DeletedTopic) {
    for observer in observers.withLock({ $0 }) { observer(topic) }
  }
}
