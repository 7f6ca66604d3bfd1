package import MoldauProtocol

/// Why a request can have no answer: the connection is to be closed.
package enum RequestFailure: Error, Equatable, Sendable {
  /// The bytes are no request.
  case malformed(apiKey: Int16, version: Int16, ProtocolError)
  /// The request, or its version, is not one that this build serves.
  case unsupported(apiKey: Int16, version: Int16)
  /// A produce request that wants no answer failed: closing is the only way to tell (as Kafka does).
  case refusedUnanswered(ErrorCode)
}

extension RequestFailure {
  /// What the metrics count it as.
  package var code: ErrorCode {
    switch self {
    case .malformed: .invalidRequest
    case .unsupported: .unsupportedVersion
    case .refusedUnanswered(let code): code
    }
  }
}

extension RequestFailure: CustomStringConvertible {
  package var description: String {
    switch self {
    case .malformed(let key, let version, let error):
      "malformed request (\(Self.name(key)) version \(version)): \(error)"
    case .unsupported(let key, let version):
      "\(Self.name(key)) version \(version) is not served"
    case .refusedUnanswered(let code):
      "a produce request without acknowledgement was refused: \(code)"
    }
  }

  private static func name(_ key: Int16) -> String {
    ApiKey(rawValue: key).map { "\($0)" } ?? "API \(key)"
  }
}
