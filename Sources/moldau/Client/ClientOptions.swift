import ArgumentParser
import Glibc
import MoldauClient
import MoldauCommands

/// What all commands that talk to a broker have in common.
struct ClientOptions: ParsableArguments {
  static let variable = "MOLDAU_BROKER"
  static let defaultAddress = "127.0.0.1:9092"

  @Option(
    help: ArgumentHelp(
      "Where brokers of the cluster are reached, the first that answers is asked "
        + "(default: $\(variable), or \(defaultAddress)).",
      valueName: "host:port,…"))
  var broker: String?

  @Option(
    help: ArgumentHelp(
      "How long a broker may be silent when it owes an answer.", valueName: "duration"),
    transform: parseDuration)
  var timeout: Int64 = 30_000

  @Flag(help: "Print a JSON object a line instead of text.")
  var json = false

  func validate() throws {
    guard (1...3_600_000).contains(timeout) else {
      throw ValidationError("--timeout: it is outside 1ms to 1h")
    }
    _ = try addresses()
  }

  /// The addresses of the option, or of the environment.
  func addresses() throws -> [Endpoint] {
    let named = broker ?? Self.environment(Self.variable) ?? Self.defaultAddress
    let origin = broker == nil ? Self.variable : "--broker"
    return try named.split(separator: ",").map { part in
      let text = part.drop { $0 == " " }
      guard let endpoint = Endpoint(String(text)) else {
        throw ValidationError("\(origin): \"\(text)\" is neither HOST:PORT nor [IPv6]:PORT")
      }
      return endpoint
    }.nonEmpty(orThrow: ValidationError("\(origin): there is no address in \"\(named)\""))
  }

  static func environment(_ name: String) -> String? {
    // SAFETY: the string is copied before anyone can change the environment.
    unsafe getenv(name).map { unsafe String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
  }

  var connectionOptions: KafkaConnection.Options {
    var options = KafkaConnection.Options()
    options.timeoutMilliseconds = Int32(timeout)
    options.connectTimeoutMilliseconds = Int32(min(timeout, 10_000))
    return options
  }

  func context(_ output: any CommandOutput) throws -> CommandContext {
    CommandContext(
      cluster: Cluster(try addresses(), connectionOptions), output: output, json: json,
      clock: .system)
  }

  /// Runs a command, and says of what fails what a person can do about it.
  func run(_ work: (CommandContext) throws -> Void) throws {
    let output = StandardOutput()
    do {
      try work(try context(output))
    } catch is OutputClosed {
      // Whoever read has read enough.
    } catch let error as ArgumentFailure {
      throw ValidationError(error.description)
    } catch let error as ClientError {
      throw CommandFailure(Self.advice(error))
    }
  }

  private static func advice(_ error: ClientError) -> String {
    switch error.reason {
    case .unreachable, .unresolvable:
      "\(error) `moldau serve` starts one; --broker or $\(variable) names another."
    default: "\(error)"
    }
  }
}

extension Array {
  fileprivate func nonEmpty(orThrow error: some Error) throws -> [Element] {
    if isEmpty { throw error }
    return self
  }
}
