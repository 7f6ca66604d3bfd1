import Dispatch
import Glibc
import Synchronization

/// Waits for the request to stop: SIGTERM, or SIGINT from a terminal.
///
/// A second one ends the process at once, with 128 and the signal's number, as if it had not been
/// caught: what was acknowledged as durable is, and the next start recovers the rest.
struct StopSignal {
  private let signals: AsyncStream<Void>
  private let sources: [any DispatchSourceSignal]
  private let seen = Seen()

  /// From here on the signals no longer kill the process.
  init() {
    let (signals, continuation) = AsyncStream.makeStream(of: Void.self)
    self.signals = signals
    sources = [SIGTERM, SIGINT].map { [seen] number in
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler {
        guard seen.isFirst() else { _exit(128 + number) }
        continuation.yield()
      }
      source.resume()
      return source
    }
  }

  /// Whether one has come.
  private final class Seen: Sendable {
    private let hasOne = Atomic<Bool>(false)

    func isFirst() -> Bool { !hasOne.exchange(true, ordering: .relaxed) }

    var isAny: Bool { hasOne.load(ordering: .relaxed) }
  }

  /// Whether one of the signals has come.
  var hasCome: Bool { seen.isAny }

  /// Tells the same to other threads.
  var watch: @Sendable () -> Bool { { [seen] in seen.isAny } }

  /// Returns when one of the signals has come.
  func wait() async {
    for await _ in signals { return }
  }
}
