import MoldauFormat
import MoldauLog
import MoldauProtocol

/// A fetch: looks at its partitions, and as long as they have too little waits for them to grow.
///
/// It never polls: each partition tells when more can be read, or when its role has changed.
final class PendingFetch: PendingRequest {
  private let request: FetchRequest
  private let context: RequestContext
  private let scope: FetchScope
  /// Parallel to the scope's partitions.
  private let sources: [Source]
  private let topics: TopicDirectory
  /// What the last look found; parallel to the sources.
  private var reads: [PartitionRead] = []
  /// Up to where records could be read as it was last judged; parallel to the sources.
  private var ends: [Offset] = []
  /// Parallel to the sources once the fetch waits.
  private var waits: [Wait?] = []

  /// One who tells when records past an offset can be read, once.
  private struct Wait {
    let past: Offset
    let observer: AppendObserver
  }

  /// Where the records of a partition are.
  enum Source {
    case partition(Partition)
    case missing(ErrorCode)
  }

  init(
    _ request: FetchRequest, _ scope: FetchScope, _ topics: TopicDirectory,
    _ context: RequestContext
  ) {
    self.request = request
    self.scope = scope
    self.context = context
    self.topics = topics
    sources = Self.sources(of: scope, topics)
  }

  private static func sources(of scope: FetchScope, _ topics: TopicDirectory) -> [Source] {
    var lastKey: FetchTopicKey?
    var topic: HostedTopic?
    return scope.partitions.map { partition in
      let key = partition.key.topic
      if key != lastKey {
        lastKey = key
        topic = key.name.isEmpty ? topics.topic(key.id) : topics.topic(named: key.name)
      }
      if let found = topic?.partition(partition.key.index) { return .partition(found) }
      return .missing(
        topics.refusal(ofMissing: partition.key.index, of: key.name, key.id, topic))
    }
  }

  /// Writes the answer when there is enough for one; else begins to wait and returns false.
  func start(into reply: inout Reply) -> Bool {
    look()
    if request.maxWaitMilliseconds <= 0 || isEnough {
      answer(into: &reply)
      return true
    }
    return endWait(into: &reply)
  }

  func resume(_ reason: ResumeReason, into reply: inout Reply) -> Bool {
    if reason == .woken, !mayBeEnough { return endWait(into: &reply) }
    look()
    if reason == .woken, !isEnough { return endWait(into: &reply) }
    answer(into: &reply)
    return true
  }

  func cancel() {
    for wait in waits { wait?.observer.cancel() }
    waits = []
  }

  // MARK: Looking and waiting

  private func look() {
    var left = min(max(Int(request.maxBytes), 0), Limits.fetchBytes)
    var isEmpty = true
    reads = zip(scope.partitions, sources).map { partition, source in
      switch source {
      case .missing(let code):
        return PartitionRead(code)
      case .partition(let source):
        // A topic that was deleted while the fetch waited.
        guard !source.log.isClosed else { return PartitionRead(Self.missingCode(partition.key)) }
        let read = PartitionRead(
          partition.wanted, from: source, isCommitted: request.isolationLevel == 1,
          maxBytes: max(0, min(left, Int(partition.wanted.maxBytes))), mayExceed: isEmpty)
        if read.byteCount > 0 { isEmpty = false }
        left = max(0, left - read.byteCount)
        return read
      }
    }
    ends = reads.map(\.seenEnd)
  }

  private static func missingCode(_ key: FetchPartitionKey) -> ErrorCode {
    key.topic.name.isEmpty ? .unknownTopicID : .unknownTopicOrPartition
  }

  private var wantedBytes: Int {
    min(Int(request.minBytes), Int(request.maxBytes), Limits.fetchBytes)
  }

  private var isEnough: Bool {
    let found = reads.reduce(0) { $0 + $1.byteCount }
    return reads.isEmpty || found >= wantedBytes
      || reads.contains { $0.errorCode != .none || $0.diverging != nil }
  }

  /// Whether another look is worth its while: looking reads batches, and small ones wake a fetch that
  /// wants many bytes over and over.
  private var mayBeEnough: Bool {
    var estimate = 0
    for (index, source) in sources.enumerated() {
      guard case .partition(let partition) = source else { continue }
      if hasEnded(partition, index) { return true }
      let read = reads[index]
      // Before the estimate, so that no growth falls between the two.
      ends[index] = partition.highWatermark
      let bytes = ends[index] > read.seenEnd ? read.estimate(partition) : read.byteCount
      estimate += min(bytes, max(Int(scope.partitions[index].wanted.maxBytes), read.byteCount))
      if estimate >= wantedBytes { return true }
    }
    return false
  }

  /// Whether a partition cannot be waited for any more: its log is closed, or it is led elsewhere.
  private func hasEnded(_ partition: Partition, _ index: Int) -> Bool {
    if partition.log.isClosed { return true }
    guard partition.replica != nil else { return false }
    return partition.refusal(ofEpoch: scope.partitions[index].wanted.currentLeaderEpoch) != nil
  }

  /// Waits for more to read and returns false; when a partition has ended meanwhile, which nobody
  /// would tell, writes the answer and returns true.
  private func endWait(into reply: inout Reply) -> Bool {
    if waits.isEmpty { waits = Array(repeating: nil, count: sources.count) }
    var isAnyEnded = false
    for (index, source) in sources.enumerated() {
      guard case .partition(let partition) = source else { continue }
      let end = ends[index]
      if waits[index].map({ $0.past < end }) ?? true {
        waits[index] = Wait(
          past: end,
          observer: partition.whenVisible(passes: end) { [waker = context.waker] in
            waker.wake()
          })
      }
      if hasEnded(partition, index) { isAnyEnded = true }
    }
    guard isAnyEnded else { return false }
    look()
    answer(into: &reply)
    return true
  }

  // MARK: The answer

  private func answer(into reply: inout Reply) {
    cancel()
    var response = FetchResponse()
    response.sessionID = scope.session?.id ?? 0
    var told: [FetchPartition] = []
    var served: Set<FetchPartitionKey> = []
    for (partition, read) in zip(scope.partitions, reads) {
      if scope.isIncremental, !isNews(read, to: partition) { continue }
      if scope.session != nil {
        var partition = partition
        // An error is told again until it is gone.
        partition.toldHighWatermark = read.highWatermark
        partition.toldLogStartOffset = read.logStartOffset
        told.append(partition)
        if read.slice != nil { served.insert(partition.key) }
      }
      response.add(read, of: partition.key, &reply)
    }
    scope.session?.note(told, served: served)
    if let replicas = topics.replicas { response.nameLeaders(replicas, context) }
    reply.answer(response, to: context.header)
  }

  private func isNews(_ read: PartitionRead, to partition: FetchPartition) -> Bool {
    read.errorCode != .none || read.slice != nil || read.diverging != nil
      || read.highWatermark != partition.toldHighWatermark
      || read.logStartOffset != partition.toldLogStartOffset
  }
}
