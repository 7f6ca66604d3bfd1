package import Logging
package import MoldauCoordination
package import MoldauLog
import Synchronization

/// The coordination service of a ZooKeeper ensemble, through ZooKeeper's C client.
///
/// Every session has a connection and two threads of the client's. Answers and events are told on a
/// queue that is handed in. Neither TLS nor authentication: the network between is trusted.
/// Thread-safe.
package final class ZooKeeperService: CoordinationService {
  private let address: ZooKeeperAddress
  private let queue: SerialQueue
  private let logger: Logger
  private let endings = Endings()

  /// - Parameters:
  ///   - queue: tells answers and events; its work may not wait for either.
  ///   - logger: gets what the C client has to say; that of the process's latest service.
  package init(address: ZooKeeperAddress, queue: SerialQueue, logger: Logger) {
    self.address = address
    self.queue = queue
    self.logger = logger
    ClientLog.shared.use(logger)
  }

  /// Opens a session. Nodes of the chroot that are not there are made before it is connected.
  package func connect(
    timeoutMilliseconds: Int32, onEvent: @escaping @Sendable (SessionEvent) -> Void
  ) -> any CoordinationSession {
    let session = ZooKeeperSession(
      address: address, timeoutMilliseconds: timeoutMilliseconds, queue: queue, logger: logger,
      endings: endings, onEvent: onEvent)
    session.open()
    return session
  }

  /// Waits until the ensemble knows of the sessions that were closed, or cannot be told: some five
  /// seconds at most.
  package func waitForEndings() {
    endings.wait()
  }
}

/// Counts sessions that are about to end.
final class Endings: Sendable {
  private let count = Mutex(0)
  private let changed = WakeSignal()

  func begin() {
    count.withLock { $0 += 1 }
  }

  func end() {
    count.withLock { $0 -= 1 }
    changed.wake()
  }

  func wait() {
    while count.withLock({ $0 }) > 0 { changed.sleep() }
    // For another who waits.
    changed.wake()
  }
}
