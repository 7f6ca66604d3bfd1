import Foundation
import MoldauClient
import MoldauEnsemble
import MoldauProtocol

/// Brokers of a cluster, numbered from 1 on, and the ensemble that coordinates them.
///
/// They end with `stop`; what still runs when the object is released is killed.
final class BenchmarkCluster {
  /// What failovers are measured with.
  static let shortSession = "2s"
  /// Where nobody is to die: writes that fill the device's queue hold up the ensemble's too.
  static let longSession = "30s"

  private let program: String
  private let directory: String
  private let arguments: [String]
  private let sessionTimeout: String
  private let ensemble: ZooKeeperEnsemble
  /// By node number, from 1 on; nil for one that is down.
  private var brokers: [BrokerTarget?]

  /// Starts the ensemble and the brokers; returns when all are in the cluster.
  ///
  /// - Parameter arguments: what `moldau serve` gets beside what makes it one of the cluster.
  init(
    _ context: RowContext, brokerCount: Int = 3, sessionTimeout: String, _ arguments: [String] = []
  ) throws {
    guard case .started(let program) = context.broker else {
      preconditionFailure("a cluster's brokers are started for each row")
    }
    self.program = program
    self.arguments = arguments
    self.sessionTimeout = sessionTimeout
    directory = "\(context.directory)/cluster"
    try FileManager.default.createDirectory(
      atPath: directory, withIntermediateDirectories: true)
    ensemble = try ZooKeeperEnsemble(in: directory, count: 3)
    try ensemble.start()
    brokers = Array(repeating: nil, count: brokerCount)
    for number in 1...Int32(brokerCount) { try start(number) }
  }

  // MARK: Brokers

  /// Starts a broker that is down, with the data that it had.
  func start(_ number: Int32) throws {
    precondition(brokers[Int(number) - 1] == nil, "the broker is up")
    brokers[Int(number) - 1] = try BrokerTarget(
      starting: program, data: "\(directory)/broker-\(number)",
      [
        "--node-id", "\(number)", "--cluster", "zk://\(ensemble.hosts)/moldau",
        "--replication", "127.0.0.1:0",
        "--session-timeout", sessionTimeout, "--replicas", "\(brokers.count)",
        "--log-level", "error",
      ] + arguments)
  }

  /// Kills a broker (SIGKILL); returns at once.
  func kill(_ number: Int32) throws {
    try target(number).kill()
    brokers[Int(number) - 1] = nil
  }

  /// Asks a broker to stop, and gives it out of hand; `wait` on what is returned.
  func beginStop(of number: Int32) throws -> BrokerTarget {
    let stopping = try target(number)
    stopping.beginStop()
    brokers[Int(number) - 1] = nil
    return stopping
  }

  func target(_ number: Int32) throws -> BrokerTarget {
    guard let target = brokers[Int(number) - 1] else {
      throw BaselineError("broker \(number) is down")
    }
    return target
  }

  /// The numbers of the brokers that are up.
  var live: [Int32] {
    brokers.indices.filter { brokers[$0] != nil }.map { Int32($0 + 1) }
  }

  /// Ends all of them.
  func stop() throws {
    let running = brokers.compactMap { $0 }
    brokers = brokers.map { _ in nil }
    for broker in running { broker.beginStop() }
    for broker in running { try broker.wait() }
    ensemble.stop()
  }

  // MARK: Asking

  /// Waits until something is so, with a pause between two looks; one that throws has not seen it.
  static func wait(
    until what: String, seconds: Double = 60, pauseMilliseconds: UInt64 = 5,
    _ isSo: () throws -> Bool
  ) throws {
    let deadline = MonotonicTime.now + UInt64(seconds * 1e9)
    var last: (any Error)?
    while MonotonicTime.now < deadline {
      do {
        if try isSo() { return }
      } catch {
        last = error
      }
      MonotonicTime.sleep(until: MonotonicTime.now + pauseMilliseconds * 1_000_000)
    }
    throw BaselineError("\(what): not in \(seconds) s\(last.map { "; \($0)" } ?? "")")
  }
}
