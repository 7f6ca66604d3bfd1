package import MoldauFormat

/// What a leader knows of one of its followers. Times are milliseconds of a steady clock.
package struct FollowerState: Hashable, Sendable {
  /// The follower has all below it; nil while it has not fetched in this leader epoch.
  package internal(set) var end: Offset?
  /// Where the follower's log begins; nil while it has not said.
  package internal(set) var start: Offset?
  /// The incarnation of its broker that fetched last, −1 when none has.
  package internal(set) var brokerEpoch: Int64 = -1
  /// When it last had everything that the leader had.
  package internal(set) var lastCaughtUp: Int64
  /// When it fetched last, and where the leader's log ended then.
  var lastFetch: Int64 = .min
  var leaderEndAtLastFetch = Offset(rawValue: .max)

  /// - Parameter lastCaughtUp: nil is a follower that never was.
  init(lastCaughtUp: Int64?) {
    self.lastCaughtUp = lastCaughtUp ?? .min
  }

  /// Takes over a fetch that agrees with the leader's log up to `offset`.
  mutating func noteFetch(
    at offset: Offset, start: Offset, brokerEpoch: Int64, leaderEnd: Offset, now: Int64
  ) {
    if brokerEpoch != self.brokerEpoch {
      // What another incarnation had is no news of this one.
      lastFetch = .min
      leaderEndAtLastFetch = Offset(rawValue: .max)
      self.brokerEpoch = brokerEpoch
    }
    if offset >= leaderEnd {
      lastCaughtUp = max(lastCaughtUp, now)
    } else if offset >= leaderEndAtLastFetch {
      // It had all that there was when it fetched before.
      lastCaughtUp = max(lastCaughtUp, lastFetch)
    }
    end = offset
    self.start = start
    lastFetch = now
    leaderEndAtLastFetch = leaderEnd
  }

  /// Whether it has everything, or had within the time that it may lag behind.
  func isCaughtUp(leaderEnd: Offset, now: Int64, lagMilliseconds: Int64) -> Bool {
    if let end, end >= leaderEnd { return true }
    return lastCaughtUp != .min && now - lastCaughtUp <= lagMilliseconds
  }
}
