import Foundation
import MoldauBroker
import MoldauClient
import MoldauLog
import MoldauServer
import Synchronization

@testable import MoldauCommands

/// A broker in this process, on a free port of the loopback, its data in memory.
struct TestBroker: Sendable {
  let store: LogStore
  let server: BrokerServer

  var endpoint: Endpoint { Endpoint(host: "127.0.0.1", port: UInt16(server.addresses[0].port)) }

  /// Starts a broker, runs `body` on a thread of its own, since commands block, and stops.
  static func run(
    partitionCount: Int = 1, _ body: @escaping @Sendable (TestBroker) throws -> Void
  ) async throws {
    let store = try await LogStore.inMemory(StoreConfiguration(durability: .buffered))
    var configuration = ServerConfiguration(
      listeners: [.init(address: HostAndPort(host: "127.0.0.1", port: 0))])
    // Records of any time stay.
    configuration.broker.newTopics.retention = []
    configuration.broker.newTopics.partitionCount = partitionCount
    configuration.broker.groups.initialRebalanceDelay = .zero
    let server = try await BrokerServer.start(store: store, configuration)
    let broker = TestBroker(store: store, server: server)
    let result: Result<Void, any Error>
    do { result = .success(try await onThread { try body(broker) }) } catch {
      result = .failure(error)
    }
    await server.stop()
    try await store.close()
    try result.get()
  }

  func context(_ output: CapturedOutput, json: Bool = false) -> CommandContext {
    CommandContext(
      cluster: Cluster([endpoint]), output: output, json: json, clock: .testing)
  }

  /// Writes lines to a topic, each in a batch of its own.
  func produce(
    _ lines: [String], to topic: String, _ change: (inout ProduceRun.Options) -> Void = { _ in }
  ) throws -> CapturedOutput {
    let output = CapturedOutput()
    var options = ProduceRun.Options(topic: topic)
    change(&options)
    var run = ProduceRun(context(output, json: options.readsJSON), options)
    try run.run(LineInput(lines))
    return output
  }

  /// Reads a topic to its end; returns the lines.
  func consume(
    _ topic: String, json: Bool = false, _ change: (inout ConsumeRun.Options) -> Void = { _ in }
  ) throws -> [String] {
    let output = CapturedOutput()
    var options = ConsumeRun.Options(topic: topic)
    options.to = .latest
    options.format = json ? .json : .text(.value(null: []), delimiter: [0x0A])
    change(&options)
    try ConsumeRun(context(output, json: json), options).run()
    return output.lines
  }
}

extension CommandClock {
  static let startMilliseconds: Int64 = 1_800_000_000_000

  /// The wall clock stands still.
  static let testing = CommandClock(
    wallMilliseconds: { startMilliseconds },
    steadyMilliseconds: {
      let elapsed = ContinuousClock.Instant.now - epoch
      return elapsed.components.seconds * 1_000 + elapsed.components.attoseconds
        / 1_000_000_000_000_000
    })

  private static let epoch = ContinuousClock.Instant.now
}

/// Keeps what a command prints.
final class CapturedOutput: CommandOutput {
  private(set) var bytes: [UInt8] = []
  private(set) var notes: [String] = []
  /// After so many bytes nobody reads any more.
  var capacity = Int.max

  func write(_ bytes: [UInt8]) throws {
    guard self.bytes.count + bytes.count <= capacity else { throw OutputClosed() }
    self.bytes += bytes
  }

  func note(_ text: String) { notes.append(text) }

  var lines: [String] {
    String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
  }
}

/// Gives lines, a chunk each, and then nothing once before the end.
final class LineInput: CommandInput {
  private var chunks: [InputChunk]

  init(_ lines: [String]) {
    chunks = lines.map { .bytes(Array("\($0)\n".utf8)) } + [.nothingYet]
  }

  func next(waitMilliseconds: Int32) -> InputChunk {
    chunks.isEmpty ? .end : chunks.removeFirst()
  }
}

/// Runs `work`, which may block, on a thread of its own.
func onThread<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value
{
  try await withCheckedThrowingContinuation { continuation in
    Thread.detachNewThread { continuation.resume(with: Result(catching: work)) }
  }
}

/// Runs `work` on a thread of its own beside `meanwhile`; returns when both have.
func withThread(
  _ work: @escaping @Sendable () throws -> Void, meanwhile: () throws -> Void
) throws {
  let done = DispatchSemaphore(value: 0)
  let failure = Mutex<(any Error)?>(nil)
  Thread.detachNewThread {
    do { try work() } catch { failure.withLock { $0 = error } }
    done.signal()
  }
  defer { done.wait() }
  try meanwhile()
  if let error = failure.withLock({ $0 }) { throw error }
}
