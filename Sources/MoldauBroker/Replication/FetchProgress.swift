import MoldauFormat
import MoldauLog

/// How far a fetcher has come with the replicas that it copies from one leader, and with its
/// requests on their way.
///
/// Pure: it is told what has happened and says what is to be done. See
/// docs/decisions/replica-fetchers.md.
///
/// INVARIANT: `askedCount` replicas are `asked`; every replica that is `ready` stands in `ready`.
struct FetchProgress: Sendable {
  enum Stage: Hashable, Sendable {
    /// The next request names it.
    case ready
    /// The leader was last told of it in this request, and may answer.
    case asked(UInt64)
    /// Something is being done with it here: an append, a commit, a cut.
    case busy
    /// Something went wrong; at this time (milliseconds of the steady clock) it is tried again.
    case paused(until: Int64)
    /// Its log takes nothing more in this epoch; the cluster is about to say what it is now.
    case fenced
  }

  struct Replica: Sendable {
    let followed: FollowedPartition
    /// Tells this following of the partition from earlier ones.
    let generation: UInt64
    var stage = Stage.ready
    /// Where the log ended when the leader was last told of it.
    var offset = Offset.zero
    /// Failures since something went well.
    var failureCount = 0
    /// Whether the log has still to be cut to the high watermark (without `truncateByEpoch`).
    var isUncut = false
    /// The greatest high watermark that this leader has told in this epoch.
    var leadersHighWatermark = Offset.zero
    /// What the next request says instead of where the log ends, which it is to come to meanwhile.
    var ahead: FetchPosition?
    var unsynced: Unsynced

    /// Whether a fetch at `offset` acknowledges nothing.
    ///
    /// INVARIANT: within an epoch the leader's high watermark does not fall, so that it is above
    /// `offset` when the fetch comes there.
    func isBehind(at offset: Offset) -> Bool { offset < leadersHighWatermark }
  }

  /// What the leader remembers of earlier requests (KIP-227).
  enum Session: Hashable, Sendable {
    /// Nothing yet.
    case none
    /// Nothing, and it does not want to.
    case refused
    /// What was named and not forgotten since.
    case open(id: Int32, nextEpoch: Int32)
  }

  /// A request that was sent and not answered.
  struct Flight: Hashable, Sendable {
    let number: UInt64
    /// What it names when it is not of a session, or begins one.
    let all: [ReplicaKey]?
    /// Which session of the connection it belongs to.
    let sessionNumber: UInt64
    /// When it is given up.
    let deadline: Int64

    var isFull: Bool { all != nil }
  }

  /// A request to send.
  struct Request: Sendable {
    let number: UInt64
    let sessionID: Int32
    let sessionEpoch: Int32
    /// Whether the leader is to answer at once.
    let isImmediate: Bool
    let named: [(replica: Replica, position: FetchPosition)]
    let forgotten: [ReplicaKey]
  }

  var replicas: [ReplicaKey: Replica] = [:]
  private(set) var flights: [Flight] = []
  private(set) var session = Session.none
  /// Keys of replicas that became ready, in that order; some may not be any more.
  private var ready: [ReplicaKey] = []
  private var readyCount = 0
  private var askedCount = 0
  private var forgotten: [ReplicaKey] = []
  private var sessionNumber: UInt64 = 0
  private var lastNumber: UInt64 = 0
  private var lastGeneration: UInt64 = 0
  private let usesSessions: Bool
  private let cutsToHighWatermark: Bool
  private let unsynced: Unsynced

  /// - Parameter unsynced: nothing, and the bounds of what may wait for the device.
  init(usesSessions: Bool, cutsToHighWatermark: Bool, unsynced: Unsynced) {
    self.usesSessions = usesSessions
    self.unsynced = unsynced
    self.cutsToHighWatermark = cutsToHighWatermark
    if !usesSessions { session = .refused }
  }

  // MARK: What is followed

  /// Adds replicas. Known ones of the same epoch stay as they are, but wait no longer.
  mutating func follow(_ partitions: [FollowedPartition]) {
    for followed in partitions {
      let key = followed.key
      if let known = replicas[key], known.followed.leaderEpoch == followed.leaderEpoch,
        known.followed.partition === followed.partition
      {
        switch known.stage {
        case .paused, .fenced: set(key, .ready)
        case .ready, .asked, .busy: break
        }
        continue
      }
      remove(key)
      lastGeneration += 1
      replicas[key] = Replica(
        followed: followed, generation: lastGeneration, stage: .busy,
        isUncut: cutsToHighWatermark, unsynced: unsynced)
      set(key, .ready)
    }
  }

  /// Forgets replicas.
  mutating func stop(_ keys: [ReplicaKey]) {
    for key in keys where replicas[key] != nil {
      remove(key)
      if case .open = session { forgotten.append(key) }
    }
  }

  private mutating func remove(_ key: ReplicaKey) {
    guard replicas[key] != nil else { return }
    set(key, .busy)
    replicas[key] = nil
  }

  // MARK: Requests

  /// Whether there is something to ask, and room for a request.
  var canAsk: Bool {
    switch session {
    case .none: flights.isEmpty && readyCount > 0
    case .refused: flights.count < Limits.fetchesInFlight && readyCount > 0
    case .open:
      flights.isEmpty
        ? readyCount + askedCount > 0 : flights.count < Limits.fetchesInFlight && readyCount > 0
    }
  }

