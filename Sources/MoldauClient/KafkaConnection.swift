import MoldauFormat
package import MoldauProtocol

/// A blocking connection to one Kafka-compatible broker.
///
/// `send` returns at once and `receive` waits, so that several requests can be on their way; the
/// broker answers in their order. `call` does both. After an error other than `.refused` the
/// connection is of no more use. Not for two threads at once.
package final class KafkaConnection {
  package struct Options: Sendable {
    /// How the broker's log and metrics name this client.
    package var clientID = "moldau"
    package var connectTimeoutMilliseconds: Int32 = 10_000
    /// How long the broker may be silent when an answer is due, beyond what the request lets it.
    package var timeoutMilliseconds: Int32 = 30_000
    /// The greatest answer taken.
    package var maxAnswerByteCount = 256 * 1024 * 1024

    package init() {}
  }

  /// A request that was sent, and what has to be known to read its answer.
  package struct Pending<Request: ProtocolRequest>: Sendable {
    fileprivate let correlationID: Int32
    fileprivate let version: Int16
    fileprivate let waitMilliseconds: Int32
  }

  package let endpoint: Endpoint
  package let options: Options
  private let socket: SystemSocket
  private var writer = ProtocolWriter(capacity: 4 * 1024)
  private var received = ReceiveBuffer(capacity: Limits.receiveByteCount)
  private var brokerVersions: [ApiKey: ClosedRange<Int16>] = [:]
  /// The correlation ids of the requests on their way, the oldest first.
  private var inFlight: [Int32] = []
  private var lastCorrelationID: Int32 = 0
  private var socketTimeoutMilliseconds: Int32 = -1
  /// Whether another request may be sent; false after an error that leaves the stream in the middle
  /// of something.
  package private(set) var isUsable = true
  /// Keeps the memory into which fetched batches are decompressed.
  var recordScanner = RecordScanner()
  /// From the metadata seen: newer requests name a topic by its id only.
  var topicIDs: [String: TopicID] = [:]

  /// Connects, and asks which requests the broker knows.
  package init(to endpoint: Endpoint, _ options: Options = Options()) throws(ClientError) {
    self.endpoint = endpoint
    self.options = options
    do {
      socket = try SystemSocket(
        host: endpoint.host, port: endpoint.port,
        timeoutMilliseconds: options.connectTimeoutMilliseconds)
    } catch {
      let reason = ClientError.Reason(
        error, doing: "it was connected to", options.connectTimeoutMilliseconds)
      throw ClientError(reason, at: endpoint)
    }
    setTimeout(milliseconds: options.timeoutMilliseconds)
    try negotiate()
  }

  /// The number of requests that were sent and whose answers were not received yet.
  package var inFlightCount: Int { inFlight.count }

  /// Whether both ends know a version of `api`.
  package func offers(_ api: ApiKey) -> Bool {
    guard let own = SupportedApi.of(api)?.versions, let broker = brokerVersions[api] else {
      return false
    }
    return own.overlaps(broker)
  }

  /// The number of requests that the broker has said it knows.
  package var offeredApiCount: Int { brokerVersions.count }

  /// The highest version of `api` that both ends know.
  package func version(of api: ApiKey) throws(ClientError) -> Int16 {
    let broker = brokerVersions[api]
    guard let own = SupportedApi.of(api)?.versions, let broker, own.overlaps(broker) else {
      throw error(.unsupported(api: api, broker: broker))
    }
    return min(own.upperBound, broker.upperBound)
  }

  // MARK: Requests

  /// Sends a request and waits for its answer.
  ///
  /// - Precondition: no other request is on its way.
  package func call<Request: ProtocolRequest>(
    _ request: Request, waitMilliseconds: Int32 = 0
  ) throws(ClientError) -> Request.Response {
    try receive(send(request, waitMilliseconds: waitMilliseconds))
  }

  /// Sends a request in a version of at most `highest`, and waits for its answer.
  ///
  /// - Precondition: no other request is on its way.
  package func call<Request: ProtocolRequest>(
    _ request: Request, upTo highest: Int16
  ) throws(ClientError) -> Request.Response {
    let version = min(try version(of: Request.apiKey), highest)
    return try receive(send(request, version: version))
  }

  /// Sends a request without waiting for its answer.
  ///
  /// - Parameters:
  ///   - slice: the bytes for which a `Records.outOfBand` of the request stands.
  ///   - waitMilliseconds: how long the request lets the broker wait before it answers.
  /// - Precondition: fewer than `Limits.inFlightRequestCount` requests are on their way.
  package func send<Request: ProtocolRequest>(
    _ request: Request, slice: RawSpan = RawSpan(), waitMilliseconds: Int32 = 0
  ) throws(ClientError) -> Pending<Request> {
    let version = try version(of: Request.apiKey)
    return try send(request, version: version, slice: slice, waitMilliseconds: waitMilliseconds)
  }

  /// Sends a request to which no answer comes: Produce with acks 0.
  package func sendUnanswered(
    _ request: some ProtocolRequest, slice: RawSpan = RawSpan()
  ) throws(ClientError) {
    _ = try write(request, version: version(of: type(of: request).apiKey), slice: slice)
  }

  /// Waits for the answer to `pending`.
  ///
  /// - Precondition: `pending` is the oldest request on its way.
  package func receive<Request: ProtocolRequest>(
    _ pending: Pending<Request>
  ) throws(ClientError) -> Request.Response {
    try receive(pending) { (response, _) throws(ClientError) in response }
  }

  /// Waits for the answer to `pending`, and calls `body` with it and with the frame in which its
  /// records lie (`Records.inFrame`).
  ///
  /// - Precondition: `pending` is the oldest request on its way.
  package func receive<Request: ProtocolRequest, Result>(
    _ pending: Pending<Request>, _ body: (Request.Response, RawSpan) throws(ClientError) -> Result
  ) throws(ClientError) -> Result {
    try receiveFrame(pending) { (frame) throws(ClientError) in
      let response: Request.Response
      do throws(ProtocolError) {
        response = try Self.decode(frame, pending)
      } catch {
        throw self.error(.malformedAnswer(api: Request.apiKey, error))
      }
      return try body(response, frame)
    }
  }

  private static func decode<Request: ProtocolRequest>(
    _ frame: RawSpan, _ pending: Pending<Request>
  ) throws(ProtocolError) -> Request.Response {
    var reader = ProtocolReader(frame)
    let header = try ResponseHeader(
      decoding: &reader, for: Request.supported, version: pending.version)
    guard header.correlationID == pending.correlationID else {
      throw ProtocolError(
        .unexpectedCorrelationID(expected: pending.correlationID, received: header.correlationID),
        at: 0)
    }
    return try Request.Response(decoding: &reader, version: pending.version)
  }

  // MARK: Versions

  /// Learns the broker's versions: asks in our highest, then as the broker's refusal says.
  private func negotiate() throws(ClientError) {
    var response = try askVersions(in: ApiVersionsRequest.supported.versions.upperBound)
    if response.errorCode == .unsupportedVersion {
      let range = response.apis.first { $0.key == ApiKey.apiVersions.rawValue }
      response = try askVersions(in: max(range?.maximumVersion ?? 0, 0))
    }
    guard response.errorCode == .none else {
      throw error(.refused(what: "ApiVersions", response.errorCode, explanation: nil))
    }
    for api in response.apis where api.minimumVersion <= api.maximumVersion {
      guard let key = ApiKey(rawValue: api.key) else { continue }
      brokerVersions[key] = api.minimumVersion...api.maximumVersion
    }
  }

  /// Asks in `version`; a refusal comes in the form of version 0, whatever was asked.
  private func askVersions(in version: Int16) throws(ClientError) -> ApiVersionsResponse {
    var request = ApiVersionsRequest()
    request.clientSoftwareName = "moldau"
    request.clientSoftwareVersion = "1"
    let pending = try send(
      request, version: min(version, ApiVersionsRequest.supported.versions.upperBound))
    return try receiveFrame(pending) { (frame) throws(ClientError) in
      let refused = Pending<ApiVersionsRequest>(
        correlationID: pending.correlationID, version: 0, waitMilliseconds: 0)
      do throws(ProtocolError) {
        let isRefusal = Self.refusesVersion(frame)
        return try Self.decode(frame, isRefusal ? refused : pending)
      } catch {
        throw self.error(.malformedAnswer(api: .apiVersions, error))
      }
    }
  }

  /// Whether the error code, which follows the correlation id in all versions, says so.
  private static func refusesVersion(_ frame: RawSpan) -> Bool {
    var reader = ProtocolReader(frame)
    do {
      _ = try reader.integer(Int32.self)
      return try reader.integer(Int16.self) == ErrorCode.unsupportedVersion.rawValue
    } catch {
      return false
    }
  }

  // MARK: Frames

  private func send<Request: ProtocolRequest>(
    _ request: Request, version: Int16, slice: RawSpan = RawSpan(), waitMilliseconds: Int32 = 0
  ) throws(ClientError) -> Pending<Request> {
    precondition(inFlight.count < Limits.inFlightRequestCount, "receive before sending more")
    let correlationID = try write(request, version: version, slice: slice)
    inFlight.append(correlationID)
    return Pending(
      correlationID: correlationID, version: version, waitMilliseconds: waitMilliseconds)
  }

  private func write(
    _ request: some ProtocolRequest, version: Int16, slice: RawSpan
  ) throws(ClientError) -> Int32 {
    lastCorrelationID &+= 1
    writer.reset()
    writer.appendRequest(
      request, version: version, correlationID: lastCorrelationID, clientID: options.clientID)
    do {
      try Self.send(writer, slice: slice, to: socket)
    } catch {
      throw self.error(error, doing: "it was sent \(type(of: request).apiKey)")
    }
    return lastCorrelationID
  }

  private static func send(
    _ writer: borrowing ProtocolWriter, slice: RawSpan, to socket: borrowing SystemSocket
  ) throws(SystemSocket.Failure) {
    guard let cut = writer.cuts.first else {
      return try socket.send(writer.bytes, isMoreToCome: false)
    }
    precondition(writer.cuts.count == 1 && cut.slice == 0, "a request has one slice at most")
    precondition(cut.count == slice.byteCount, "the slice is as long as the request says")
    let rest = writer.bytes.extracting(droppingFirst: cut.position)
    try socket.send(writer.bytes.extracting(first: cut.position), isMoreToCome: true)
    try socket.send(slice, isMoreToCome: rest.byteCount > 0)
    try socket.send(rest, isMoreToCome: false)
  }

  /// Waits for the frame that answers `pending`, and calls `body` with it, its size taken off.
  private func receiveFrame<Request: ProtocolRequest, Result>(
    _ pending: Pending<Request>, _ body: (RawSpan) throws(ClientError) -> Result
  ) throws(ClientError) -> Result {
    precondition(
      inFlight.first == pending.correlationID,
      "answers are received in the order of their requests")
    let patience = Int(options.timeoutMilliseconds) + Int(pending.waitMilliseconds)
    setTimeout(milliseconds: max(Int32(clamping: patience), 1))
    let doing = "it owed an answer to \(Request.apiKey)"
    try fill(to: MemoryLayout<Int32>.size, doing: doing)
    let byteCount = size(received.bytes)
    guard 0...options.maxAnswerByteCount ~= byteCount else {
      throw error(.answerTooLarge(byteCount: byteCount, limit: options.maxAnswerByteCount))
    }
    received.consume(MemoryLayout<Int32>.size)
    try fill(to: byteCount, doing: doing)
    inFlight.removeFirst()
    defer { received.consume(byteCount) }
    return try body(received.bytes.extracting(first: byteCount))
  }

  private func fill(to byteCount: Int, doing: String) throws(ClientError) {
    do {
      try received.fill(to: byteCount, from: socket)
    } catch {
      throw self.error(error, doing: doing)
    }
  }

  private func setTimeout(milliseconds: Int32) {
    guard milliseconds != socketTimeoutMilliseconds else { return }
    socketTimeoutMilliseconds = milliseconds
    socket.setTimeout(milliseconds: milliseconds)
  }

  // MARK: Errors

  /// Returns the error, and remembers when it leaves the connection of no use.
  package func error(_ reason: ClientError.Reason) -> ClientError {
    if reason.breaksConnection { isUsable = false }
    return ClientError(reason, at: endpoint)
  }

  private func error(_ failure: SystemSocket.Failure, doing: String) -> ClientError {
    error(ClientError.Reason(failure, doing: doing, socketTimeoutMilliseconds))
  }
}

/// Returns the size in front of a frame.
private func size(_ bytes: RawSpan) -> Int {
  var reader = ProtocolReader(bytes)
  do {
    return Int(try reader.integer(Int32.self))
  } catch {
    preconditionFailure("the four bytes were received: \(error)")
  }
}
