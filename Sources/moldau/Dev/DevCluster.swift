import Glibc
import MoldauClient
import MoldauDisk
import MoldauEnsemble
import MoldauLog
import MoldauReport

/// Brokers, and the ensemble that coordinates them, as processes of this machine.
///
/// They end with this process, however it ends.
final class DevCluster {
  private struct Node {
    let number: Int
    let address: Endpoint
    let folder: String
    var process: ServerProcess?

    var log: String { "\(folder).log" }

    /// The end of its log: a temporary folder is gone when somebody looks.
    var lastWords: String {
      do throws(DiskError) {
        let text = String(decoding: try SystemDisk().contents(of: log), as: UTF8.self)
        return text.split(separator: "\n").suffix(20).joined(separator: "\n")
      } catch {
        return "\(error)"
      }
    }
  }

  private let folder: String
  private let ensemble: ZooKeeperEnsemble?
  private var nodes: [Node]

  /// Prepares everything, and starts nothing.
  init(nodeCount: Int, zooKeeperCount: Int, firstPort: Int, folder: String) throws {
    self.folder = folder
    do throws(EnsembleError) {
      ensemble =
        zooKeeperCount == 0 ? nil : try ZooKeeperEnsemble(in: folder, count: zooKeeperCount)
    } catch {
      throw CommandFailure("\(error)")
    }
    nodes = (1...nodeCount).map { number in
      Node(
        number: number,
        address: Endpoint(host: "127.0.0.1", port: UInt16(firstPort + number - 1)),
        folder: "\(folder)/broker-\(number)")
    }
  }

  // MARK: Running

  /// Starts all and returns when every broker is in the cluster.
  func start() async throws {
    do throws(EnsembleError) {
      try ensemble?.start()
      for index in nodes.indices {
        nodes[index].process = try ServerProcess(
          command(nodes[index]), variables: Self.environment, log: nodes[index].log)
      }
    } catch {
      throw CommandFailure("\(error)")
    }
    while !isReady() {
      if let ended = nodes.first(where: { $0.process?.pid == nil }) {
        throw CommandFailure("broker \(ended.number) has not started:\n\(ended.lastWords)")
      }
      try await Task.sleep(for: .milliseconds(50))
    }
  }

  /// Asks the brokers to stop, waits for it, and ends the ensemble.
  func stop() {
    for node in nodes { node.process?.signal(SIGTERM) }
    for node in nodes { node.process?.wait() }
    ensemble?.stop()
  }

  private func command(_ node: Node) -> [String] {
    var words = [
      Self.program, "serve", "--dev", "--log-level", "info", "--data", node.folder, "--kafka",
      "\(node.address)", "--node-id", "\(node.number)",
    ]
    guard let ensemble else { return words }
    words += [
      "--cluster", "zk://\(ensemble.hosts)/moldau", "--replication", "127.0.0.1:0",
      "--session-timeout", "2s", "--replicas", "\(min(nodes.count, 3))",
    ]
    return words
  }

  /// Whether each broker answers, and says that all are there.
  private func isReady() -> Bool {
    var options = KafkaConnection.Options()
    options.connectTimeoutMilliseconds = 1_000
    options.timeoutMilliseconds = 2_000
    return nodes.allSatisfy { node in
      do throws(ClientError) {
        return try Cluster([node.address], options).metadata(topics: []).brokers.count
          == nodes.count
      } catch {
        return false
      }
    }
  }

  /// This program's file.
  private static var program: String {
    var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
    // SAFETY: the call writes at most `count` bytes.
    let count = unsafe readlink("/proc/self/exe", &buffer, buffer.count)
    let bytes = buffer.prefix(max(count, 0)).map { UInt8(bitPattern: $0) }
    return bytes.isEmpty ? "moldau" : String(decoding: bytes, as: UTF8.self)
  }

  private static var environment: [String] {
    ["PATH", "HOME", "LANG", "TMPDIR", "LD_LIBRARY_PATH"].compactMap { name -> String? in
      ClientOptions.environment(name).map { "\(name)=\($0)" }
    }
  }

  // MARK: What it says

  private var addresses: String { nodes.map { "\($0.address)" }.joined(separator: ",") }

  var text: String {
    var lines = ["brokers    \(addresses)"]
    if let ensemble { lines.append("zookeeper  zk://\(ensemble.hosts)/moldau") }
    lines += [
      "data       \(folder) (logs: broker-N.log)",
      "",
      "  moldau cluster status --broker \(nodes[0].address)",
      "  echo hello | moldau produce greetings --broker \(nodes[0].address)",
      "",
      "Ctrl-C ends it.",
    ]
    return lines.joined(separator: "\n")
  }

  var json: String {
    JSONLine.text(
      of: ReportRow(
        ReportRow.Kind("development"),
        [
          .init("brokers", .text(addresses)),
          .init("cluster", ensemble.map { .text("zk://\($0.hosts)/moldau") } ?? .none),
          .init("data", .text(folder)),
          .init("processIDs", .integers(nodes.compactMap { $0.process?.pid.map(Int64.init) })),
        ]))
  }
}
