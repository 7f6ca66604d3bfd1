import MoldauProtocol

/// A client's connection, as far as the broker's decisions depend on it.
package final class ClientConnection: Sendable {
  /// Where the client is told to find this broker: each listener has an address of its own.
  package let advertisedHost: String
  package let advertisedPort: Int32
  /// The client's address, for the log.
  package let address: String
  /// The host of that, without the port.
  package let host: String
  /// The listener at which it came: its place among the listeners for clients.
  package let listener: Int
  /// Whether it came at the replication listener, which is for the brokers of the cluster.
  package let isPeer: Bool

  package init(
    advertisedHost: String, advertisedPort: Int32, address: String, host: String = "",
    listener: Int = 0, isPeer: Bool = false
  ) {
    self.advertisedHost = advertisedHost
    self.advertisedPort = advertisedPort
    self.address = address
    self.host = host
    self.listener = listener
    self.isPeer = isPeer
  }

  /// The client's host as descriptions of groups give it: `/127.0.0.1`, without the port.
  var groupHost: String { "/\(host)" }
}

/// One who has to look at a request again when something has happened.
package protocol WakeTarget: AnyObject, Sendable {
  /// Lets `PendingRequest.resume` be called for request number `sequence` of the connection, soon,
  /// where its answers are written. From any thread; must be quick.
  func wake(_ sequence: UInt64)
}

/// Wakes one request that waits. A request that is gone is not disturbed by it.
package struct RequestWaker: Sendable {
  package let target: any WakeTarget
  package let sequence: UInt64

  package init(target: any WakeTarget, sequence: UInt64) {
    self.target = target
    self.sequence = sequence
  }

  package func wake() {
    target.wake(sequence)
  }
}

/// What a handler needs to know about a request beside its message.
struct RequestContext {
  let header: RequestHeader
  let client: ClientConnection
  let waker: RequestWaker
}
