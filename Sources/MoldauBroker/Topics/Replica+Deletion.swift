import MoldauCluster
import MoldauFormat
import MoldauLog

/// Deleted records are gone when no replica that may lead next has them.
extension Replica {
  /// Calls `body` once when the logs of all live in-sync replicas begin at `start` or later, with
  /// where the first of them does, or with nil when this broker leads on no longer; at once when that
  /// is known. From any thread; `body` must be quick.
  ///
  /// - Parameter epoch: that in which this broker's own log was made to begin there.
  func whenDeleted(
    before start: Offset, inEpoch epoch: Int32, _ body: @escaping @Sendable (Offset?) -> Void
  ) {
    // The wait is there before the look, so that nothing happens unseen between them; whichever of
    // the two comes first takes the body.
    let once = TakenOnce(body)
    let observer = lowObservers.add(past: start.advanced(by: -1)) { [weak self] in
      guard let body = once.take() else { return }
      guard let self else { return body(nil) }
      whenDeleted(before: start, inEpoch: epoch, body)
    }
    let low: Offset?? = state.withLock { state in
      guard let leader = state.leader, epoch >= state.leadsSince, !log.isClosed else {
        return .some(nil)
      }
      let low = leader.lowWatermark(own: log.startOffset, shared.brokers)
      return low.flatMap { $0 >= start ? .some($0) : nil }
    }
    guard let low else { return }
    observer.cancel()
    if let body = once.take() { body(low) }
  }
}
