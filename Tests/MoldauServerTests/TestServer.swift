import Foundation
import MoldauClient
import MoldauFormat
import MoldauLog

@testable import MoldauServer

/// A broker for one test, on a free port of the loopback.
struct TestServer: Sendable {
  let store: LogStore
  let server: BrokerServer

  var port: UInt16 { UInt16(server.addresses[0].port) }

  func connect() throws -> KafkaConnection {
    try KafkaConnection(to: Endpoint(host: "127.0.0.1", port: port))
  }

  func raw() throws -> RawClient { try RawClient(port: port) }

  /// Where the store of a test keeps its files.
  enum Storage {
    case memory
    case folder
  }

  /// Starts a broker, runs `body` on a thread of its own, since clients block, and stops.
  static func run<Value: Sendable>(
    _ storage: Storage = .memory, durability: Durability = .groupCommit(),
    _ change: (inout ServerConfiguration) -> Void = { _ in },
    _ body: @escaping @Sendable (TestServer) throws -> Value
  ) async throws -> Value {
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "moldau-server-tests-\(UUID().uuidString)")
    let settings = StoreConfiguration(durability: durability)
    let store =
      switch storage {
      case .memory: try await LogStore.inMemory(settings)
      case .folder: try await LogStore.open(at: folder.path, settings)
      }
    defer {
      if storage == .folder {
        do { try FileManager.default.removeItem(at: folder) } catch { print("left: \(folder)") }
      }
    }
    var configuration = ServerConfiguration(
      listeners: [.init(address: HostAndPort(host: "127.0.0.1", port: 0))])
    // Records of any time stay.
    configuration.broker.newTopics.retention = []
    // A busy machine does not outlast it.
    configuration.broker.groups.consumerSessionTimeout = .seconds(300)
    change(&configuration)
    let server = try await BrokerServer.start(store: store, configuration)
    let result = await onOwnThread { try body(TestServer(store: store, server: server)) }
    await server.stop()
    try await store.close()
    return try result.get()
  }

  static func onOwnThread<Value: Sendable>(
    _ work: @escaping @Sendable () throws -> Value
  ) async -> Result<Value, any Error> {
    await withCheckedContinuation { continuation in
      EngineThread.detached(name: "test-client") {
        continuation.resume(returning: Result(catching: work))
      }
    }
  }
}
