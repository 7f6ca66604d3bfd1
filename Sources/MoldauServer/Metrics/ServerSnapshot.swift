import MoldauBroker
import NIOCore

/// What a server has counted up to a moment.
struct ServerSnapshot: Sendable {
  var requests: RequestStatistics
  var connections: ConnectionRegistry.Counts
  var requestMemoryBytes: Int
  var requestMemoryLimitBytes: Int
  var fetchSessionCount: Int

  /// Asks each event loop for what it has counted; the answer comes on `eventLoop`.
  static func take(
    of parts: ServerParts, on eventLoop: any EventLoop
  ) -> EventLoopFuture<ServerSnapshot> {
    let counted = parts.loops.map { $0.statistics() }
    return EventLoopFuture.whenAllSucceed(counted, on: eventLoop).map { counted in
      var requests = RequestStatistics()
      for loop in counted { requests.add(loop) }
      return ServerSnapshot(
        requests: requests, connections: parts.connections.counts,
        requestMemoryBytes: parts.services.memory.usedByteCount,
        requestMemoryLimitBytes: parts.services.memory.byteCount,
        fetchSessionCount: parts.services.broker.fetchSessionCount)
    }
  }
}

/// What a server's counts are gathered from.
struct ServerParts: Sendable {
  let services: ServerServices
  let connections: ConnectionRegistry
  let loops: [LoopResources]
}
