import MoldauFormat
import MoldauLog
import MoldauProtocol

/// The partitions of a follower's session.
struct ReplicaSessionState: Sendable {
  /// A partition of the session. It keeps its number while it is in it.
  struct Slot: Sendable {
    let key: FetchPartitionKey
    var wanted: FetchRequest.Partition
    /// nil until it was looked for, and after an error.
    var partition: Partition?
    /// Whether the request that is at work has named it: what it says is news for the leader.
    var isNamed = true
    /// Whether the follower has something to do first: it was answered with records, an error or a
    /// diverging epoch, and is not looked at before a request names it again
    /// (docs/decisions/replica-fetchers.md).
    var isResting = false
    /// Whether it is among `queue`.
    var isQueued = false
    /// What the follower knows; −1 is nothing.
    var toldHighWatermark: Int64 = -1
    var toldLogStart: Int64 = -1
    /// Those who tell when the log grows and when the high watermark moves.
    var growth: AppendObserver?
    var visible: AppendObserver?

    func cancelWaits() {
      growth?.cancel()
      visible?.cancel()
    }
  }

  private(set) var places: [FetchPartitionKey: Int] = [:]
  var slots: [Slot?] = []
  private var free: [Int] = []
  /// The slots that are to be looked at, in the order in which they are served.
  var queue: [Int] = []
  /// The epoch that the next request must bear.
  private var nextEpoch: Int32 = 1

  /// Takes over what a request says; returns false when it is not the one that comes next.
  mutating func update(with request: FetchRequest, isNext: Bool) -> Bool {
    if isNext {
      guard request.sessionEpoch == nextEpoch else { return false }
      nextEpoch = nextEpoch == .max ? 1 : nextEpoch + 1
    }
    for named in request.named { add(named) }
    for key in request.forgotten { remove(key) }
    return true
  }

  var isEmpty: Bool { places.isEmpty }

  private mutating func add(_ named: FetchPartition) {
    let place: Int
    if let known = places[named.key] {
      place = known
      slots[place]?.wanted = named.wanted
      slots[place]?.isNamed = true
      slots[place]?.isResting = false
    } else {
      place = free.popLast() ?? slots.count
      if place == slots.count { slots.append(nil) }
      slots[place] = Slot(key: named.key, wanted: named.wanted)
      places[named.key] = place
    }
    if named.wanted.highWatermark != .max {
      slots[place]?.toldHighWatermark = named.wanted.highWatermark
    }
    enqueue(place)
  }

  private mutating func remove(_ key: FetchPartitionKey) {
    guard let place = places.removeValue(forKey: key), let slot = slots[place] else { return }
    slot.cancelWaits()
    if slot.isQueued { queue.removeAll { $0 == place } }
    slots[place] = nil
    free.append(place)
  }

  mutating func removeAll() {
    for slot in slots { slot?.cancelWaits() }
    self = ReplicaSessionState()
  }

  private mutating func enqueue(_ place: Int) {
    guard let slot = slots[place], !slot.isQueued, !slot.isResting else { return }
    slots[place]?.isQueued = true
    queue.append(place)
  }

  /// Has all partitions looked at, in the order in which they came.
  mutating func enqueueAll() {
    for place in slots.indices { enqueue(place) }
  }

  /// Has a partition looked at that has said something. One whose slot has another partition by now is
  /// looked at in vain.
  mutating func note(_ arrival: ReplicaSession.Arrival) {
    guard slots.indices.contains(arrival.slot), slots[arrival.slot] != nil else { return }
    switch arrival.news {
    case .growth: slots[arrival.slot]?.growth = nil
    case .visible, .role: slots[arrival.slot]?.visible = nil
    case .start: break
    }
    enqueue(arrival.slot)
  }
}
