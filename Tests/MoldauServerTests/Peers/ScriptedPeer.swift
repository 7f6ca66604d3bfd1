import MoldauBroker
import MoldauCluster
import NIOCore
import NIOPosix

@testable import MoldauServer

/// A broker's replication listener in which the test decides about every byte.
final class ScriptedPeer: Sendable {
  /// Told of each request, its size taken off, with the channel to answer on.
  typealias Script = @Sendable (any Channel, [UInt8]) -> Void

  private final class Handler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let script: Script
    private var received = ByteBuffer()

    init(_ script: @escaping Script) {
      self.script = script
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      var bytes = unwrapInboundIn(data)
      received.writeBuffer(&bytes)
      while let size = received.getInteger(at: received.readerIndex, as: Int32.self),
        received.readableBytes >= 4 + Int(size)
      {
        received.moveReaderIndex(forwardBy: 4)
        script(context.channel, received.readBytes(length: Int(size)) ?? [])
      }
    }
  }

  let endpoint: BrokerRegistration.Endpoint
  private let listener: any Channel

  private init(_ listener: any Channel) {
    self.listener = listener
    endpoint = .init(
      name: "REPLICATION", host: "127.0.0.1", port: Int32(listener.localAddress?.port ?? 0))
  }

  /// Listens, runs `body` with a network to reach it, and ends both.
  static func run(
    _ settings: PeerSettings = PeerSettings(), _ script: @escaping Script,
    _ body: (ScriptedPeer, NIOPeerNetwork) async throws -> Void
  ) async throws {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
    let listener = try await ServerBootstrap(group: group)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(Handler(script))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    try await body(ScriptedPeer(listener), NIOPeerNetwork(group, settings))
    if listener.isActive { try await listener.close() }
    try await group.shutdownGracefully()
  }

  func stopListening() async throws { try await listener.close() }
}

extension PeerConnection {
  /// Sends a request and waits for a copy of its answer.
  func ask(_ request: [UInt8]) async -> [UInt8]? {
    await withCheckedContinuation { continuation in
      send(request) { answer in
        guard let answer else { return continuation.resume(returning: nil) }
        continuation.resume(returning: unsafe answer.withUnsafeBytes { unsafe Array($0) })
      }
    }
  }
}

/// A frame: the size, and the bytes.
func framed(_ bytes: [UInt8]) -> ByteBuffer {
  var buffer = ByteBuffer()
  buffer.writeInteger(Int32(bytes.count))
  buffer.writeBytes(bytes)
  return buffer
}

/// Bytes by which a mistake of place would show.
func pattern(_ count: Int, _ seed: Int) -> [UInt8] {
  var bytes = [UInt8](repeating: UInt8(truncatingIfNeeded: seed), count: count)
  for place in stride(from: 0, to: count, by: 997) {
    bytes[place] = UInt8(truncatingIfNeeded: place &* 31)
  }
  return bytes
}
