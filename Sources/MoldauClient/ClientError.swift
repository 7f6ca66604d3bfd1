package import MoldauFormat
package import MoldauProtocol

/// Everything the client throws: which broker, what happened, what to do.
package struct ClientError: Error, Equatable, Sendable, CustomStringConvertible {
  // Indirect, so that an error is small to pass on; and as a large value that a typed `catch` throws
  // again it crashes the optimiser of Swift 6.3.1.
  package indirect enum Reason: Equatable, Sendable {
    /// The host's name has no address.
    case unresolvable(explanation: String)
    /// No address of the host took the connection; `errno` is that of the last.
    case unreachable(errno: Int32)
    /// The address that the broker at `source` tells its clients to use does not take connections.
    case advertisedUnreachable(source: Endpoint, explanation: String)
    /// Nothing came for `milliseconds` when the broker was `doing` something.
    case timedOut(doing: String, milliseconds: Int32)
    /// The broker closed the connection when it was `doing` something.
    case closed(doing: String)
    /// The system call `call` failed on the connection.
    case io(call: String, errno: Int32)
    /// An answer of `byteCount` bytes is above the client's bound.
    case answerTooLarge(byteCount: Int, limit: Int)
    /// The answer's bytes are not what the protocol says.
    case malformedAnswer(api: ApiKey, ProtocolError)
    /// The broker and the client know no version of the request in common.
    case unsupported(api: ApiKey, broker: ClosedRange<Int16>?)
    /// The broker refused `what`.
    case refused(what: String, ErrorCode, explanation: String?)
    /// The broker's answer does not say anything about `what`.
    case missing(what: String)
    /// The batch at `offset` that the broker sent is damaged.
    case damagedBatch(TopicPartition, FormatError)
  }

  package let endpoint: Endpoint
  package let reason: Reason

  package init(_ reason: Reason, at endpoint: Endpoint) {
    self.reason = reason
    self.endpoint = endpoint
  }

  package var description: String {
    switch reason {
    case .unresolvable(let explanation):
      "The host of \(endpoint) is not known: \(explanation). Check the name's spelling."
    case .unreachable(let errno):
      "No connection to \(endpoint): \(SystemSocket.explanation(of: errno)). "
        + "Is a broker running there?"
    case .advertisedUnreachable(let source, let explanation):
      "The broker at \(source) tells clients to connect to \(endpoint), which cannot be reached: "
        + "\(explanation). Correct the address that it advertises."
    case .timedOut(let doing, let milliseconds):
      "The broker at \(endpoint) was silent for \(milliseconds) ms when \(doing). "
        + "Check that it is a Kafka listener without TLS, and how busy it is."
    case .closed(let doing):
      "The broker at \(endpoint) closed the connection when \(doing). Its log says why; "
        + "a listener with TLS or SASL does so too."
    case .io(let call, let errno):
      "The connection to \(endpoint) failed in \(call): \(SystemSocket.explanation(of: errno)). "
        + "Connect again."
    case .answerTooLarge(let byteCount, let limit):
      "The broker at \(endpoint) announced an answer of \(byteCount) bytes; at most \(limit) are "
        + "taken. Fetch less at once, and check that it speaks Kafka's protocol."
    case .malformedAnswer(let api, let error):
      "The answer of \(endpoint) to \(api) is malformed: \(error)."
    case .unsupported(let api, let broker):
      "The broker at \(endpoint) and this client have no version of \(api) in common: it has "
        + "\(broker.map { "\($0.lowerBound) to \($0.upperBound)" } ?? "none"), "
        + "this has \(Self.own(api))."
    case .refused(let what, let code, let explanation):
      "The broker at \(endpoint) refused \(what): \(code)"
        + (explanation.map { " (\($0))." } ?? ".") + Self.advice(code)
    case .missing(let what):
      "The answer of \(endpoint) lacks \(what)."
    case .damagedBatch(let partition, let error):
      "A batch of \(partition) from \(endpoint) is damaged: \(error)."
    }
  }

  private static func own(_ api: ApiKey) -> String {
    SupportedApi.of(api).map { "\($0.versions.lowerBound) to \($0.versions.upperBound)" } ?? "none"
  }

  /// Returns what a person can do about the error, when that is known.
  private static func advice(_ code: ErrorCode) -> String {
    switch code {
    case .notLeaderOrFollower, .fencedLeaderEpoch, .unknownLeaderEpoch:
      " Another broker leads the partition: ask for the metadata again."
    case .unknownTopicOrPartition, .unknownTopicID:
      " Create the topic first, or check its name."
    case .offsetOutOfRange: " Ask for the earliest and latest offsets, and start between them."
    case .messageTooLarge, .recordListTooLarge: " Send smaller batches."
    default: code.isRetriable ? " It may succeed when tried again." : ""
    }
  }
}

extension ClientError {
  /// Whether the same may succeed a moment later, with fresh metadata and a fresh connection.
  package var isRetriable: Bool {
    switch reason {
    case .refused(_, let code, _): code.isRetriable
    case .closed, .io, .missing: true
    case .unreachable, .advertisedUnreachable, .unresolvable, .timedOut, .answerTooLarge,
      .malformedAnswer, .unsupported, .damagedBatch:
      false
    }
  }

  /// The code with which the broker refused, when it did.
  package var refusalCode: ErrorCode? {
    if case .refused(_, let code, _) = reason { code } else { nil }
  }
}

extension ClientError.Reason {
  /// Whether the connection is of no more use after it.
  var breaksConnection: Bool {
    switch self {
    case .unsupported, .refused, .missing, .damagedBatch: false
    case .unresolvable, .unreachable, .advertisedUnreachable, .timedOut, .closed, .io,
      .answerTooLarge, .malformedAnswer:
      true
    }
  }

  init(_ failure: SystemSocket.Failure, doing: String, _ timeoutMilliseconds: Int32) {
    self =
      switch failure {
      case .unresolvable(let explanation): .unresolvable(explanation: explanation)
      case .timedOut: .timedOut(doing: doing, milliseconds: timeoutMilliseconds)
      case .closed: .closed(doing: doing)
      case .system("connect", let errno): .unreachable(errno: errno)
      case .system(let call, let errno): .io(call: call, errno: errno)
      }
  }
}
