import Foundation
import MoldauProtocol
import Synchronization

@testable import MoldauClient

/// A listener on the loopback interface that answers one connection as a script says.
///
/// Runs on a thread of its own until the client closes; everything it received is kept.
final class ScriptedBroker: Sendable {
  /// A request as it came.
  struct Received: Sendable {
    let header: RequestHeader
    /// Header and message.
    let frame: [UInt8]
    /// Where the message starts in `frame`.
    let messageStart: Int
  }

  /// What the broker does next.
  enum Reply: Sendable {
    /// Sends these bytes: a whole frame, or whatever the test needs.
    case send([UInt8])
    case nothing
    case close
  }

  let endpoint: Endpoint
  private let received = Mutex<[Received]>([])

  init(_ script: @escaping @Sendable (Received) throws -> Reply) throws {
    let listener = try LoopbackListener()
    endpoint = Endpoint(host: "127.0.0.1", port: listener.port)
    Thread.detachNewThread { [weak self] in
      listener.serve { frame in
        let request = try Self.parse(frame)
        self?.received.withLock { $0.append(request) }
        return try script(request)
      }
    }
  }

  var requests: [Received] { received.withLock { $0 } }

  private static func parse(_ frame: [UInt8]) throws -> Received {
    var reader = ProtocolReader(frame.span)
    let header = try RequestHeader(decoding: &reader)
    return Received(header: header, frame: frame, messageStart: reader.position)
  }
}

extension ScriptedBroker.Received {
  func decode<Request: ProtocolRequest>(_: Request.Type) throws -> Request {
    var reader = ProtocolReader(frame.span.extracting(droppingFirst: messageStart))
    return try Request(decoding: &reader, version: header.version)
  }

  /// Returns the whole frame that answers this request.
  func answer(_ response: some ProtocolResponse, version: Int16? = nil) -> ScriptedBroker.Reply {
    var writer = ProtocolWriter()
    writer.appendResponse(
      response, version: version ?? header.version, correlationID: header.correlationID)
    return .send(unsafe writer.withUnsafeBytes { unsafe Array($0) })
  }
}

extension ApiVersionsResponse {
  /// Lists everything that the protocol module knows, `limits` overriding the highest versions.
  static func listing(_ limits: [ApiKey: Int16] = [:]) -> ApiVersionsResponse {
    var response = listingSupported()
    for index in response.apis.indices {
      guard let key = ApiKey(rawValue: response.apis[index].key), let limit = limits[key]
      else { continue }
      response.apis[index].maximumVersion = limit
    }
    return response
  }
}
