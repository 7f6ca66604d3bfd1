import Glibc

/// Where a command says what is not its result.
enum StandardError {
  /// Prints a line.
  static func print(_ line: String) {
    let bytes = Array((line + "\n").utf8)
    // SAFETY: the call reads the array's bytes and keeps no pointer.
    _ = unsafe bytes.withUnsafeBytes { unsafe write(STDERR_FILENO, $0.baseAddress, $0.count) }
  }
}
