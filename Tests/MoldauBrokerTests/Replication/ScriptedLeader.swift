import MoldauBroker
import MoldauCluster
import MoldauFormat
import MoldauProtocol
import Synchronization

/// A network in which the test is the leader: it sees each request, and answers when it wants to.
final class ScriptedNetwork: PeerNetwork {
  let connections = Mutex<[ScriptedConnection]>([])

  func connection(to endpoint: BrokerRegistration.Endpoint) -> any PeerConnection {
    let connection = ScriptedConnection(endpoint)
    connections.withLock { $0.append(connection) }
    return connection
  }

  var all: [ScriptedConnection] { connections.withLock { $0 } }
}

final class ScriptedConnection: PeerConnection {
  struct Exchange: Sendable {
    let correlationID: Int32
    let fetch: FetchRequest
    let completion: @Sendable (RawSpan?) -> Void
  }

  private struct State: Sendable {
    var waiting: [Exchange] = []
    var count = 0
    var isClosed = false
  }

  let endpoint: BrokerRegistration.Endpoint
  private let state = Mutex(State())

  init(_ endpoint: BrokerRegistration.Endpoint) {
    self.endpoint = endpoint
  }

  func send(_ request: [UInt8], _ completion: @escaping @Sendable (RawSpan?) -> Void) {
    let exchange: Exchange
    do {
      var reader = ProtocolReader(request.span)
      let header = try RequestHeader(decoding: &reader)
      let fetch = try FetchRequest(decoding: &reader, version: header.version)
      try reader.expectEnd()
      exchange = Exchange(
        correlationID: header.correlationID, fetch: fetch, completion: completion)
    } catch {
      fatalError("a follower sends what can be read: \(error)")
    }
    let isClosed = state.withLock { state in
      if !state.isClosed {
        state.waiting.append(exchange)
        state.count += 1
      }
      return state.isClosed
    }
    if isClosed { completion(nil) }
  }

  func close() {
    let waiting = state.withLock { state in
      state.isClosed = true
      defer { state.waiting = [] }
      return state.waiting
    }
    for exchange in waiting { exchange.completion(nil) }
  }

  // MARK: For the test

  var isClosed: Bool { state.withLock { $0.isClosed } }
  /// The requests that came.
  var count: Int { state.withLock { $0.count } }
  /// Those without an answer, in their order.
  var waiting: [FetchRequest] { state.withLock { $0.waiting.map(\.fetch) } }

  func answer(_ response: FetchResponse) {
    let exchange = state.withLock { $0.waiting.removeFirst() }
    var writer = ProtocolWriter()
    writer.appendResponse(response, version: 17, correlationID: exchange.correlationID)
    let frame = unsafe writer.withUnsafeBytes { unsafe Array($0) }
    exchange.completion(unsafe frame.span.bytes.extracting(4..<frame.count))
  }

  func answer(bytes: [UInt8]) {
    let exchange = state.withLock { $0.waiting.removeFirst() }
    exchange.completion(unsafe bytes.span.bytes)
  }

  /// The connection is lost.
  func fail() {
    let waiting = state.withLock { state in
      defer { state.waiting = [] }
      return state.waiting
    }
    for exchange in waiting { exchange.completion(nil) }
  }
}

extension FetchResponse {
  /// What a leader says of one partition after another.
  init(session: Int32 = 0, _ parts: (TopicID, Partition)...) {
    self.init()
    sessionID = session
    for (topicID, part) in parts {
      var topic = Topic()
      topic.id = topicID
      topic.partitions = [part]
      topics.append(topic)
    }
  }
}

extension FetchResponse.Partition {
  init(
    _ index: Int32, error: ErrorCode = .none, highWatermark: Int64 = 0, start: Int64 = 0,
    diverging: (epoch: Int32, end: Int64)? = nil, _ records: [UInt8] = []
  ) {
    self.init()
    self.index = index
    errorCode = error
    self.highWatermark = highWatermark
    logStartOffset = start
    if let diverging {
      divergingEpoch.epoch = diverging.epoch
      divergingEpoch.endOffset = diverging.end
    }
    self.records = .bytes(records)
  }
}

/// A batch as a leader sends it.
func leaderBatch(at offset: Int64, epoch: Int32, count: Int = 1) -> [UInt8] {
  var encoder = RecordBatchEncoder()
  let value: [UInt8] = [1, 2, 3]
  for _ in 0..<count {
    unsafe encoder.append(key: nil, value: value.span.bytes, timestampMilliseconds: 1)
  }
  _ = encoder.finish(
    BatchFields(baseOffset: Offset(rawValue: offset), partitionLeaderEpoch: epoch))
  return unsafe encoder.bytes.withUnsafeBytes { unsafe Array($0) }
}
