import ArgumentParser
import Glibc

/// `moldau dev`
struct DevCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dev",
    abstract: "Run a cluster on this machine, to develop against, until Ctrl-C.",
    discussion: """
      Starts the brokers as processes of their own with development settings, and for more than one \
      of them ZooKeeper servers that coordinate them, which Debian's packages zookeeper and \
      default-jre-headless bring. The data goes to a temporary folder that is removed at the end, \
      or stays where --data says. All listen on 127.0.0.1.
      """)

  @Option(help: "How many brokers.")
  var nodes = 3

  @Option(help: "How many ZooKeeper servers, for more than one broker.")
  var zookeepers = 3

  @Option(
    help: ArgumentHelp(
      "The port of the first broker; the others have those that follow.", valueName: "port"))
  var port = 9092

  @Option(
    help: ArgumentHelp("A directory that keeps the data.", valueName: "dir"),
    completion: .directory)
  var data: String?

  @Flag(help: "Print one JSON object when the cluster is ready, instead of text.")
  var json = false

  func validate() throws {
    guard (1...9).contains(nodes) else { throw ValidationError("--nodes: it is outside 1 to 9") }
    guard [1, 3, 5].contains(zookeepers) else {
      throw ValidationError("--zookeepers: it is none of 1, 3, 5")
    }
    guard (1...65_535 - nodes).contains(port) else {
      throw ValidationError("--port: it is outside 1 to \(65_535 - nodes)")
    }
  }

  func run() async throws {
    let stop = StopSignal()
    let folder = try DevFolder(data)
    defer { folder.removeIfTemporary() }
    let cluster = try DevCluster(
      nodeCount: nodes, zooKeeperCount: nodes > 1 ? zookeepers : 0, firstPort: port,
      folder: folder.path)
    defer { cluster.stop() }
    try await cluster.start()
    print(json ? cluster.json : cluster.text)
    fflush(nil)
    await stop.wait()
  }
}
