import ArgumentParser
import MoldauClient
import MoldauDisk
import MoldauLog
import MoldauServer

/// `moldau demo`
struct DemoCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo",
    abstract: "Start a broker, write log lines to it, read them back, say how it went.",
    discussion: """
      The broker runs in this process on a free port of 127.0.0.1, with its data in a temporary \
      folder that is removed at the end. The lines go through the Kafka protocol over TCP, both \
      ways, and each one that comes back is compared with what was sent.
      """)

  @Flag(help: "Print JSON instead of text.")
  var json = false

  @Option(help: "How many log lines.")
  var lines = 100_000

  func validate() throws {
    guard (1...10_000_000).contains(lines) else {
      throw ValidationError("--lines: \(lines) is outside 1 to 10000000")
    }
  }

  func run() async throws {
    let folder = try TemporaryFolder.make("moldau-demo")
    let result: DemoResult
    do {
      result = try await Self.run(lineCount: lines, in: folder)
    } catch {
      try Self.remove(folder)
      throw error
    }
    try Self.remove(folder)
    print(json ? result.json : result.text)
    guard result.isGood else { throw ExitCode.failure }
  }

  private static func run(lineCount: Int, in folder: String) async throws -> DemoResult {
    let started = ContinuousClock.now
    let store = try await LogStore.open(at: folder)
    let loopback = HostAndPort(host: "127.0.0.1", port: 0)
    let server = try await BrokerServer.start(
      store: store, ServerConfiguration(listeners: [.init(address: loopback)]))
    let startDuration = started.duration(to: .now)
    let address = server.addresses[0]
    let lines = LogLines(count: lineCount)
    let (written, read) = try await onOwnThread {
      let broker = Endpoint(host: address.host, port: UInt16(address.port))
      let client = try DemoClient(lines: lines, broker: broker)
      try client.createTopic()
      return (try client.write(), try client.readBack())
    }
    let log = store.existingTopic(DemoClient.partition.topic)?.partitions.first
    let result = DemoResult(
      lineCount: lineCount, lineBytes: lines.bytes.count, address: "\(address)",
      startDuration: startDuration, written: written, read: read,
      durableCount: Int(log?.durableOffset.rawValue ?? 0), logBytes: log?.byteCount ?? 0)
    await server.stop()
    try await store.close()
    return result
  }

  /// The client blocks, which Swift's own threads must not.
  private static func onOwnThread<Value: Sendable>(
    _ work: @escaping @Sendable () throws -> Value
  ) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      EngineThread.detached(name: "moldau-client") {
        continuation.resume(with: Result(catching: work))
      }
    }
  }

  // MARK: The folder

  private static func remove(_ folder: String) throws {
    do throws(DiskError) {
      try SystemDisk().removeFolder(folder)
    } catch {
      throw CommandFailure("\(folder) could not be removed: \(error)")
    }
  }
}
