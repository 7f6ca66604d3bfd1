import Foundation
import MoldauClient
import MoldauProtocol

/// The broker that is measured: a process that the benchmark has started, or one of someone else's.
final class BrokerTarget {
  let endpoint: Endpoint
  /// The broker's process, for its processor time and memory; nil when it is not known.
  let pid: pid_t?
  private let process: BaselineProcess?

  /// Starts `moldau serve` on an empty directory and waits until it listens.
  init(
    starting program: String, data: String, _ arguments: [String] = []
  ) throws {
    let process = try BaselineProcess(
      program, ["serve", "--data", data, "--kafka", "127.0.0.1:0"] + arguments)
    // "listening     127.0.0.1:49152, for Kafka clients"
    let words = process.readLine()?.split { $0 == " " || $0 == "," } ?? []
    guard words.count > 1, let endpoint = Endpoint(String(words[1])) else {
      throw BaselineError("\(program) serve did not say where it listens")
    }
    self.process = process
    self.endpoint = endpoint
    pid = process.pid
  }

  init(at endpoint: Endpoint, pid: pid_t?) {
    self.endpoint = endpoint
    self.pid = pid
    process = nil
  }

  /// Ends a broker that the benchmark has started.
  func stop() throws {
    try process?.stop()
  }

  /// Asks it to stop; `wait` waits for its end.
  func beginStop() {
    process?.beginStop()
  }

  /// Waits until it has ended, and throws when its exit code is not 0.
  func wait() throws {
    try process?.wait()
  }

  /// Ends it at once (SIGKILL).
  func kill() throws {
    try process?.kill()
  }

  func connect() throws -> KafkaConnection {
    try KafkaConnection(to: endpoint)
  }

  func connectRaw() throws -> BaselineConnection {
    try BaselineConnection(host: endpoint.host, port: endpoint.port)
  }

  /// What the kernel says of the broker's memory; nil when its process is not known.
  var memory: ResidentMemory? { pid.flatMap(ResidentMemory.of(process:)) }

  /// The broker's processor time so far.
  func cpuNanoseconds() throws -> Double? {
    guard let pid else { return nil }
    return try BaselineProcess.cpuNanoseconds(of: pid)
  }
}
