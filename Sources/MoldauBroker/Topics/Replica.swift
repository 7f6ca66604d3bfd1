import MoldauCluster
import MoldauFormat
import MoldauLog
import MoldauProtocol
import Synchronization

/// This broker's replica of a partition of a cluster: its role, its high watermark, and as leader
/// what it knows of the others.
///
/// Decisions are made by `LeaderState`, with the lock held; what follows from them (`Effects`) is done
/// after it is released. Thread-safe; reading the role or the high watermark takes no lock.
///
/// INVARIANT: the log is fenced before the role is published, so that nothing is appended in an epoch
/// that is over; the high watermark only falls when a follower's log is cut below it.
final class Replica: Sendable {
  struct State: Sendable {
    /// The newest epochs that are known, whatever the role.
    var leaderEpoch: Int32 = -1
    var partitionEpoch: Int32 = -1
    /// While this broker leads.
    var leader: LeaderState?
    /// While it follows; −1 is nobody.
    var followed: Int32?
    /// The first of the epochs in which this broker has led without a break: what it appended since
    /// is in its log.
    var leadsSince: Int32 = .max
    /// Counts `LeaderState`s, so that what was begun for one is not taken for another's.
    var leadership: UInt64 = 0
    /// Whether this replica counts what is durable, or what is written.
    var isSynced = false
    /// Whether others may lead by now, as far as this leader can tell (`review`).
    var isDoubted = false
    /// Before then the leadership is not handed over again.
    var nextHandOver: Int64 = .min
    /// Why nothing becomes durable any more.
    var failure: LogError?
    var watch = Watch()
    /// The followers' sessions.
    var fetchers: [Int32: Fetcher] = [:]
  }

  /// What this replica waits for in its own log.
  struct Watch: Sendable {
    /// The next append.
    var growth: AppendObserver?
    /// Whether a commit is under way.
    var isCommitting = false
    /// Up to where somebody waits for a commit.
    var wanted = Offset.zero
  }

  /// What is to be done when the lock is released.
  struct Effects {
    var leadership: UInt64 = 0
    var highWatermark: Offset?
    /// While somebody waits for it.
    var lowWatermark: Offset?
    var wakesAll = false
    var proposal: LeaderState.Proposal?
    var watchesGrowth: Offset?
    var commits: Offset?
  }

  let log: PartitionLog
  let topic: Topic
  let shared: Replicas
  let state = Mutex(State())
  let observers = OffsetObservers()
  /// Those who wait until the in-sync replicas begin later.
  let lowObservers = OffsetObservers()
  let watermark: Atomic<Int64>
  /// The kind of the role and the leader epoch.
  private let published = Atomic<Int64>(Published(kind: .none, epoch: -1).word)

  init(_ log: PartitionLog, of topic: Topic, _ shared: Replicas) {
    self.log = log
    self.topic = topic
    self.shared = shared
    watermark = Atomic(log.checkpointedHighWatermark.rawValue)
    log.resign()
  }

  // MARK: The role

  /// The role as it is read without a lock.
  struct Published {
    enum Kind: Int64 {
      case none, leader, follower
      /// Leads, and does not know whether it still is to.
      case doubted
    }

    let kind: Kind
    let epoch: Int32

    init(kind: Kind, epoch: Int32) {
      self.kind = kind
      self.epoch = epoch
    }

    init(word: Int64) {
      guard let kind = Kind(rawValue: word >> 32) else { preconditionFailure("no such role") }
      self.kind = kind
      epoch = Int32(truncatingIfNeeded: word)
    }

    var word: Int64 { kind.rawValue << 32 | Int64(UInt32(bitPattern: epoch)) }
  }

  func publish(_ kind: Published.Kind, epoch: Int32) {
    published.store(Published(kind: kind, epoch: epoch).word, ordering: .releasing)
  }

  private var current: Published { Published(word: published.load(ordering: .acquiring)) }

  var role: PartitionRole {
    state.withLock { state in
      if state.leader != nil { return .leader(epoch: state.leaderEpoch) }
      return state.followed.map { .follower(leader: $0, epoch: state.leaderEpoch) } ?? .none
    }
  }

  var leaderEpoch: Int32 { current.epoch }

  var leadingEpoch: Int32? {
    let current = current
    return current.kind == .leader ? current.epoch : nil
  }

  /// The epoch in which followers are served; nil when this broker does not lead. One that fetches is
  /// a reason not to doubt the leadership any more.
  var followedEpoch: Int32? {
    let current = current
    return current.kind == .leader || current.kind == .doubted ? current.epoch : nil
  }

  /// As `Partition.refusal(ofEpoch:)`: fenced first, so that a client learns which of the two is
  /// behind.
  ///
  /// - Parameter isFollower: whether a follower asks.
  func refusal(ofEpoch epoch: Int32, isFollower: Bool = false) -> ErrorCode? {
    let current = current
    if shared.settings.rules.contains(.fenceLeaderEpoch), current.kind != .none,
      let code = Partition.refusal(of: epoch, current: current.epoch)
    {
      return code
    }
    switch current.kind {
    case .leader: return nil
    case .doubted: return isFollower ? nil : .notLeaderOrFollower
    case .follower: return .notLeaderOrFollower
    case .none:
      // One of which the cluster does not know may have been deleted while this broker was away.
      let isKnown = shared.image.partition(log.identity) != nil
      return isKnown ? .notLeaderOrFollower : .unknownTopicOrPartition
    }
  }

  var highWatermark: Offset { Offset(rawValue: watermark.load(ordering: .acquiring)) }

  // MARK: What follows

  /// Does what was decided, without the lock.
  func perform(_ effects: consuming Effects) {
    if let highWatermark = effects.highWatermark {
      log.noteHighWatermark(highWatermark)
      observers.notify(end: highWatermark)
    }
    if let lowWatermark = effects.lowWatermark { lowObservers.notify(end: lowWatermark) }
    if effects.wakesAll { wakeAll() }
    if let proposal = effects.proposal {
      shared.send(proposal, of: self, leadership: effects.leadership)
    }
    if let end = effects.watchesGrowth { watchGrowth(past: end, effects.leadership) }
    if let end = effects.commits { commit(below: end, effects.leadership) }
  }

  /// Has all who wait for something look again.
  func wakeAll() {
    observers.notifyAll()
    lowObservers.notifyAll()
  }
}