  /// The replicas that are ready: `request` says what became of them.
  mutating func takeReady() -> [Replica] {
    let keys = ready
    ready = []
    return keys.compactMap { key in
      guard let replica = replicas[key], replica.stage == .ready else { return nil }
      set(key, .busy)
      return replica
    }
  }

  /// Makes the next request, about replicas that were taken; nil when there is nothing to ask.
  mutating func request(
    _ taken: [(replica: Replica, position: FetchPosition)], deadline: Int64
  ) -> Request? {
    let named = taken.filter { replica, _ in
      replicas[replica.followed.key]?.generation == replica.generation
    }
    lastNumber += 1
    var id: Int32 = 0
    var epoch: Int32 = -1
    switch session {
    case .none:
      guard !named.isEmpty else { return nil }
      epoch = 0
      sessionNumber += 1
    case .refused:
      guard !named.isEmpty else { return nil }
    case .open(let open, let next):
      guard !named.isEmpty || askedCount > 0 else { return nil }
      (id, epoch) = (open, next)
      session = .open(id: open, nextEpoch: next == .max ? 1 : next + 1)
    }
    for (replica, position) in named {
      let key = replica.followed.key
      replicas[key]?.offset = position.offset
      set(key, .asked(lastNumber))
    }
    flights.append(
      Flight(
        number: lastNumber, all: epoch <= 0 ? named.map(\.replica.followed.key) : nil,
        sessionNumber: sessionNumber, deadline: deadline))
    let gone = forgotten.filter { replicas[$0] == nil }
    forgotten = []
    return Request(
      number: lastNumber, sessionID: id, sessionEpoch: epoch, isImmediate: epoch == 0,
      named: named, forgotten: gone)
  }

  // MARK: Answers

  /// A request was answered; nil when it counts no longer.
  mutating func answered(_ number: UInt64) -> Flight? {
    guard let index = flights.firstIndex(where: { $0.number == number }) else { return nil }
    return flights.remove(at: index)
  }

  /// Notes the session that the leader has granted with the first answer, 0 is none.
  mutating func opened(_ id: Int32, by flight: Flight) {
    guard flight.isFull, session == .none, usesSessions else { return }
    session = id == 0 ? .refused : .open(id: id, nextEpoch: 1)
  }

  /// The leader no longer knows the session of this request: the next names everything.
  mutating func lostSession(of flight: Flight) {
    guard case .open = session, flight.sessionNumber == sessionNumber else { return }
    endSession()
  }

  /// The replica that a part of the answer is about; nil when the answer is older than what the
  /// leader was told of it last.
  func replica(_ key: ReplicaKey, answeredBy flight: Flight) -> Replica? {
    guard let replica = replicas[key], case .asked(let number) = replica.stage else { return nil }
    return number == flight.number || (number < flight.number && !flight.isFull) ? replica : nil
  }

  /// Something is to be done with the replica before it is asked for again.
  mutating func begin(_ replica: Replica) {
    set(replica.followed.key, .busy)
  }

  /// What was asked in a request that named everything, and was not begun, is to be asked again,
  /// unless the session keeps it.
  mutating func finish(_ flight: Flight) {
    if case .open = session { return }
    for key in flight.all ?? [] where replicas[key]?.stage == .asked(flight.number) {
      set(key, .ready)
    }
  }

  /// What was begun has led to this.
  mutating func end(_ replica: Replica, _ stage: Stage) {
    let key = replica.followed.key
    guard let known = replicas[key], known.generation == replica.generation, known.stage == .busy
    else { return }
    if case .paused = stage {
      replicas[key]?.failureCount += 1
    } else {
      replicas[key]?.failureCount = 0
      replicas[key]?.isUncut = false
    }
    set(key, stage)
  }

  // MARK: Failures and pauses

  /// The connection is lost: nothing was asked.
  mutating func lostConnection() {
    flights = []
    endSession()
  }

  /// Ends pauses that are over; returns when the next one is, if there is one.
  mutating func resume(now: Int64) -> Int64? {
    var next: Int64?
    for key in inOrder() {
      guard case .paused(let until)? = replicas[key]?.stage else { continue }
      if until <= now { set(key, .ready) } else { next = min(next ?? until, until) }
    }
    return next
  }

  private mutating func endSession() {
    session = usesSessions ? .none : .refused
    forgotten = []
    for key in inOrder() {
      if case .asked? = replicas[key]?.stage { set(key, .ready) }
    }
  }

  /// The replicas in the order in which they came.
  private func inOrder() -> [ReplicaKey] {
    replicas.values.sorted { $0.generation < $1.generation }.map(\.followed.key)
  }

  mutating func set(_ key: ReplicaKey, _ stage: Stage) {
    switch replicas[key]?.stage {
    case .ready?: readyCount -= 1
    case .asked?: askedCount -= 1
    default: break
    }
    replicas[key]?.stage = stage
    switch stage {
    case .ready:
      readyCount += 1
      ready.append(key)
    case .asked: askedCount += 1
    default: break
    }
  }
}
