import Foundation
import MoldauClient

/// `moldau bench broker`: what the broker does in a second and what it costs.
///
/// A row starts `moldau serve` as a process of its own, on an empty directory, and measures it from
/// outside: over the loopback, and by what the kernel says of the process. The same rows, but for
/// those that start a broker, measure any Kafka-compatible address.
public enum BrokerBenchmark {
  public struct Options: Sendable {
    /// The rounds of a row (fewer in rows whose rounds are long).
    public var rounds = 5
    /// The names of the rows to run; all when empty.
    public var only: [String] = []
    /// Where the data goes, by default the system's temporary directory.
    public var directory: String?
    /// Whether to say on a terminal how far the run is.
    public var showsProgress = true
    /// The broker to measure, `HOST:PORT`; nil starts one for each row.
    public var address: String?
    /// The process of the broker at `address`, where it runs on this machine.
    public var pid: Int32?
    /// The program that `serve`s, when brokers are started.
    public var program: String

    public init(program: String) {
      self.program = program
    }
  }

  /// The names of all rows, in the order in which they run.
  public static var rowNames: [String] { rows.map { $0.description.name } }

  /// Runs the rows and returns what they found; all data of brokers that it started is removed.
  public static func run(_ options: Options) async throws -> BenchmarkReport {
    try BenchmarkOptionError.check(rounds: options.rounds, only: options.only, known: rowNames)
    let choice = try choice(options)
    let wanted = rows.filter { row in
      let isAsked = options.only.isEmpty || options.only.contains(row.description.name)
      return isAsked && (options.address == nil || !startsBrokers(row))
    }
    return try await BenchmarkRun.run(
      wanted, rounds: options.rounds, inside: options.directory,
      showsProgress: options.showsProgress, broker: choice)
  }

  private static func choice(_ options: Options) throws(BenchmarkOptionError) -> BrokerChoice {
    guard let address = options.address else { return .started(program: options.program) }
    guard let endpoint = Endpoint(address) else { throw BenchmarkOptionError.notAnAddress(address) }
    return .running(endpoint, pid: options.pid)
  }

  private static func startsBrokers(_ row: any BenchmarkRow.Type) -> Bool {
    row == ReadyRow.self
  }
}
