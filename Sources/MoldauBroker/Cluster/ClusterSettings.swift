package import MoldauCluster

/// How a broker behaves as a member of a cluster. The names in parentheses are Kafka's.
package struct ClusterSettings: Sendable {
  /// How long the coordination service keeps the broker's session without hearing of it: after that
  /// others lead what it led (`zookeeper.session.timeout.ms`).
  package var sessionTimeoutMilliseconds: Int32 = 6_000
  /// How partitions are replicated.
  package var replicas = ReplicaSettings()
  /// How the broker copies partitions that others lead.
  package var fetching = ReplicaFetchConfiguration()
  /// How the broker behaves when it is the controller.
  package var controller = ControllerSettings()
  /// How long the controller may wait for something new before it answers a broker that has all.
  package var imageWaitMilliseconds: Int32 = 5_000
  /// How long an answer of another broker may take beyond what it may wait.
  package var answerMilliseconds: Int64 = 5_000
  /// The pause before a first try anew; it doubles with each that follows.
  package var minBackoffMilliseconds: Int64 = 25
  /// The longest pause before a try anew.
  package var maxBackoffMilliseconds: Int64 = 1_000
  /// How long a start waits for the coordination service and for the registration.
  package var startMilliseconds: Int64 = 30_000
  /// How long a stop waits until others lead what this broker leads (`controlled.shutdown.*`).
  package var shutdownMilliseconds: Int64 = 5_000
  /// How long a client's request to the controller may wait for one, and for its answer.
  package var forwardMilliseconds: Int64 = 30_000
  /// Where the ensemble is, as tools are told that ask a broker for its settings: `HOST:PORT,…/chroot`
  /// (`zookeeper.connect`); nil without one.
  package var ensemble: String?

  package init() {}
}
