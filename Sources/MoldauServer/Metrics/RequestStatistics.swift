import MoldauProtocol

/// What was counted of requests.
///
/// Each event loop has one of its own and changes it without a lock; a scrape has each loop hand
/// over a copy and adds them up.
struct RequestStatistics: Sendable {
  /// What one API has refused.
  struct Failure: Hashable, Sendable {
    var api: Int16
    var code: ErrorCode
  }

  /// By API number, as far as this build knows them. The durations' count is the requests'.
  private(set) var durations: [DurationHistogram?]
  /// Answers with an error in them, by the first; those without an answer count as
  /// `UNKNOWN_SERVER_ERROR`. Bounded by the APIs and codes that there are.
  private(set) var failures: [Failure: UInt64] = [:]
  var receivedBytes: UInt64 = 0
  var sentBytes: UInt64 = 0
  /// Connections that were closed since they were idle for too long.
  var idleClosedCount: UInt64 = 0

  init() {
    let highest = ApiKey.allCases.map(\.rawValue).max() ?? 0
    durations = Array(repeating: nil, count: Int(highest) + 1)
  }

  /// Counts a request that has its answer.
  ///
  /// HOT: once per request.
  mutating func record(_ api: Int16, nanoseconds: Int64, _ failure: ErrorCode?) {
    let index = Int(api)
    if durations.indices.contains(index) {
      if durations[index] == nil { durations[index] = DurationHistogram() }
      durations[index]?.record(nanoseconds: nanoseconds)
    }
    guard let failure else { return }
    // Numbers that a client has made up are counted together.
    let known = ApiKey(rawValue: api)?.rawValue ?? -1
    failures[Failure(api: known, code: failure), default: 0] &+= 1
  }

  mutating func add(_ other: RequestStatistics) {
    for (index, durations) in other.durations.enumerated() {
      guard let durations else { continue }
      if self.durations[index] == nil { self.durations[index] = DurationHistogram() }
      self.durations[index]?.add(durations)
    }
    failures.merge(other.failures) { $0 &+ $1 }
    receivedBytes &+= other.receivedBytes
    sentBytes &+= other.sentBytes
    idleClosedCount &+= other.idleClosedCount
  }
}
