import Glibc
import MoldauCommands

/// The process's standard output, and for notes its standard error.
final class StandardOutput: CommandOutput {
  /// Taken away before a note is printed.
  var progress: ProgressBar?

  /// From here on a reader that is gone is an error of `write`, not the end of the process.
  init() {
    signal(SIGPIPE, SIG_IGN)
  }

  var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

  func write(_ bytes: [UInt8]) throws {
    progress?.clear()
    var start = 0
    while start < bytes.count {
      // SAFETY: the call reads the rest of the array within its count.
      let count = unsafe bytes.withUnsafeBytes { buffer in
        unsafe Glibc.write(
          STDOUT_FILENO, buffer.baseAddress?.advanced(by: start), bytes.count - start)
      }
      if count >= 0 {
        start += count
      } else if errno == EPIPE {
        throw OutputClosed()
      } else if errno != EINTR {
        throw CommandFailure(
          "The results cannot be written: \(unsafe String(cString: strerror(errno))).")
      }
    }
  }

  func note(_ text: String) {
    progress?.clear()
    StandardError.print(text)
  }
}
