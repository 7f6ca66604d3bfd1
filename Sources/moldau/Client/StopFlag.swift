import Dispatch
import Glibc
import Synchronization

/// Whether the process was asked to stop: by SIGTERM, or by SIGINT from a terminal.
///
/// The second signal ends the process at once.
struct StopFlag {
  private final class Flag: Sendable {
    let value = Atomic(false)
  }

  private let flag = Flag()
  private let sources: [any DispatchSourceSignal]

  /// From here on the first signal does not kill the process.
  init() {
    sources = [SIGTERM, SIGINT].map { [flag] number in
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler {
        if flag.value.exchange(true, ordering: .relaxed) { _exit(128 + number) }
      }
      // The source sees a signal only when nothing else happens to it.
      signal(number, SIG_IGN)
      source.resume()
      return source
    }
  }

  var isSet: Bool { flag.value.load(ordering: .relaxed) }
}
