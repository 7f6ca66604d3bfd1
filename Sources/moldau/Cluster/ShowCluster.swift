import ArgumentParser
import MoldauClient
import MoldauCommands

/// `moldau cluster status`
struct ShowCluster: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Show the brokers, the controller, who leads how much, and what is wrong.",
    discussion: """
      A partition whose replicas are not all in sync is a note; one without a leader, a broker that \
      cannot be reached, and an ensemble without a majority are problems. Exit codes: 0 all is \
      well; 1 there is a problem; 64 the command line is wrong.
      """)

  @Option(
    help: ArgumentHelp(
      "The ZooKeeper servers to ask how they are (default: those that a broker names).",
      valueName: "zk://host:port,…"))
  var cluster: String?

  @OptionGroup var client: ClientOptions

  func run() throws {
    let servers = try cluster.map(Self.servers)
    try client.run { context in
      if try !ClusterStatus(context, zooKeepers: servers).run() { throw ExitCode.failure }
    }
  }

  func validate() throws {
    _ = try cluster.map(Self.servers)
  }

  /// The servers of `zk://HOST:PORT,…/chroot`.
  private static func servers(_ address: String) throws -> [Endpoint] {
    let scheme = "zk://"
    guard address.hasPrefix(scheme) else {
      throw ValidationError("--cluster: \"\(address)\" does not begin with \(scheme)")
    }
    return try address.dropFirst(scheme.count).prefix { $0 != "/" }.split(separator: ",").map {
      let text = $0.contains(":") ? String($0) : "\($0):2181"
      guard let endpoint = Endpoint(text) else {
        throw ValidationError("--cluster: \"\($0)\" is neither HOST:PORT nor [IPv6]:PORT")
      }
      return endpoint
    }
  }
}
