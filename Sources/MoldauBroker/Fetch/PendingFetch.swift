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
  private var observers: [AppendObserver] = []

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
    let reads = look()
    if request.maxWaitMilliseconds <= 0 || isEnough(reads) {
      answer(reads, into: &reply)
      return true
    }
    observe(reads)
    return false
  }

  func resume(_ reason: ResumeReason, into reply: inout Reply) -> Bool {
    let reads = look()
    cancel()
    if reason != .woken || isEnough(reads) {
      answer(reads, into: &reply)
      return true
    }
    observe(reads)
    return false
  }

  func cancel() {
    for observer in observers { observer.cancel() }
    observers.removeAll(keepingCapacity: true)
  }

  // MARK: Looking and waiting

  private func look() -> [PartitionRead] {
    var left = min(max(Int(request.maxBytes), 0), Limits.fetchBytes)
    var isEmpty = true
    return zip(scope.partitions, sources).map { partition, source in
      switch source {
      case .missing(let code):
        return PartitionRead(code)
      case .partition(let source):
        let read = PartitionRead(
          partition.wanted, from: source, isCommitted: request.isolationLevel == 1,
          maxBytes: max(0, min(left, Int(partition.wanted.maxBytes))), mayExceed: isEmpty)
        if read.byteCount > 0 { isEmpty = false }
        left = max(0, left - read.byteCount)
        return read
      }
    }
  }

  private func isEnough(_ reads: [PartitionRead]) -> Bool {
    let wanted = min(Int(request.minBytes), Int(request.maxBytes), Limits.fetchBytes)
    let found = reads.reduce(0) { $0 + $1.byteCount }
    return reads.isEmpty || found >= wanted || reads.contains { $0.errorCode != .none }
  }

  private func observe(_ reads: [PartitionRead]) {
    for (source, read) in zip(sources, reads) {
      guard case .partition(let partition) = source else { continue }
      observers.append(
        partition.log.whenEnd(passes: read.seenEnd) { [waker = context.waker] in waker.wake() })
    }
  }

  // MARK: The answer

  private func answer(_ reads: [PartitionRead], into reply: inout Reply) {
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
    read.errorCode != .none || read.slice != nil
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
