import MoldauLog
import MoldauProtocol
import Synchronization

/// What a follower fetches, and what of it has something new: so that a fetch of thousands of
/// partitions costs what the few are worth in which something has happened.
///
/// A partition in which nothing is new is not looked at again before it says so: its log has grown, its
/// high watermark has moved, or its role has changed. Each such message is an *arrival*.
///
/// The requests of a session come one after another from one connection; `State` is handed to the one
/// that is at work, so that no lock is held while it reads. Arrivals come from any thread.
final class ReplicaSession: Sendable {
  /// What a partition says by an arrival.
  enum News: Sendable {
    case growth
    /// A higher high watermark: it is told with what comes next, and nobody is woken for it.
    case visible
    case role
    case start
  }

  struct Arrival: Hashable, Sendable {
    let slot: Int
    let news: News
  }

  private struct Arrivals: Sendable {
    var all: [Arrival] = []
    /// Whether one of them is a reason to look.
    var isDue = false
    /// The fetch that waits; woken once.
    var waker: RequestWaker?
  }

  let id: Int32
  let nodeID: Int32
  let brokerEpoch: Int64
  /// Whether its requests name topics by id.
  let usesTopicIDs: Bool
  /// nil while a request is at work.
  private let state = Mutex<ReplicaSessionState?>(ReplicaSessionState())
  private let arrivals = Mutex(Arrivals())
  private let lastFetch: Atomic<Int64>

  init(id: Int32, nodeID: Int32, brokerEpoch: Int64, usesTopicIDs: Bool, now: Int64) {
    self.id = id
    self.nodeID = nodeID
    self.brokerEpoch = brokerEpoch
    self.usesTopicIDs = usesTopicIDs
    lastFetch = Atomic(now)
  }

  /// When the follower has fetched last, in milliseconds of the steady clock.
  var lastFetchMilliseconds: Int64 { lastFetch.load(ordering: .relaxed) }

  func noteFetch(now: Int64) {
    lastFetch.store(now, ordering: .relaxed)
  }

  /// Works on the session; nil when another request does, of a follower that errs.
  func work<R>(_ body: (inout ReplicaSessionState) -> R) -> R? {
    guard
      var work = state.withLock({ state in
        defer { state = nil }
        return state
      })
    else { return nil }
    for arrival in takeArrivals() { work.note(arrival) }
    let result = body(&work)
    state.withLock { $0 = work }
    return result
  }

  private func takeArrivals() -> [Arrival] {
    arrivals.withLock { arrivals in
      defer {
        arrivals.all.removeAll()
        arrivals.isDue = false
      }
      return arrivals.all
    }
  }

  /// Notes that something has happened in the partition of a slot. From any thread.
  func arrive(_ slot: Int, _ news: News) {
    let arrival = Arrival(slot: slot, news: news)
    let waker: RequestWaker? = arrivals.withLock { arrivals in
      // Growth and watermarks come once for each time that they are waited for.
      if news == .start, arrivals.all.contains(arrival) { return nil }
      arrivals.all.append(arrival)
      guard news != .visible else { return nil }
      arrivals.isDue = true
      defer { arrivals.waker = nil }
      return arrivals.waker
    }
    waker?.wake()
  }

  /// Has a fetch woken by the next arrival that is a reason to look, at once when there is one already.
  func wait(_ waker: RequestWaker) {
    let isDue = arrivals.withLock { arrivals in
      guard !arrivals.isDue else { return true }
      arrivals.waker = waker
      return false
    }
    if isDue { waker.wake() }
  }

  /// Lets go of all partitions.
  func close() {
    _ = work { $0.removeAll() }
  }
}
