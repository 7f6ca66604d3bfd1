import MoldauCluster
import MoldauFormat
import MoldauLog
import MoldauProtocol

/// A follower's fetch: tells the leader how far the follower is, and brings it what it does not have
/// (rules 10 to 13).
///
/// Answered when there are bytes enough, when a log begins later, or when something is wrong; else when
/// the time is up. A high watermark that the follower does not know is told with that. It never polls.
final class ReplicaFetch: PendingRequest {
  private let request: FetchRequest
  private let context: RequestContext
  private let session: ReplicaSession
  /// Whether the session outlives the request.
  private let isKept: Bool
  /// Whether the answer leaves out partitions that have nothing new.
  private let isIncremental: Bool
  private let topics: TopicDirectory
  private let rules: ReplicationRules
  /// What the last look found, by slot, in the order in which it is served.
  private var found: [(slot: Int, read: ReplicaRead)] = []

  init(
    _ request: FetchRequest, in session: ReplicaSession, isKept: Bool, isIncremental: Bool,
    _ topics: TopicDirectory, _ replicas: Replicas, _ context: RequestContext
  ) {
    self.request = request
    self.session = session
    self.isKept = isKept
    self.isIncremental = isIncremental
    self.topics = topics
    self.context = context
    rules = replicas.settings.rules
  }

  /// Writes the answer when there is enough for one; else begins to wait and returns false.
  func start(into reply: inout Reply) -> Bool {
    proceed(mayWait: request.maxWaitMilliseconds > 0, into: &reply)
  }

  func resume(_ reason: ResumeReason, into reply: inout Reply) -> Bool {
    proceed(mayWait: reason == .woken, into: &reply)
  }

  func cancel() {
    if !isKept { session.close() }
  }

  private func proceed(mayWait: Bool, into reply: inout Reply) -> Bool {
    let isDone: Bool? = session.work { state in
      if !isIncremental { state.enqueueAll() }
      look(&state)
      if mayWait, !isEnough(state) {
        for (place, read) in found { arm(place, past: read.seenEnd, &state) }
        return false
      }
      answer(&state, into: &reply)
      return true
    }
    if isDone == false { session.wait(context.waker) }
    if isDone == nil { reply.refuseFetch(.invalidFetchSessionEpoch, context) }
    guard isDone != false else { return false }
    if !isKept { session.close() }
    return true
  }

  // MARK: Looking

  /// Looks at what is queued, until the answer is full. What has nothing new leaves the queue, and
  /// what the answer brings does (`answer`).
  ///
  /// - Complexity: O(*n*) in the number of partitions that are queued; a few instructions for those for
  ///   which the answer has no room.
  private func look(_ state: inout ReplicaSessionState) {
    found = []
    var left = min(max(Int(request.maxBytes), 0), Limits.fetchBytes)
    var isEmpty = true
    var queue: [Int] = []
    queue.reserveCapacity(state.queue.count)
    for place in state.queue {
      if left == 0, isIncremental, state.slots[place]?.isNamed == false {
        queue.append(place)
        continue
      }
      guard var slot = state.slots[place] else { continue }
      let read = look(&slot, at: place, maxBytes: left, mayExceed: isEmpty)
      slot.isNamed = false
      if read.byteCount > 0 { isEmpty = false }
      left = max(0, left - read.byteCount)
      let isNews = read.isNews(to: slot)
      slot.isQueued = isNews || read.hasMore
      if slot.isQueued { queue.append(place) }
      state.slots[place] = slot
      if isNews || !isIncremental { found.append((place, read)) }
      if !slot.isQueued { arm(place, past: read.seenEnd, &state) }
    }
    state.queue = queue
  }

  private func look(
    _ slot: inout ReplicaSessionState.Slot, at place: Int, maxBytes: Int, mayExceed: Bool
  ) -> ReplicaRead {
    if slot.partition?.log.isClosed == true { forget(&slot) }
    if slot.partition == nil { find(&slot) }
    guard let partition = slot.partition, let replica = partition.replica else {
      let key = slot.key
      let topic = key.topic.name.isEmpty ? topics.topic(key.topic.id) : nil
      return ReplicaRead(
        topics.refusal(ofMissing: key.index, of: key.topic.name, key.topic.id, topic))
    }
    let fetcher = slot.isNamed ? Replica.Fetcher(session: session, slot: place) : nil
    let read = ReplicaRead(
      slot.wanted, from: partition, replica, by: fetcher,
      maxBytes: min(maxBytes, Int(slot.wanted.maxBytes)), mayExceed: mayExceed, rules)
    if read.errorCode != .none { forget(&slot) }
    return read
  }

  private func find(_ slot: inout ReplicaSessionState.Slot) {
    let key = slot.key
    let topic =
      key.topic.name.isEmpty ? topics.topic(key.topic.id) : topics.topic(named: key.topic.name)
    slot.partition = topic?.partition(key.index)
  }

  /// The next look finds the partition anew: another one may have taken its place.
  private func forget(_ slot: inout ReplicaSessionState.Slot) {
    slot.cancelWaits()
    slot.growth = nil
    slot.visible = nil
    slot.partition = nil
  }

  private func isEnough(_ state: ReplicaSessionState) -> Bool {
    if state.isEmpty { return true }
    let wanted = min(Int(request.minBytes), Int(request.maxBytes), Limits.fetchBytes)
    var byteCount = 0
    for (place, read) in found {
      byteCount += read.byteCount
      if byteCount >= max(wanted, 1) { return true }
      if let slot = state.slots[place], read.isUrgent(to: slot) { return true }
    }
    return false
  }

  /// Has the partition of a slot tell when its log grows past an offset, when the high watermark is
  /// one that the follower does not know, and when the role changes.
  private func arm(_ place: Int, past end: Offset, _ state: inout ReplicaSessionState) {
    guard let slot = state.slots[place], let partition = slot.partition else { return }
    if slot.growth == nil {
      state.slots[place]?.growth = partition.log.whenEnd(passes: end) { [weak session] in
        session?.arrive(place, .growth)
      }
    }
    if slot.visible == nil {
      let told = Offset(rawValue: max(slot.toldHighWatermark, 0))
      let epoch = partition.leadingEpoch
      state.slots[place]?.visible = partition.whenVisible(passes: told) {
        [weak session, weak partition] in
        session?.arrive(place, partition?.leadingEpoch == epoch ? .visible : .role)
      }
    }
  }

  // MARK: The answer

  private func answer(_ state: inout ReplicaSessionState, into reply: inout Reply) {
    var response = FetchResponse()
    response.sessionID = isKept ? session.id : 0
    var rests = false
    for (place, read) in found {
      guard let slot = state.slots[place] else { continue }
      state.slots[place]?.toldHighWatermark = read.read.highWatermark
      state.slots[place]?.toldLogStart = read.read.logStartOffset
      if read.makesRest {
        state.slots[place]?.isResting = true
        state.slots[place]?.isQueued = false
        rests = true
      }
      response.add(read.read, of: slot.key, &reply)
    }
    if rests { state.queue.removeAll { state.slots[$0]?.isQueued != true } }
    reply.answer(response, to: context.header)
  }
}

extension Reply {
  /// Answers a fetch as a whole with an error.
  mutating func refuseFetch(_ code: ErrorCode, _ context: RequestContext) {
    var response = FetchResponse()
    response.errorCode = code
    answer(response, to: context.header)
  }
}
