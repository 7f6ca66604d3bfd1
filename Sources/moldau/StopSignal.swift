import Dispatch
import Glibc

/// Waits for the request to stop: SIGTERM, or SIGINT from a terminal.
struct StopSignal {
  private let signals: AsyncStream<Void>
  private let sources: [any DispatchSourceSignal]

  /// From here on the signals no longer kill the process.
  init() {
    let (signals, continuation) = AsyncStream.makeStream(of: Void.self)
    self.signals = signals
    sources = [SIGTERM, SIGINT].map { number in
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler { continuation.yield() }
      source.resume()
      return source
    }
  }

  /// Returns when one of the signals has come.
  func wait() async {
    for await _ in signals { return }
  }
}
