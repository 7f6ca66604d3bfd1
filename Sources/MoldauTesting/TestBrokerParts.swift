import MoldauLog
import MoldauServer
import Synchronization

/// What a test's broker consists of, to be stopped once.
final class TestBrokerParts: Sendable {
  private let store: LogStore
  private let server: BrokerServer
  private let folder: TemporaryFolder?
  private let hasStopped = Atomic<Bool>(false)

  init(store: LogStore, server: BrokerServer, folder: TemporaryFolder?) {
    self.store = store
    self.server = server
    self.folder = folder
  }

  /// Stops the server, closes the store and removes the folder, whatever fails on the way.
  func stop() async throws {
    guard !hasStopped.exchange(true, ordering: .acquiringAndReleasing) else { return }
    await server.stop()
    do {
      try await store.close()
    } catch {
      try folder?.remove()
      throw error
    }
    try folder?.remove()
  }

  /// As `stop`, when nobody is left to be told of a failure.
  func abandon() async {
    do {
      try await stop()
    } catch {
      server.logger.warning("a broker that was not stopped left something behind: \(error)")
    }
  }
}
