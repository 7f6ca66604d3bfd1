import Glibc
import MoldauLog
import Synchronization

/// A program that runs beside this one, and is killed with it however this one ends.
///
/// A thread waits for its end: the system ties the child to the thread that has started it.
/// Thread-safe.
package final class ServerProcess: Sendable {
  package enum Ending: Hashable, Sendable {
    case exited(Int32)
    case killed(Int32)
  }

  private enum State: Sendable {
    case starting
    case running(pid_t)
    case ended(Ending)
    case failed(errno: Int32)
  }

  private final class Life: Sendable {
    let state = Mutex(State.starting)
    let started = WakeSignal()
    let ended = WakeSignal()
  }

  private let life: Life

  /// Starts a program by its path, or by its name if it is in the `PATH`.
  ///
  /// - Parameters:
  ///   - words: the program and its arguments.
  ///   - variables: the whole environment, as `NAME=value`.
  ///   - log: the file that gets what it writes, at the end of what is there.
  package init(_ words: [String], variables: [String], log: String) throws(EnsembleError) {
    let life = Life()
    self.life = life
    EngineThread.detached(name: "moldau-child") {
      Self.run(["setpriv", "--pdeathsig", "KILL"] + words, variables, log: log, life)
    }
    life.started.sleep()
    let failure: Int32? = life.state.withLock { state in
      if case .failed(let number) = state { number } else { nil }
    }
    if let failure { throw .call("posix_spawn \(words[0])", errno: failure) }
  }

  deinit {
    signal(SIGKILL)
  }

  /// The process's number; nil when it has ended.
  package var pid: Int32? {
    life.state.withLock { state in
      if case .running(let pid) = state { pid } else { nil }
    }
  }

  /// Sends a signal, if it still runs.
  package func signal(_ number: Int32) {
    life.state.withLock { state in
      // It cannot be another's number: the thread takes the child's end in with the lock.
      if case .running(let pid) = state { kill(pid, number) }
    }
  }

  /// Waits until it has ended.
  @discardableResult
  package func wait() -> Ending {
    while true {
      let ending: Ending? = life.state.withLock { state in
        if case .ended(let ending) = state { ending } else { nil }
      }
      if let ending { return ending }
      life.ended.sleep()
      // For the next who waits.
      life.ended.wake()
    }
  }

  private static func run(
    _ words: [String], _ variables: [String], log: String, _ life: Life
  ) {
    let (pid, failure) = spawn(words, variables, log: log)
    life.state.withLock { $0 = failure == 0 ? .running(pid) : .failed(errno: failure) }
    life.started.wake()
    guard failure == 0 else { return }
    var information = unsafe siginfo_t()
    // SAFETY: the call fills in the structure and keeps no pointer. The child's number stays its own
    // until the second call.
    while unsafe waitid(P_PID, id_t(pid), &information, WEXITED | WNOWAIT) < 0, errno == EINTR {}
    life.state.withLock { state in
      var status: Int32 = 0
      // SAFETY: the call writes the status and keeps no pointer.
      while unsafe waitpid(pid, &status, 0) < 0, errno == EINTR {}
      let signal = status & 0x7F
      state = .ended(signal == 0 ? .exited(status >> 8 & 0xFF) : .killed(signal))
    }
    life.ended.wake()
  }

  private static func spawn(
    _ words: [String], _ variables: [String], log: String
  ) -> (pid: pid_t, failure: Int32) {
    // SAFETY: actions and attributes live until they are destroyed, the copies of the words until
    // they are freed.
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    unsafe posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    unsafe posix_spawn_file_actions_addopen(
      &actions, STDOUT_FILENO, log, O_WRONLY | O_CREAT | O_APPEND, 0o644)
    unsafe posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO)
    // A group of its own: what a terminal's keys tell this program's group is not for it. Signals are
    // as usual: threads of this program may block some.
    var attributes = posix_spawnattr_t()
    var none = sigset_t()
    var all = sigset_t()
    unsafe sigemptyset(&none)
    unsafe sigfillset(&all)
    unsafe posix_spawnattr_init(&attributes)
    defer { unsafe posix_spawnattr_destroy(&attributes) }
    unsafe posix_spawnattr_setsigmask(&attributes, &none)
    unsafe posix_spawnattr_setsigdefault(&attributes, &all)
    let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
    unsafe posix_spawnattr_setflags(&attributes, Int16(flags))
    let arguments = unsafe words.map { unsafe strdup($0) }
    let environment = unsafe variables.map { unsafe strdup($0) }
    defer { unsafe (arguments + environment).forEach { unsafe free($0) } }
    var pid: pid_t = 0
    let failure = unsafe posix_spawnp(
      &pid, words[0], &actions, &attributes, arguments + [nil], environment + [nil])
    return (pid, failure)
  }
}
