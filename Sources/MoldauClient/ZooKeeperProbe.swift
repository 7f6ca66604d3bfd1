/// Asks a ZooKeeper server how it is, by its four-letter word `srvr`.
package enum ZooKeeperProbe {
  /// What a server says.
  package enum Finding: Equatable, Sendable {
    /// It is one of a majority, or alone: `leader`, `follower`, `standalone`.
    case serves(mode: String)
    /// It answers and serves nobody, since there is no majority, or keeps the answer to itself.
    case refuses(explanation: String)
    case unreachable(explanation: String)
  }

  /// Blocks for at most some `timeoutMilliseconds`.
  package static func ask(_ endpoint: Endpoint, timeoutMilliseconds: Int32) -> Finding {
    do throws(SystemSocket.Failure) {
      let socket = try SystemSocket(
        host: endpoint.host, port: endpoint.port, timeoutMilliseconds: timeoutMilliseconds)
      socket.setTimeout(milliseconds: timeoutMilliseconds)
      let question = Array("srvr".utf8)
      // SAFETY: bytes have no padding between them.
      try unsafe socket.send(question.span.bytes, isMoreToCome: false)
      return finding(in: try readAll(socket))
    } catch {
      return .unreachable(explanation: explanation(of: error))
    }
  }

  private static func readAll(_ socket: borrowing SystemSocket) throws(SystemSocket.Failure)
    -> String
  {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 4_096, alignment: 1)
    defer { unsafe buffer.deallocate() }
    var text: [UInt8] = []
    while text.count < 65_536 {
      let count = try unsafe socket.receive(into: buffer)
      if count == 0 { break }
      // SAFETY: the call has written `count` bytes to the buffer.
      unsafe text.append(contentsOf: buffer[..<count])
    }
    return String(decoding: text, as: UTF8.self)
  }

  static func finding(in answer: String) -> Finding {
    let mode = "Mode: "
    if let line = answer.split(separator: "\n").first(where: { $0.hasPrefix(mode) }) {
      return .serves(mode: String(line.dropFirst(mode.count)))
    }
    let first = answer.split(separator: "\n").first.map(String.init)
    return .refuses(explanation: first ?? "it closes the connection")
  }

  private static func explanation(of failure: SystemSocket.Failure) -> String {
    switch failure {
    case .unresolvable(let explanation): explanation
    case .timedOut: "nothing answers"
    case .closed: "it closes the connection"
    case .system(_, let errno): SystemSocket.explanation(of: errno)
    }
  }
}
