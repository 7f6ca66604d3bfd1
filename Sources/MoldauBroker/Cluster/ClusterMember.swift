package import MoldauCluster
import MoldauLog
import MoldauProtocol

/// A broker's part in its cluster: it registers, follows the cluster's image, gives the partitions in
/// its directory their roles, and brings to the controller what only that decides.
///
/// All of it runs on one queue, which never waits; what waits for the disk has a queue of its own.
/// Thread-safe.
package final class ClusterMember: Sendable {
  package let nodeID: Int32

  init(nodeID: Int32) {
    self.nodeID = nodeID
  }

  // MARK: What is known

  /// Which of the broker's registrations holds; nil when none does.
  package var brokerEpoch: Int64? { preconditionFailure("not yet") }

  /// What the broker knows of the cluster; an empty image before it has heard of it.
  package var image: ClusterImage { preconditionFailure("not yet") }

  /// Whether an image has been applied in which this broker is registered as it is now.
  package var isReady: Bool { preconditionFailure("not yet") }

  /// This session's controller; it may not be elected (`isActive`). nil without a session.
  package var controller: ClusterController? { preconditionFailure("not yet") }

  /// Calls `body` once when the next image was applied, from the member's queue; be quick.
  package func whenNextImage(_ body: @escaping @Sendable () -> Void) {
    preconditionFailure("not yet")
  }

  // MARK: Life

  /// Registers the broker, which listens already, and begins to follow the cluster.
  ///
  /// - Parameters:
  ///   - endpoints: where clients find it, by listener.
  ///   - replication: where the other brokers find it.
  ///   - completion: called once: nil when it has registered, or why it never will.
  package func start(
    endpoints: [BrokerRegistration.Endpoint], replication: BrokerRegistration.Endpoint,
    _ completion: @escaping @Sendable (BrokerError?) -> Void
  ) { preconditionFailure("not yet") }

  /// Leaves the cluster in order: others lead what this broker has led before it goes.
  ///
  /// - Parameter completion: called once, at the latest when the settings' time is up; the partitions
  ///   have no role then.
  package func stop(_ completion: @escaping @Sendable () -> Void) {
    preconditionFailure("not yet")
  }

  // MARK: For requests

  /// Lets the controller, another broker, answer a client's request.
  ///
  /// - Parameters:
  ///   - frame: the request as it came.
  ///   - refusal: the answer when the controller cannot be asked: with NOT_CONTROLLER when it was not
  ///     reached, with REQUEST_TIMED_OUT when it may have done it.
  func forwardToController<Response: ProtocolResponse>(
    _ frame: RawSpan, _ context: RequestContext, into reply: inout Reply,
    refusal: @escaping @Sendable (ErrorCode) -> Response
  ) -> Outcome { preconditionFailure("not yet") }

  /// Takes the next block of the cluster's producer ids.
  package func reserveProducerIDs(
    _ completion: @escaping @Sendable (Result<Range<Int64>, ClusterRefusal>) -> Void
  ) { preconditionFailure("not yet") }
}
