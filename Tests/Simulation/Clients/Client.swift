import MoldauProtocol

/// Why a request has no answer.
enum CallFailure: Error {
  /// The connection broke, or the answer did not come in time: the broker may have done it.
  case unknown
}

/// An answer, and the frame in which its records lie.
typealias CallResult<Response> = Result<(answer: Response, frame: [UInt8]), CallFailure>

/// A program somewhere in the network that speaks to the nodes: one connection to each.
final class Client {
  let network: Network
  let host: Host
  private let nodes: [Node]
  private var lines: [Int32: Line] = [:]
  private var lastCorrelationID: Int32 = 0
  /// Called with what no broker may answer.
  var onFailure: (String) -> Void = { preconditionFailure($0) }

  /// A connection, and who waits for its answers, in their order.
  private final class Line {
    let connection: Connection
    var waiting: [(id: Int32, take: ([UInt8]?) -> Void)] = []

    init(_ connection: Connection) {
      self.connection = connection
    }
  }

  init(_ network: Network, host: Host, nodes: [Node]) {
    self.network = network
    self.host = host
    self.nodes = nodes
  }

  var world: World { network.world }
  var nodeIDs: [Int32] { nodes.map(\.id) }

  /// Asks a node.
  func call<Request: ProtocolRequest>(
    _ nodeID: Int32, _ request: Request, timeoutMilliseconds: Int64 = 3_000,
    version: Int16 = Request.supported.versions.upperBound,
    _ completion: @escaping (CallResult<Request.Response>) -> Void
  ) {
    guard let line = line(to: nodeID) else {
      return world.after(1_000) { completion(.failure(.unknown)) }
    }
    lastCorrelationID += 1
    let id = lastCorrelationID
    line.waiting.append(
      (
        id,
        { [onFailure] frame in
          guard let frame else { return completion(.failure(.unknown)) }
          do throws(ProtocolError) {
            completion(.success((try Self.decode(frame, Request.self, version, id), frame)))
          } catch {
            onFailure("an answer to \(Request.apiKey) cannot be read: \(error)")
            completion(.failure(.unknown))
          }
        }
      ))
    line.connection.send(frame(of: request, version: version, id))
    world.after(timeoutMilliseconds * 1000) { [weak line] in
      guard let line, line.waiting.contains(where: { $0.id == id }) else { return }
      line.connection.close(tells: true)
    }
  }

  /// Closes the connections; whoever waits gets no answer.
  func disconnect() {
    for line in lines.values.sorted(by: { $0.connection.server.id < $1.connection.server.id }) {
      line.connection.close(tells: true)
    }
  }

  private func line(to nodeID: Int32) -> Line? {
    if let line = lines[nodeID] { return line }
    guard let node = nodes.first(where: { $0.id == nodeID }) else { return nil }
    let connection = Connection(network, from: host, to: node, isPeer: false)
    let line = Line(connection)
    lines[nodeID] = line
    connection.onAnswer = { [weak line] frame in
      guard let line, !line.waiting.isEmpty else { return }
      line.waiting.removeFirst().take(frame)
    }
    connection.onLost = { [weak self, weak line] in
      guard let self, let line else { return }
      if lines[nodeID] === line { lines[nodeID] = nil }
      let waiting = line.waiting
      line.waiting = []
      for (_, take) in waiting { take(nil) }
    }
    return line
  }

  private func frame(
    of request: some ProtocolRequest, version: Int16, _ correlationID: Int32
  ) -> [UInt8] {
    var writer = ProtocolWriter(capacity: 512)
    writer.appendRequest(
      request, version: version, correlationID: correlationID, clientID: "client-\(host)")
    // SAFETY: the array copies the writer's bytes.
    return unsafe writer.withUnsafeBytes { unsafe [UInt8]($0.dropFirst(4)) }
  }

  private static func decode<Request: ProtocolRequest>(
    _ frame: [UInt8], _: Request.Type, _ version: Int16, _ id: Int32
  ) throws(ProtocolError) -> Request.Response {
    var reader = ProtocolReader(frame.rawSpan)
    let header = try ResponseHeader(decoding: &reader, for: Request.supported, version: version)
    guard header.correlationID == id else {
      throw ProtocolError(
        .unexpectedCorrelationID(expected: id, received: header.correlationID), at: 0)
    }
    return try Request.Response(decoding: &reader, version: version)
  }
}
