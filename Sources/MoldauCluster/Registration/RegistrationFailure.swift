package import MoldauCoordination
package import MoldauFormat

/// Why a broker could not register.
package enum RegistrationFailure: Error, Hashable, Sendable {
  /// The directory was a member of one cluster, and the coordination service serves another.
  case otherCluster(directory: String, service: String)
  /// The directory was a member of a cluster, and the coordination service knows of none.
  case unknownCluster(String)
  /// The directory has topics, and was no member of a cluster.
  case notEmpty
  /// A broker of the same number is up with another directory.
  case otherDirectory(nodeID: Int32, theirs: TopicID, ours: TopicID, endpoint: String)
  /// A node says what cannot be.
  case node(NodeError)
  /// The coordination service refused or failed.
  case service(CoordinationError)
  /// The directory could not be written.
  case directory(String)

  /// Whether it stays so however often it is tried.
  package var isFinal: Bool {
    switch self {
    case .otherCluster, .unknownCluster, .notEmpty: true
    case .otherDirectory, .node, .service, .directory: false
    }
  }
}

extension RegistrationFailure: CustomStringConvertible {
  package var description: String {
    switch self {
    case .otherCluster(let directory, let service):
      "the directory belongs to the cluster \(directory), and the coordination service serves the"
        + " cluster \(service): check the service's address and the directory"
    case .unknownCluster(let directory):
      "the directory belongs to the cluster \(directory), and the coordination service knows of no"
        + " cluster: check its address; without what it has known of the topics they are lost"
    case .notEmpty:
      "the directory has topics of a broker that stood alone: a broker of a cluster begins with an"
        + " empty directory"
    case .otherDirectory(let nodeID, let theirs, let ours, let endpoint):
      "broker \(nodeID) is up already, at \(endpoint) with the directory \(theirs.base64), and this"
        + " is the directory \(ours.base64): give each broker a number of its own"
    case .node(let error): "\(error)"
    case .service(let error): "\(error)"
    case .directory(let reason): reason
    }
  }
}
