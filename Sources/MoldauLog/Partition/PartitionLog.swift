import MoldauDisk
package import MoldauFormat
import Synchronization

/// One partition's log: an ordered, append-only sequence of record batches in segments.
///
/// Thread-safe. Appends exclude each other; readers take no lock that an appender holds while it
/// writes. The engine's levels below: `Segment`, one file and its indexes; above: `Topic`.
///
/// INVARIANT: `startOffset ≤ recoveryPoint` and `durableOffset ≤ endOffset`; the segments are in
/// order of their base offsets, only the last is active, and none is empty of purpose: the first
/// begins at or below `startOffset`.
package final class PartitionLog: Sendable {
  package let identity: TopicPartition
  package let topicID: TopicID
  let directory: PartitionDirectory
  let services: StoreServices
  let state: Mutex<AppendState>
  /// The segments in order, replaced as a whole under the append lock; readers copy it.
  let segmentList: Mutex<[Segment]>
  let endCounter: Atomic<Int64>
  let startCounter: Atomic<Int64>
  let stableCounter: Atomic<Int64>
  let durableCounter: Atomic<Int64>
  let recoveryCounter: Atomic<Int64>
  let trustedCounter: Atomic<Int64>
  /// The high watermark, −1 where nobody has noted one.
  let watermarkCounter = Atomic<Int64>(-1)
  /// What opening found of the high watermark.
  let foundWatermark = Atomic<Int64>(0)
  /// What the checkpoint says of it, −1 before one was written.
  let keptWatermark = Atomic<Int64>(-1)
  /// Whether the maintenance thread is to drop what lies below the start.
  let startIsRising = Atomic<Bool>(false)
  /// Counts changes of the names in the folder, and how many of them are durable.
  let nameChanges: Atomic<Int>
  let durableNameChanges = Atomic<Int>(0)
  /// Counts truncations. Its lock keeps a sync that a truncation has overtaken from raising a counter.
  let truncations = Mutex<Int>(0)
  /// Held while derived files are put in place, so that none that tell of what a truncation cuts come
  /// after it.
  let installing = Mutex(())
  /// Held during a truncation, for appenders to wait for its end.
  let cutting = Mutex(())
  let observers = OffsetObservers()
  let closed = Atomic<Bool>(false)
  let compaction = CompactionState()
  /// The end offset that the metrics were last told; the maintenance thread's.
  let reportedCounter: Atomic<Int64>
  /// Up to where the commit journal or a sync covers the log. Used by the commit thread alone, but
  /// for truncation, which keeps appends out.
  let commitPoint: Mutex<CommitPoint>
  /// The commit round that last met this log; the commit thread's.
  let commitRound = Atomic<Int>(0)

  init(
    identity: TopicPartition, topicID: TopicID, directory: PartitionDirectory,
    services: StoreServices, segments: [Segment], state: consuming AppendState,
    startOffset: Offset, recoveryPoint: Offset, hasUnsyncedNames: Bool
  ) {
    self.identity = identity
    self.topicID = topicID
    self.directory = directory
    self.services = services
    let end = state.nextOffset
    let stable = state.producers.firstUndecidedOffset ?? end
    // What recovery found and nothing has synced is for the first commit to cover.
    let unsynced = zip(segments, segments.dropFirst()).first { $1.baseOffset > recoveryPoint }?.0
    commitPoint = Mutex(
      recoveryPoint < end
        ? CommitPoint(segment: unsynced ?? state.active, position: 0)
        : CommitPoint(segment: state.active, position: state.position))
    var state = state
    state.producers.noteLoaded(
      now: services.clock.nowMilliseconds(),
      expirationMilliseconds: services.producerExpirationMilliseconds)
    self.state = Mutex(state)
    segmentList = Mutex(segments)
    endCounter = Atomic(end.rawValue)
    reportedCounter = Atomic(end.rawValue)
    startCounter = Atomic(startOffset.rawValue)
    stableCounter = Atomic(stable.rawValue)
    durableCounter = Atomic(recoveryPoint.rawValue)
    recoveryCounter = Atomic(recoveryPoint.rawValue)
    trustedCounter = Atomic(recoveryPoint.rawValue)
    nameChanges = Atomic(hasUnsyncedNames ? 1 : 0)
  }

  /// Calls `body` with the append lock held, once no truncation is under way.
  @inline(__always)
  func whileAppendable<R, Failure: Error>(
    _ body: (inout AppendState) throws(Failure) -> R
  ) throws(Failure) -> R {
    while true {
      let result = try state.withLock { (state) throws(Failure) -> R? in
        guard !state.isBeingCut else { return nil }
        return try body(&state)
      }
      if let result { return result }
      cutting.withLock { _ in }
    }
  }

  // MARK: Offsets

  /// The first offset that can be read.
  package var startOffset: Offset { Offset(rawValue: startCounter.load(ordering: .acquiring)) }

  /// The offset that the next record gets.
  package var endOffset: Offset { Offset(rawValue: endCounter.load(ordering: .acquiring)) }

  /// The first offset of the earliest open transaction, the end offset when there is none.
  package var lastStableOffset: Offset {
    Offset(rawValue: stableCounter.load(ordering: .acquiring))
  }

  /// All below it survives a power cut.
  package var durableOffset: Offset { Offset(rawValue: durableCounter.load(ordering: .acquiring)) }

  /// All below it is synced in the segments themselves.
  var recoveryPoint: Offset { Offset(rawValue: recoveryCounter.load(ordering: .acquiring)) }

  /// All below it is synced, and so are the indexes, the snapshot and the epochs that go with it: the
  /// checkpoint says this offset, and recovery scans from there.
  ///
  /// INVARIANT: it is at most the recovery point.
  var trustedOffset: Offset { Offset(rawValue: trustedCounter.load(ordering: .acquiring)) }

  var segments: [Segment] { segmentList.withLock { $0 } }

  /// The bytes of all segments.
  package var byteCount: Int { segments.reduce(0) { $0 + $1.byteCount } }

  /// Where the next batch is written, by which a waiting reader tells how many bytes have come: the
  /// active segment's first offset, and its bytes.
  package var writePosition: (segment: Offset, byteCount: Int) {
    segmentList.withLock { segments in
      guard let active = segments.last else { preconditionFailure("a log has a segment") }
      return (active.baseOffset, active.byteCount)
    }
  }

  package var segmentCount: Int { segmentList.withLock { $0.count } }

  // MARK: Producers

  /// The greatest id below `limit` of a producer that the log remembers, −1 when there is none.
  package func highestProducerID(below limit: Int64) -> Int64 {
    state.withLock { $0.producers.producers.keys.lazy.filter { $0 < limit }.max() ?? -1 }
  }

  // MARK: Leader epochs

  /// The epoch of the newest batch, −1 when no batch has one.
  package var latestLeaderEpoch: Int32 { state.withLock { $0.epochs.latest ?? -1 } }

  /// The epochs of the batches, and where each began.
  package var leaderEpochs: [LeaderEpochCheckpoint.Entry] { state.withLock { $0.epochs.entries } }

  /// The greatest epoch at or below `epoch` and the offset at which it ended (KIP-279).
  package func endOffset(ofEpoch epoch: Int32) -> (epoch: Int32, end: Offset)? {
    state.withLock { $0.epochs.end(of: epoch, logEnd: $0.nextOffset) }
  }

  /// Notes that this replica leads from `endOffset` on in `epoch`, even before it writes (KIP-101).
  package func beginLeaderEpoch(_ epoch: Int32) {
    state.withLock { $0.epochs.note(epoch, from: $0.nextOffset) }
  }

  // MARK: Waiting

  /// Calls `body` once when the end offset is past `offset`; at once when it already is.
  ///
  /// From the appender's thread, outside the append lock: `body` must be quick.
  package func whenEnd(
    passes offset: Offset, _ body: @escaping @Sendable () -> Void
  ) -> AppendObserver {
    let observer = observers.add(past: offset, body)
    // The append may have come between the caller's look and the line above.
    if endOffset > offset { observers.notify(end: endOffset) }
    return observer
  }

  /// Calls `body` once, on the commit thread, when all below `offset` survives a power cut, or when
  /// a sync has failed; at once when it is durable already.
  package func whenDurable(
    below offset: Offset, _ body: @escaping @Sendable (Result<Void, LogError>) -> Void
  ) {
    guard durableOffset < offset else { return body(.success(())) }
    services.commits.add(
      CommitWaiter(log: self, offset: offset, isDirect: false) { failure in
        body(failure.map { .failure($0) } ?? .success(()))
      })
  }
}
