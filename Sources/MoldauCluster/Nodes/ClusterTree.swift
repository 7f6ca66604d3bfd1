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
    let nodes =
      ClusterPath.base.map { ($0, [UInt8]()) } + [
        (ClusterPath.clusterID, ClusterIDNode(clusterID).data),
        (ClusterPath.controllerEpoch, ControllerEpochNode.data(0)),
      ]
    let writes = nodes.map { path, data in
      CoordinationRequest.write([.create(path: path, data: data, kind: .persistent)])
    }
    session.performAll(writes) { results in
      for result in results {
        guard case .failure(let error) = result, case let refusal = error.refusal,
          refusal != .nodeExists
        else { continue }
        return completion(.failure(.service(error)))
      }
      session.perform(.data(path: ClusterPath.clusterID, watches: false)) { result in
        completion(readClusterID(result))
      }
    }
  }

  private static func readClusterID(
    _ result: Result<CoordinationAnswer, CoordinationError>
  ) -> Result<String, ClusterTreeError> {
    switch result {
    case .failure(let error):
      return .failure(.service(error))
    case .success(.data(let data, _)):
      do throws(NodeError) {
        return .success(try ClusterIDNode(parsing: data, at: ClusterPath.clusterID).id)
      } catch {
        return .failure(.node(error))
      }
    case .success:
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
