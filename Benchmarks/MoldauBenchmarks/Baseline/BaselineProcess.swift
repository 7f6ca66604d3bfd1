import CMoldauBaseline
import Foundation
import Glibc

/// A program that runs beside the benchmark; ended with the object if it still runs.
final class BaselineProcess {
  let pid: pid_t
  private let output: CInt
  private var hasEnded = false

  /// Starts the program at `path`.
  init(_ path: String, _ arguments: [String]) throws(BaselineError) {
    var words: [UnsafeMutablePointer<CChar>?] = unsafe ([path] + arguments).map {
      unsafe strdup($0)
    }
    defer { unsafe words.forEach { unsafe free($0) } }
    unsafe words.append(nil)
    var pid: CInt = 0
    var output: CInt = -1
    // SAFETY: the words and the null behind them live during the call.
    let error = unsafe moldau_baseline_spawn(words, &pid, &output)
    try BaselineError.check(error, "the start of \(path)")
    self.pid = pid
    self.output = output
  }

  deinit {
    if !hasEnded {
      signal(SIGKILL)
      var code: CInt = 0
      _ = unsafe moldau_baseline_wait(pid, &code)
    }
    close(output)
  }

  /// The next line of its standard output; nil when it has closed it.
  func readLine() -> String? {
    var line: [UInt8] = []
    var byte: UInt8 = 0
    // SAFETY: read writes the one byte.
    while unsafe read(output, &byte, 1) == 1 {
      if byte == UInt8(ascii: "\n") { return String(decoding: line, as: UTF8.self) }
      line.append(byte)
    }
    return nil
  }

  /// Asks it to end, waits until it has, and throws when its exit code is not 0.
  func stop() throws(BaselineError) {
    beginStop()
    try wait()
  }

  /// Asks it to end.
  func beginStop() {
    signal(SIGTERM)
  }

  /// Ends it at once, without asking, and waits until it has ended.
  func kill() throws(BaselineError) {
    signal(SIGKILL)
    var code: CInt = 0
    hasEnded = true
    try BaselineError.check(unsafe moldau_baseline_wait(pid, &code), "waitpid")
  }

  private func signal(_ number: CInt) {
    if !hasEnded { Glibc.kill(pid, number) }
  }

  /// Waits until it has ended, and throws when its exit code is not 0.
  func wait() throws(BaselineError) {
    var code: CInt = 0
    hasEnded = true
    try BaselineError.check(unsafe moldau_baseline_wait(pid, &code), "waitpid")
    guard code == 0 else { throw BaselineError("the broker ended with exit code \(code)") }
  }

  /// The processor time that the process `pid` has used so far, all its threads together.
  static func cpuNanoseconds(of pid: pid_t) throws(BaselineError) -> Double {
    var nanoseconds: UInt64 = 0
    try BaselineError.check(
      unsafe moldau_baseline_process_cpu(pid, &nanoseconds), "clock_gettime of process \(pid)")
    return Double(nanoseconds)
  }
}
