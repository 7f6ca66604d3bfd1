package import MoldauCluster

/// How a broker reaches the other brokers of its cluster. The server has one of sockets, the
/// simulation one of its own.
package protocol PeerNetwork: Sendable {
  /// A connection to a broker's replication listener. Returns at once and connects with the first
  /// request; one that was lost is made again with the next.
  func connection(to endpoint: BrokerRegistration.Endpoint) -> any PeerConnection
}

/// A connection to another broker: requests are answered in their order. Thread-safe.
package protocol PeerConnection: AnyObject, Sendable {
  /// Sends a request, its header included, without the size in front.
  ///
  /// - Parameter completion: called once, on a thread of the network, with the answer, its header
  ///   included, or with nil when the connection was lost or could not be made: the other side may or
  ///   may not have carried it out.
  func send(_ request: [UInt8], _ completion: @escaping @Sendable (RawSpan?) -> Void)

  /// Requests without an answer get nil. Idempotent.
  func close()
}
