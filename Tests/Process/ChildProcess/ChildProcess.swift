import Foundation
import Glibc

/// A program that runs beside the test, killed with the object if it still does.
///
/// Made of the system's calls. Foundation's `Process` waits in a run loop, which the threads that
/// tests run on do not have; and to find the descriptors that are open it copies whole entries of
/// `/proc/self/fd`, beyond the end of what was read, which kills a process that has many of them.
package final class ChildProcess {
  package enum Ending: Equatable {
    case exited(Int32)
    case killed(Int32)
  }

  package enum Failure: Error {
    case call(String, errno: Int32)
  }

  private let pid: pid_t
  private let output: Int32
  private let errors: Int32
  private var received: [UInt8] = []
  private var ending: Ending?

  /// Starts a program by its path, or by its name if it is in the `PATH`.
  ///
  /// - Parameters:
  ///   - variables: added to this process's environment.
  ///   - input: what it reads from its standard input.
  package init(
    _ program: String, _ arguments: [String], variables: [String: String] = [:], input: String = ""
  ) throws(Failure) {
    let (reading, writing) = try Self.makePipe()
    defer { close(writing) }
    let entered = try Self.makeFile(of: input)
    defer { close(entered) }
    output = reading
    errors = try Self.makeFile()
    pid = try Self.spawn(
      [program] + arguments, Self.environment(variables), input: entered, output: writing,
      errors: errors)
  }

  deinit {
    if ending == nil {
      kill(pid, SIGKILL)
      _ = wait()
    }
    close(output)
    close(errors)
  }

  private static func makePipe() throws(Failure) -> (reading: Int32, writing: Int32) {
    var ends: [Int32] = [-1, -1]
    // SAFETY: pipe writes two descriptors into the array, which has room for two.
    guard unsafe pipe(&ends) == 0 else { throw .call("pipe", errno: errno) }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    return (ends[0], ends[1])
  }

  /// A file without a name: nothing is left behind, and it does not fill up as a pipe does.
  private static func makeFile() throws(Failure) -> Int32 {
    var path = Array("\(FileManager.default.temporaryDirectory.path)/moldau-XXXXXX".utf8CString)
    // SAFETY: mkstemp replaces the Xs within the array, which ends with a zero.
    let file = unsafe mkstemp(&path)
    guard file >= 0 else { throw .call("mkstemp", errno: errno) }
    unsafe unlink(path)
    _ = fcntl(file, F_SETFD, FD_CLOEXEC)
    return file
  }

  private static func makeFile(of text: String) throws(Failure) -> Int32 {
    let file = try makeFile()
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      // SAFETY: write reads the buffer within its count.
      let count = unsafe rest.withUnsafeBytes { unsafe write(file, $0.baseAddress, $0.count) }
      guard count >= 0 else { throw .call("write", errno: errno) }
      rest = rest.dropFirst(count)
    }
    lseek(file, 0, SEEK_SET)
    return file
  }

  /// A crash is an ending like any other; its backtrace would take seconds and hold the pipe open.
  private static func environment(_ added: [String: String]) -> [String] {
    var variables = ProcessInfo.processInfo.environment
    variables["SWIFT_BACKTRACE"] = "enable=no"
    variables.merge(added) { $1 }
    return variables.map { "\($0.key)=\($0.value)" }
  }

  private static func spawn(
    _ words: [String], _ environment: [String], input: Int32, output: Int32, errors: Int32
  ) throws(Failure) -> pid_t {
    // SAFETY: the actions live until they are destroyed, the copies of the words until they are freed.
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    unsafe posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO)
    unsafe posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
    unsafe posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO)
    let arguments = unsafe words.map { unsafe strdup($0) }
    let variables = unsafe environment.map { unsafe strdup($0) }
    defer { unsafe (arguments + variables).forEach { unsafe free($0) } }
    var pid: pid_t = 0
    let result = unsafe posix_spawnp(
      &pid, words[0], &actions, nil, arguments + [nil], variables + [nil])
    guard result == 0 else { throw .call("posix_spawn \(words[0])", errno: result) }
    return pid
  }

  /// Sends a signal to the process.
  package func signal(_ number: Int32) {
    precondition(ending == nil, "the process has ended")
    kill(pid, number)
  }

  /// The next line of its standard output; nil when it has closed it.
  package func readLine() -> String? {
    while true {
      if let end = received.firstIndex(of: UInt8(ascii: "\n")) {
        let line = String(decoding: received[..<end], as: UTF8.self)
        received.removeSubrange(...end)
        return line
      }
      let more = Self.read(output)
      guard !more.isEmpty else { return nil }
      received += more
    }
  }

  /// All that is left of its standard output.
  package func readToEnd() -> String {
    while true {
      let more = Self.read(output)
      if more.isEmpty { return String(decoding: received, as: UTF8.self) }
      received += more
    }
  }

  private static func read(_ descriptor: Int32) -> [UInt8] {
    unsafe [UInt8](unsafeUninitializedCapacity: 64 << 10) { buffer, count in
      // SAFETY: read fills the buffer within its count.
      count = max(0, unsafe Glibc.read(descriptor, buffer.baseAddress, buffer.count))
    }
  }

  /// Waits until it has ended.
  package func wait() -> Ending {
    if let ending { return ending }
    var status: Int32 = 0
    // SAFETY: waitpid writes the status and keeps no pointer.
    while unsafe waitpid(pid, &status, 0) < 0, errno == EINTR {}
    let signal = status & 0x7F
    let result = signal == 0 ? Ending.exited(status >> 8 & 0xFF) : .killed(signal)
    ending = result
    return result
  }

  /// What it has written to its standard error so far.
  package var errorText: String {
    lseek(errors, 0, SEEK_SET)
    return String(decoding: Self.read(errors), as: UTF8.self)
  }
}

/// A program of the system, run to its end.
@discardableResult
package func run(_ program: String, _ arguments: String...) throws -> (code: Int32, output: String)
{
  let child = try ChildProcess(program, arguments)
  let output = child.readToEnd()
  guard case .exited(let code) = child.wait() else { return (-1, output) }
  return (code, output + child.errorText)
}
