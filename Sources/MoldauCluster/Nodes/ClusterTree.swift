package import MoldauCoordination

/// The nodes that are there before any broker registers.
package enum ClusterTree {
  /// Makes the nodes that are always there, and the cluster's id, as far as they are missing.
  ///
  /// - Parameters:
  ///   - clusterID: what the cluster is to be called when it has no name yet.
  ///   - completion: gets the cluster's id; on a thread of the service. After `connectionLost`, try
  ///     again.
  package static func prepare(
    _ session: any CoordinationSession, clusterID: String,
    _ completion: @escaping @Sendable (Result<String, ClusterTreeError>) -> Void
  ) {
    session.performAll(preparation(clusterID: clusterID)) { completion(Self.clusterID(of: $0)) }
  }

  /// What `prepare` asks for, the read of the cluster's id last.
  static func preparation(clusterID: String) -> [CoordinationRequest] {
    let nodes =
      ClusterPath.base.map { ($0, [UInt8]()) } + [
        (ClusterPath.clusterID, ClusterIDNode(clusterID).data),
        (ClusterPath.controllerEpoch, ControllerEpochNode.data(0)),
      ]
    let writes = nodes.map { path, data in
      CoordinationRequest.write([.create(path: path, data: data, kind: .persistent)])
    }
    return writes + [.data(path: ClusterPath.clusterID, watches: false)]
  }

  /// The cluster's id by the answers to `preparation`.
  static func clusterID(
    of results: [Result<CoordinationAnswer, CoordinationError>]
  ) -> Result<String, ClusterTreeError> {
    for result in results.dropLast() {
      if case .failure(let error) = result, error.refusal != .nodeExists {
        return .failure(.service(error))
      }
    }
    switch results.last {
    case .failure(let error):
      return .failure(.service(error))
    case .success(.data(let data, _)):
      do throws(NodeError) {
        return .success(try ClusterIDNode(parsing: data, at: ClusterPath.clusterID).id)
      } catch {
        return .failure(.node(error))
      }
    case .success, nil:
      preconditionFailure("a read of data is answered with data")
    }
  }
}

/// Why the nodes that are always there could not be made or read.
package enum ClusterTreeError: Error, Hashable, Sendable, CustomStringConvertible {
  case service(CoordinationError)
  case node(NodeError)

  package var description: String {
    switch self {
    case .service(let error): "\(error)"
    case .node(let error): "\(error)"
    }
  }
}

extension CoordinationError {
  /// Why the service refused; nil when it failed otherwise.
  package var refusal: CoordinationRefusal? {
    if case .refused(let refusal, _) = self { refusal } else { nil }
  }
}
