import MoldauCoordination
import MoldauFormat

/// Which of its replicas the cluster counts on, and what the directory has of them.
extension Registrar {
  /// A partition of which this broker has a replica.
  private struct Claim: Sendable {
    var partition: TopicPartition
    var topicID: TopicID
    /// Whether there is no other replica.
    var isSole: Bool
  }

  func readReplicas(_ attempt: Attempt) {
    perform(.children(path: ClusterPath.topics, watches: false)) { [self] result in
      if result.refusal == .noNode { return write(attempt) }
      guard case .success(.children(let names, _)) = result else { return fail(result) }
      readTopics(names, attempt)
    }
  }

  private func readTopics(_ names: [String], _ attempt: Attempt) {
    let requests = names.map {
      CoordinationRequest.data(path: ClusterPath.topic($0), watches: false)
    }
    ask(requests) { [self] results in
      var claims: [Claim] = []
      for (name, result) in zip(names, results) {
        guard case .success(.data(let data, _)) = result else {
          // Deleted meanwhile.
          if result.refusal == .noNode { continue }
          return fail(result)
        }
        guard
          let topic = node({ () throws(NodeError) in
            try TopicNode(parsing: data, at: ClusterPath.topic(name))
          })
        else { continue }
        for number in 0..<Int32(topic.partitions.count)
        where topic.replicas(of: number).contains(broker.nodeID) {
          claims.append(
            Claim(
              partition: TopicPartition(topic: name, partition: number), topicID: topic.id,
              isSole: topic.replicas(of: number).count == 1))
        }
      }
      readStates(claims, attempt)
    }
  }

  private func readStates(_ claims: [Claim], _ attempt: Attempt) {
    let requests = claims.map {
      CoordinationRequest.data(path: ClusterPath.state(of: $0.partition), watches: false)
    }
    ask(requests) { [self] results in
      var attempt = attempt
      for (claim, result) in zip(claims, results) {
        guard case .success(.data(let data, _)) = result else {
          if result.refusal == .noNode { continue }
          return fail(result)
        }
        let path = ClusterPath.state(of: claim.partition)
        guard
          let state = node({ () throws(NodeError) in
            try PartitionStateNode(parsing: data, at: path)
          })
        else { continue }
        look(at: claim, state, &attempt)
      }
      write(attempt)
    }
  }

  private func look(at claim: Claim, _ state: PartitionStateNode, _ attempt: inout Attempt) {
    let id = broker.nodeID
    guard state.isr.contains(id) || state.elr.contains(id) || state.lastKnownLeader == id else {
      return
    }
    attempt.counted[claim.partition] = state.brokerEpochs["\(id)"] ?? -1
    // What the opening has found, an earlier registration of this process has said.
    guard attempt.survival != .running, isLost(claim, attempt.survival) else { return }
    attempt.lost.append(claim.partition)
    if claim.isSole { attempt.sole.insert(claim.partition) }
  }

  private func isLost(_ claim: Claim, _ survival: Survival) -> Bool {
    guard survival.isProof, !broker.history.lost.contains(claim.partition) else { return true }
    return switch replicas.condition(of: claim.partition, topicID: claim.topicID) {
    case .whole, .new: false
    case .buffered: survival != .all
    case .lost: true
    }
  }

  /// A node that says what cannot be is the controller's to tell of.
  private func node<Value>(_ read: () throws(NodeError) -> Value) -> Value? {
    do throws(NodeError) {
      return try read()
    } catch {
      logger.error("\(error)")
      return nil
    }
  }
}
