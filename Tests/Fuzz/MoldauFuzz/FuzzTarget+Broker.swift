import Logging
import MoldauBroker
import MoldauDisk
import MoldauFormat
import MoldauLog
import MoldauProtocol

extension FuzzTarget {
  /// A whole broker without a socket.
  static let brokerTargets = [
    // Frames of one connection, each behind its length in two bytes.
    FuzzTarget("broker", isSlow: true) { bytes in
      let disk = SimulatedDisk(isCrashable: false)
      do {
        let store = try openStore(on: disk)
        let topic = try store.createTopic("t", TopicConfiguration(partitionCount: 2))
        let log = topic.partitions[0]
        for _ in 0..<3 { _ = try log.append(singleRecordBatch().rawSpan) }
        let logger = Logger(label: "fuzz") { _ in SwiftLogNoOpLogHandler() }
        let broker = try Broker(store: store, BrokerConfiguration(), logger: logger)
        serve(bytes, topic.id, broker)
        broker.stop()
        try store.closeBlocking()
      } catch {
        fatalError("a broker in memory starts and stops: \(error)")
      }
    }
  ]

  private static func serve(_ input: RawSpan, _ topicID: TopicID, _ broker: Broker) {
    let client = FuzzClient()
    var position = 0
    while input.byteCount - position >= 2 {
      let length = Int(input.bigEndian(UInt16.self, at: position))
      let rest = input.extracting(droppingFirst: position + 2)
      let frame = naming(topicID, in: copy(rest.extracting(first: length)))
      do throws(RequestFailure) { try client.ask(broker, frame.rawSpan) } catch {
        // The server closes the connection.
        return
      }
      position += 2 + min(length, rest.byteCount)
    }
  }

  /// Returns the frame with the topic's id, which no input can know, in the place of 16 bytes AA.
  private static func naming(_ id: TopicID, in frame: [UInt8]) -> [UInt8] {
    let placeholder = [UInt8](repeating: 0xAA, count: 16)
    var bytes: [UInt8] = []
    bytes.appendBigEndian(id.high)
    bytes.appendBigEndian(id.low)
    return frame.replacing(placeholder, with: bytes)
  }
}

/// A client's end of a connection that was never opened.
private final class FuzzClient: WakeTarget {
  private let signal = WakeSignal()
  private let connection = ClientConnection(
    advertisedHost: "localhost", advertisedPort: 9092, address: "fuzz")

  func wake(_ sequence: UInt64) { signal.wake() }

  /// Sends a frame and checks the answer, waiting for it if need be.
  func ask(_ broker: Broker, _ frame: RawSpan) throws(RequestFailure) {
    var reply = Reply()
    let waker = RequestWaker(target: self, sequence: 0)
    switch try broker.handle(frame, from: connection, waker: waker, into: &reply) {
    case .unanswered: return
    case .answered: break
    case .pending(let pending, .some):
      hold(pending.resume(.timeIsUp, into: &reply), "a request is answered when its time is up")
    case .pending(let pending, nil):
      while !pending.resume(.woken, into: &reply) { signal.sleep() }
    }
    check(reply, to: frame)
  }

  private func check(_ reply: borrowing Reply, to frame: RawSpan) {
    do throws(ProtocolError) {
      var reader = ProtocolReader(frame)
      let request = try RequestHeader(decoding: &reader)
      let answer = bytes(of: reply)
      var answerReader = ProtocolReader(answer.rawSpan)
      let size: Int32 = try answerReader.integer()
      hold(Int(size) == answer.count - 4, "a frame is as long as it says")
      guard let type = FuzzTarget.requestTypes.first(where: { $0.apiKey == request.api }) else {
        fatalError("an answer has a request")
      }
      try check(type, request, &answerReader)
    } catch {
      fatalError("an answer can be read: \(error)")
    }
  }

  private func check<Request: ProtocolRequest>(
    _: Request.Type, _ request: RequestHeader, _ reader: inout ProtocolReader
  ) throws(ProtocolError) {
    // An unknown version of ApiVersions alone gets an answer, in version 0.
    let version = request.isSupported ? request.version : 0
    let header = try ResponseHeader(decoding: &reader, for: Request.supported, version: version)
    hold(header.correlationID == request.correlationID, "an answer bears its request's number")
    _ = try Request.Response(decoding: &reader, version: version)
    try reader.expectEnd()
  }

  /// What would go to the socket.
  private func bytes(of reply: borrowing Reply) -> [UInt8] {
    // SAFETY: the array copies the writer's bytes.
    let own = unsafe reply.writer.withUnsafeBytes { unsafe [UInt8]($0) }
    let slices = reply.slices
    var all: [UInt8] = []
    reply.writer.forEachSegment { segment in
      switch segment {
      case .bytes(let range): all += own[range]
      case .slice(let index, let count):
        hold(slices[index].count == count, "a slice is as long as the answer says")
        do throws(LogError) { all += try slices[index].copyBytes() } catch {
          fatalError("what is served can be read: \(error)")
        }
      }
    }
    return all
  }
}
