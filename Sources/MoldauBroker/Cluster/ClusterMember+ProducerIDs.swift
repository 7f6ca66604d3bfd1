package import MoldauCluster
import MoldauCoordination

/// Producer ids are given out in blocks, each to one broker of the cluster.
extension ClusterMember {
  private static let blockSize: Int64 = 1_000

  /// Takes the next block of the cluster's producer ids.
  package func reserveProducerIDs(
    _ completion: @escaping @Sendable (Result<Range<Int64>, ClusterRefusal>) -> Void
  ) {
    guard let session = state.withLock({ $0.session }) else {
      return completion(.failure(Self.noCoordination("there is no session")))
    }
    let path = ClusterPath.producerIDBlock
    session.perform(.data(path: path, watches: false)) { [self] result in
      do throws(NodeError) {
        switch result {
        case .success(.data(let data, let stat)):
          let last = try ProducerIDBlockNode(parsing: data, at: path)
          take(after: last.last, over: stat.version, session, completion)
        default:
          if result.failure?.refusal == .noNode {
            return take(after: -1, over: nil, session, completion)
          }
          completion(.failure(Self.noCoordination("\(result)")))
        }
      } catch {
        completion(.failure(ClusterRefusal(.unknownServerError, "\(error)")))
      }
    }
  }

  private func take(
    after last: Int64, over version: Int32?, _ session: any CoordinationSession,
    _ completion: @escaping @Sendable (Result<Range<Int64>, ClusterRefusal>) -> Void
  ) {
    let block = (last + 1)..<(last + 1 + Self.blockSize)
    let node = ProducerIDBlockNode(
      broker: nodeID, first: block.lowerBound, last: block.upperBound - 1)
    let path = ClusterPath.producerIDBlock
    let operation: CoordinationOperation =
      if let version {
        .set(path: path, data: node.data, version: version)
      } else {
        .create(path: path, data: node.data, kind: .persistent)
      }
    session.perform(.write([operation])) { [self] result in
      switch (result, result.failure?.refusal) {
      case (.success, _): completion(.success(block))
      // Another broker was quicker.
      case (.failure, .badVersion), (.failure, .nodeExists): reserveProducerIDs(completion)
      // Ids of which nobody knows whether they were taken are never given out.
      case (.failure(let error), _): completion(.failure(Self.noCoordination("\(error)")))
      }
    }
  }

  private static func noCoordination(_ reason: String) -> ClusterRefusal {
    ClusterRefusal(.coordinatorLoadInProgress, "the coordination service: \(reason)")
  }
}

extension Result {
  /// What went wrong, if something has.
  var failure: Failure? {
    if case .failure(let failure) = self { failure } else { nil }
  }
}
