import MoldauCluster
import MoldauFormat
import MoldauLog
import MoldauProtocol

extension Broker {
  /// Gives a broker that follows what it does not have. Only registered brokers are served, at the
  /// replication listener: what they fetch need not be committed, and counts as acknowledged.
  func replicaFetch(
    _ request: FetchRequest, _ replicas: Replicas, _ context: RequestContext,
    into reply: inout Reply
  ) -> Outcome {
    let version = context.header.version
    let nodeID = request.askingReplica(version: version)
    let brokerEpoch = request.replicaState.replicaEpoch
    guard context.client.isPeer, replicas.isRegistered(nodeID, brokerEpoch: brokerEpoch) else {
      reply.refuseFetch(.clusterAuthorizationFailed, context)
      return .answered
    }
    guard version >= 7, request.sessionEpoch >= 0 else {
      // A session of its own, which ends with it.
      if request.sessionID != 0 { replicaSessions.end(request.sessionID, of: nodeID) }
      let session = ReplicaSession(
        id: 0, nodeID: nodeID, brokerEpoch: brokerEpoch, usesTopicIDs: version >= 13,
        now: replicas.now)
      return replicaFetch(
        request, in: session, isKept: false, isIncremental: false, replicas, context, into: &reply)
    }
    if request.sessionEpoch == 0 {
      if request.sessionID != 0 { replicaSessions.end(request.sessionID, of: nodeID) }
      let session = replicaSessions.begin(
        of: nodeID, brokerEpoch: brokerEpoch, usesTopicIDs: version >= 13, now: replicas.now)
      return replicaFetch(
        request, in: session, isKept: true, isIncremental: false, replicas, context, into: &reply)
    }
    let known = replicaSessions.session(request.sessionID, of: nodeID, brokerEpoch: brokerEpoch)
    guard let known else {
      reply.refuseFetch(.fetchSessionIDNotFound, context)
      return .answered
    }
    guard known.usesTopicIDs == (version >= 13) else {
      reply.refuseFetch(.fetchSessionTopicIDError, context)
      return .answered
    }
    return replicaFetch(
      request, in: known, isKept: true, isIncremental: true, replicas, context, into: &reply)
  }

  private func replicaFetch(
    _ request: FetchRequest, in session: ReplicaSession, isKept: Bool, isIncremental: Bool,
    _ replicas: Replicas, _ context: RequestContext, into reply: inout Reply
  ) -> Outcome {
    session.noteFetch(now: replicas.now)
    guard session.work({ $0.update(with: request, isNext: isIncremental) }) == true else {
      reply.refuseFetch(.invalidFetchSessionEpoch, context)
      return .answered
    }
    let pending = ReplicaFetch(
      request, in: session, isKept: isKept, isIncremental: isIncremental, topics, replicas, context)
    if pending.start(into: &reply) { return .answered }
    return .pending(
      pending, milliseconds: min(request.maxWaitMilliseconds, Limits.maxWaitMilliseconds))
  }
}

extension FetchRequest {
  /// The broker that fetches; below 0 for a consumer.
  func askingReplica(version: Int16) -> Int32 {
    version >= 15 ? replicaState.replicaID : replicaID
  }
}
