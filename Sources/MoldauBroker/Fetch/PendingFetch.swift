import MoldauFormat
import MoldauLog
import MoldauProtocol

/// A fetch: looks at its partitions, and as long as they have too little waits for them to grow.
///
/// It never polls: each log tells when its end has moved.
final class PendingFetch: PendingRequest {
  private let request: FetchRequest
  private let context: RequestContext
  private let scope: FetchScope
  /// Parallel to the scope's partitions.
  private let sources: [Source]
  /// What the last look found; parallel to the sources.
  private var reads: [PartitionRead] = []
  /// The ends of the logs as they were last judged; parallel to the sources.
  private var ends: [Offset] = []
  /// Parallel to the sources once the fetch waits.
  private var waits: [Wait?] = []

  /// One who tells when a log has grown past an offset, once.
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
      let isUnknownID = key.name.isEmpty && topic == nil
      return .missing(isUnknownID ? .unknownTopicID : .unknownTopicOrPartition)
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
      if partition.log.isClosed { return true }
      let read = reads[index]
      // Before the estimate, so that no growth falls between the two.
      ends[index] = partition.log.endOffset
      let bytes = ends[index] > read.seenEnd ? read.estimate(partition.log) : read.byteCount
      estimate += min(bytes, max(Int(scope.partitions[index].wanted.maxBytes), read.byteCount))
      if estimate >= wantedBytes { return true }
    }
    return false
  }

  /// Waits for the logs to grow and returns false; when one was closed meanwhile, which nobody would
  /// tell, writes the answer and returns true.
  private func endWait(into reply: inout Reply) -> Bool {
    if waits.isEmpty { waits = Array(repeating: nil, count: sources.count) }
    var isClosed = false
    for (index, source) in sources.enumerated() {
      guard case .partition(let partition) = source else { continue }
      let end = ends[index]
      if waits[index].map({ $0.past < end }) ?? true {
        waits[index] = Wait(
          past: end,
          observer: partition.log.whenEnd(passes: end) { [waker = context.waker] in waker.wake() })
      }
      if partition.log.isClosed { isClosed = true }
    }
    guard isClosed else { return false }
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
      append(read, of: partition.key, to: &response, &reply)
    }
    scope.session?.note(told, served: served)
    reply.answer(response, to: context.header)
  }

  private func isNews(_ read: PartitionRead, to partition: FetchPartition) -> Bool {
    read.errorCode != .none || read.slice != nil || read.diverging != nil
      || read.highWatermark != partition.toldHighWatermark
      || read.logStartOffset != partition.toldLogStartOffset
  }

  private func append(
    _ read: PartitionRead, of key: FetchPartitionKey, to response: inout FetchResponse,
    _ reply: inout Reply
  ) {
    var answer = FetchResponse.Partition()
    answer.index = key.index
    answer.errorCode = read.errorCode
    answer.highWatermark = read.highWatermark
    answer.lastStableOffset = read.lastStableOffset
    answer.logStartOffset = read.logStartOffset
    answer.abortedTransactions = read.aborted.map { aborted in
      aborted.map { transaction in
        var told = FetchResponse.AbortedTransaction()
        told.producerID = transaction.producerID
        told.firstOffset = transaction.firstOffset.rawValue
        return told
      }
    }
    if let diverging = read.diverging {
      answer.divergingEpoch.epoch = diverging.epoch
      answer.divergingEpoch.endOffset = diverging.end.rawValue
    }
    answer.records = read.slice.map { reply.add($0) } ?? .bytes([])
    let isSameTopic = response.topics.last.map {
      $0.name == key.topic.name && $0.id == key.topic.id
    }
    if isSameTopic != true {
      var topic = FetchResponse.Topic()
      topic.name = key.topic.name
      topic.id = key.topic.id
      response.topics.append(topic)
    }
    response.topics[response.topics.count - 1].partitions.append(answer)
  }
}
