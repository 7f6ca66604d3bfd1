import Foundation

/// One line on standard error that says what is going on; silent when that is no terminal.
struct ProgressLine: Sendable {
  private let isShown: Bool

  init(isWanted: Bool) {
    isShown = isWanted && isatty(STDERR_FILENO) == 1
  }

  func show(_ text: String) {
    if isShown { write("\r\u{1B}[K" + text) }
  }

  func clear() {
    if isShown { write("\r\u{1B}[K") }
  }

  private func write(_ text: String) {
    FileHandle.standardError.write(Data(text.utf8))
  }
}
