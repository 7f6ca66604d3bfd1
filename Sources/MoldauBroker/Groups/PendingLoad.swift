import MoldauLog
import MoldauProtocol
import Synchronization

/// A request that waits until the coordinator has read what the log holds of its groups.
///
/// It waits a moment, which is enough for most logs; then the client is told to come again
/// (COORDINATOR_LOAD_IN_PROGRESS).
final class PendingLoad: PendingRequest {
  private let groups: GroupCoordinator
  /// Nil for a request about all groups.
  private let groupIDs: [String]?
  /// Nil once started: they keep the request.
  private var start: ((inout Reply) -> Outcome)?
  private var refuse: ((ErrorCode, inout Reply) -> Void)?
  private let isTimeUp = Flag()
  private var timer: Scheduler.Timer?
  private var waiter: Int?
  /// Once loaded: what the request itself waits for.
  private var inner: (any PendingRequest)?

  private final class Flag: Sendable {
    let isSet = Atomic<Bool>(false)
  }

  var holdsRequest: Bool { inner == nil }

  private init(
    _ groups: GroupCoordinator, _ groupIDs: [String]?,
    _ refuse: @escaping (ErrorCode, inout Reply) -> Void,
    _ start: @escaping (inout Reply) -> Outcome
  ) {
    self.groups = groups
    self.groupIDs = groupIDs
    self.refuse = refuse
    self.start = start
  }

  /// Calls `start` when what it needs is loaded, at once if it is; `refuse` answers when it is not
  /// in time, or cannot be.
  static func outcome(
    _ groups: GroupCoordinator, _ groupIDs: [String]?, _ context: RequestContext,
    into reply: inout Reply, refuse: @escaping (ErrorCode, inout Reply) -> Void,
    _ start: @escaping (inout Reply) -> Outcome
  ) -> Outcome {
    switch groups.readiness(of: groupIDs) {
    case .ready: return start(&reply)
    case .failed:
      refuse(.coordinatorNotAvailable, &reply)
      return .answered
    case .loading: break
    }
    let pending = PendingLoad(groups, groupIDs, refuse, start)
    pending.wait(context.waker)
    return .pending(pending, milliseconds: nil)
  }

  private func wait(_ waker: RequestWaker) {
    let timer = groups.scheduler.timer { [isTimeUp] in
      isTimeUp.isSet.store(true, ordering: .releasing)
      waker.wake()
    }
    groups.scheduler.set(
      timer, at: groups.scheduler.clock.nowMilliseconds() + Limits.groupLoadWaitMilliseconds)
    self.timer = timer
    waiter = groups.whenLoaded(groupIDs) { waker.wake() }
  }

  func resume(_ reason: ResumeReason, into reply: inout Reply) -> Bool {
    if let inner { return inner.resume(reason, into: &reply) }
    switch groups.readiness(of: groupIDs) {
    case .ready:
      cancel()
      guard case .pending(let inner, _)? = start?(&reply) else { return true }
      self.inner = inner
      start = nil
      refuse = nil
      return reason == .woken ? false : inner.resume(reason, into: &reply)
    case .failed:
      cancel()
      refuse?(.coordinatorNotAvailable, &reply)
      return true
    case .loading:
      let isOver = reason != .woken || isTimeUp.isSet.load(ordering: .acquiring)
      guard isOver else { return false }
      cancel()
      refuse?(.coordinatorLoadInProgress, &reply)
      return true
    }
  }

  func cancel() {
    if let timer { groups.scheduler.cancel(timer) }
    if let waiter { groups.stopWaiting(waiter) }
    timer = nil
    waiter = nil
    inner?.cancel()
  }
}
