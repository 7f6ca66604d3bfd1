import MoldauFormat
import MoldauLog
import MoldauProtocol

extension Broker {
  /// Gives record batches from partitions, at once or when there are enough of them.
  ///
  /// Reading here means finding the batches in a segment file; the server sends them from there.
  func fetch(
    _ request: FetchRequest, _ context: RequestContext, into reply: inout Reply
  ) -> Outcome {
    if let replicas, request.askingReplica(version: context.header.version) >= 0 {
      return replicaFetch(request, replicas, context, into: &reply)
    }
    let scope: FetchScope
    do throws(FetchRefusal) {
      scope = try sessions.scope(of: request, version: context.header.version)
    } catch {
      reply.refuseFetch(error.code, context)
      return .answered
    }
    let pending = PendingFetch(request, scope, topics, context)
    if pending.start(into: &reply) { return .answered }
    return .pending(
      pending, milliseconds: min(request.maxWaitMilliseconds, Limits.maxWaitMilliseconds))
  }
}
