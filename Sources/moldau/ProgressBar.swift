import Glibc
import Synchronization

/// A line on the standard error that tells how far the work has come; silent where that is no
/// terminal.
final class ProgressBar: Sendable {
  private let title: String
  private let isTerminal: Bool
  private let started = ContinuousClock.now
  private let state = Mutex(State())

  private struct State {
    var isShown = false
    var lastShown: ContinuousClock.Instant?
  }

  private static let width = 30
  private static let interval = Duration.milliseconds(100)

  init(title: String) {
    self.title = title
    isTerminal = isatty(STDERR_FILENO) == 1
  }

  /// Shows a number of bytes, of how many, and the rate; a few times a second at the most.
  func show(_ byteCount: Int, of total: Int?) {
    guard isTerminal else { return }
    let text: String? = state.withLock { state in
      if let last = state.lastShown, last.duration(to: .now) < Self.interval { return nil }
      state.lastShown = .now
      state.isShown = true
      return line(byteCount, total)
    }
    if let text { write("\r\(text)\u{1B}[K") }
  }

  /// Takes the line away, so that something else can be printed.
  func clear() {
    let wasShown = state.withLock { state in
      defer { state = State() }
      return state.isShown
    }
    if wasShown { write("\r\u{1B}[K") }
  }

  func finish() {
    clear()
  }

  private func line(_ byteCount: Int, _ total: Int?) -> String {
    let elapsed = started.duration(to: .now)
    let seconds = Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) / 1e18
    let rate = seconds > 0 ? Double(byteCount) / seconds : 0
    let speed = "\(Self.text(ofBytes: Int(rate)))/s"
    guard let total, total > 0 else {
      return "\(title) \(Self.text(ofBytes: byteCount)), \(speed)"
    }
    let done = min(Self.width, Self.width * byteCount / total)
    let bar =
      String(repeating: "#", count: done) + String(repeating: "-", count: Self.width - done)
    return
      "\(title) [\(bar)] \(Self.text(ofBytes: byteCount)) of \(Self.text(ofBytes: total)), \(speed)"
  }

  private static func text(ofBytes count: Int) -> String {
    switch count {
    case ..<10_000: "\(count) B"
    case ..<10_000_000: "\(count / 1000) kB"
    default: "\(count / 1_000_000) MB"
    }
  }

  private func write(_ text: String) {
    var text = text
    text.withUTF8 { bytes in
      // SAFETY: the call reads the buffer within its count; a line that is lost is no loss.
      _ = unsafe Glibc.write(STDERR_FILENO, bytes.baseAddress, bytes.count)
    }
  }
}
