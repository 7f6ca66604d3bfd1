import NIOCore
import Synchronization

/// The open connections of a server. Thread-safe.
final class ConnectionRegistry: Sendable {
  private struct State: Sendable {
    var connections: [ObjectIdentifier: ConnectionReference] = [:]
    var isEnding = false
    /// Those of other brokers among the connections.
    var peerCount = 0
    var counts = Counts()
    var whenEmpty: (@Sendable () -> Void)?
  }

  /// What became of the connections that came.
  struct Counts: Sendable {
    var open = 0
    var accepted: UInt64 = 0
    var refused: UInt64 = 0
  }

  private let capacity: Int
  private let state = Mutex(State())

  init(capacity: Int) {
    self.capacity = capacity
  }

  /// Adds a connection; false when there are too many, or when the server stops. Those of other
  /// brokers are counted for themselves: clients cannot keep them out.
  func add(_ connection: ConnectionReference) -> Bool {
    state.withLock { state in
      let isPeer = connection.isPeer
      let hasRoom =
        isPeer
        ? state.peerCount < Limits.peerConnectionCount
        : state.connections.count - state.peerCount < capacity
      guard !state.isEnding, hasRoom else {
        state.counts.refused += 1
        return false
      }
      state.counts.accepted += 1
      if isPeer { state.peerCount += 1 }
      state.connections[ObjectIdentifier(connection)] = connection
      return true
    }
  }

  var counts: Counts {
    state.withLock { state in
      var counts = state.counts
      counts.open = state.connections.count
      return counts
    }
  }

  func remove(_ connection: ConnectionReference) {
    let whenEmpty = state.withLock { state -> (@Sendable () -> Void)? in
      if state.connections.removeValue(forKey: ObjectIdentifier(connection)) != nil,
        connection.isPeer
      {
        state.peerCount -= 1
      }
      guard state.connections.isEmpty else { return nil }
      return state.whenEmpty.take()
    }
    whenEmpty?()
  }

  /// Lets every connection end, and takes no new ones; calls `body` once when all have ended.
  func endAll(_ body: @escaping @Sendable () -> Void) {
    let connections = state.withLock { state in
      state.isEnding = true
      if !state.connections.isEmpty { state.whenEmpty = body }
      return Array(state.connections.values)
    }
    if connections.isEmpty { body() }
    for connection in connections {
      connection.loop.eventLoop.execute { connection.handler.value?.end() }
    }
  }

  /// Closes every connection, whatever it waits for.
  func closeAll() {
    for connection in state.withLock({ Array($0.connections.values) }) {
      connection.loop.eventLoop.execute {
        connection.handler.value?.context?.close(promise: nil)
      }
    }
  }
}
