import Glibc
import MoldauDisk
import Synchronization

/// ZooKeeper servers of this machine, on its loopback interface: for tests, and for a cluster to try
/// things with.
///
/// Each server has a folder of its own with its configuration, data and log. They end with this
/// process. Thread-safe.
package final class ZooKeeperEnsemble: Sendable {
  /// Where one server is found.
  struct Ports: Hashable, Sendable {
    var client: UInt16
    var quorum: UInt16
    var election: UInt16
  }

  private let folder: String
  private let ports: [Ports]
  private let tickMilliseconds: Int
  private let isDurable: Bool
  private let path: String
  private let processes: Mutex<[ServerProcess?]>

  /// Prepares the servers' folders; `start` starts them.
  ///
  /// - Parameters:
  ///   - folder: one that exists; the servers' data stays in it.
  ///   - count: 1, or 3 and more for one that goes on without some of them.
  ///   - tickMilliseconds: the servers' unit of time: sessions last two ticks at least.
  ///   - isDurable: whether writes survive a power cut.
  package init(
    in folder: String, count: Int, tickMilliseconds: Int = 200, isDurable: Bool = true
  ) throws(EnsembleError) {
    // SAFETY: the text is copied before anything else can change the environment.
    path = unsafe getenv("PATH").map { unsafe String(cString: $0) } ?? "/usr/bin:/bin"
    try ZooKeeperInstallation.check(on: SystemDisk(), path: path)
    var generator = SystemRandomNumberGenerator()
    let numbers = try LoopbackPorts.free(3 * count, using: &generator)
    ports = (0..<count).map { index in
      Ports(
        client: numbers[3 * index], quorum: numbers[3 * index + 1],
        election: numbers[3 * index + 2])
    }
    self.folder = folder
    self.tickMilliseconds = tickMilliseconds
    self.isDurable = isDurable
    processes = Mutex(Array(repeating: nil, count: count))
    do throws(DiskError) {
      for index in ports.indices { try prepare(index) }
    } catch { throw .disk(error) }
  }

  package var count: Int { ports.count }

  /// The servers as a client is told them: `127.0.0.1:PORT,…`.
  package var hosts: String {
    ports.map { "127.0.0.1:\($0.client)" }.joined(separator: ",")
  }

  // MARK: - Running

  /// Starts all servers, and does not wait until they serve.
  package func start() throws(EnsembleError) {
    for index in ports.indices { try start(index) }
  }

  /// Starts one that does not run.
  package func start(_ index: Int) throws(EnsembleError) {
    guard processes.withLock({ $0[index]?.pid == nil }) else { return }
    let process = try ServerProcess(
      command(index), variables: ["PATH=\(path)"], log: "\(folder(of: index))/server.log")
    processes.withLock { $0[index] = process }
  }

  /// Kills one (SIGKILL) and waits for its end.
  package func kill(_ index: Int) {
    let process = processes.withLock { processes in
      defer { processes[index] = nil }
      return processes[index]
    }
    process?.signal(SIGKILL)
    process?.wait()
  }

  /// Lets one stand still (SIGSTOP): its connections stay, and say nothing.
  package func pause(_ index: Int) {
    processes.withLock { $0[index] }?.signal(SIGSTOP)
  }

  /// Ends `pause`.
  package func resume(_ index: Int) {
    processes.withLock { $0[index] }?.signal(SIGCONT)
  }

  /// Ends all servers and waits for it.
  package func stop() {
    let running = processes.withLock { processes in
      defer { processes = Array(repeating: nil, count: ports.count) }
      return processes.compactMap { $0 }
    }
    // What a server has answered it has synced, if it is to; it needs no farewell.
    for process in running { process.signal(SIGKILL) }
    for process in running { process.wait() }
  }

  // MARK: - Files

  private func folder(of index: Int) -> String { "\(folder)/zookeeper-\(index + 1)" }

  private func prepare(_ index: Int) throws(DiskError) {
    let disk = SystemDisk()
    let folder = folder(of: index)
    try disk.makeDirectory(folder)
    try disk.makeDirectory("\(folder)/data")
    try disk.replaceFile(
      at: "\(folder)/data/myid", with: Array("\(index + 1)\n".utf8), isDurable: false)
    try disk.replaceFile(
      at: "\(folder)/zoo.cfg", with: Array(configuration(index).utf8), isDurable: false)
  }

  private func configuration(_ index: Int) -> String {
    // Limits are in ticks: ten seconds to join, five to lag behind.
    var lines = [
      "tickTime=\(tickMilliseconds)",
      "initLimit=\(max(10_000 / tickMilliseconds, 2))",
      "syncLimit=\(max(5000 / tickMilliseconds, 2))",
      "maxSessionTimeout=60000",
      "dataDir=\(folder(of: index))/data",
      "clientPort=\(ports[index].client)",
      "clientPortAddress=127.0.0.1",
      "maxClientCnxns=0",
      "admin.enableServer=false",
      "4lw.commands.whitelist=srvr,ruok,mntr",
    ]
    if ports.count > 1 {
      lines += ports.enumerated().map { index, ports in
        "server.\(index + 1)=127.0.0.1:\(ports.quorum):\(ports.election)"
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// A small, quickly started server that leaves nothing but its folder.
  private func command(_ index: Int) -> [String] {
    [
      "java", "-Xmx64m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-XX:-UsePerfData",
      "-Dzookeeper.jmx.log4j.disable=true", "-Dzookeeper.preAllocSize=1024",
      "-Dzookeeper.forceSync=\(isDurable ? "yes" : "no")",
      "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
      "-cp", "\(ZooKeeperInstallation.jar):\(ZooKeeperInstallation.loggingJar)",
      "org.apache.zookeeper.server.quorum.QuorumPeerMain", "\(folder(of: index))/zoo.cfg",
    ]
  }
}
