import Foundation
import MoldauFormat
import MoldauProtocol

/// A connection on which a test says any bytes, and any version of a request.
final class RawClient {
  struct Failure: Error {
    let call: String
    let errno: Int32
  }

  private let descriptor: Int32

  init(port: UInt16) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { throw Failure(call: "socket", errno: errno) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    // SAFETY: the call sees the address as what it is, within the closure.
    let status = unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard status == 0 else { throw Failure(call: "connect", errno: errno) }
  }

  deinit { _ = close(descriptor) }

  // MARK: Bytes

  func send(_ bytes: [UInt8]) throws {
    var start = 0
    while start < bytes.count {
      // SAFETY: the call reads at most the rest of the array.
      let count = unsafe bytes.withUnsafeBytes { buffer in
        unsafe Glibc.send(
          descriptor, buffer.baseAddress?.advanced(by: start), bytes.count - start,
          Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { throw Failure(call: "send", errno: errno) }
      start += count
    }
  }

  /// Returns the next frame, its size taken off; nil when the broker has closed the connection.
  func receive() -> [UInt8]? {
    guard let size = receive(4) else { return nil }
    return receive(size.reduce(0) { $0 << 8 | Int($1) })
  }

  /// Returns everything up to the end of the connection.
  func receiveToEnd() -> [UInt8] {
    var bytes: [UInt8] = []
    while let byte = receive(1) { bytes += byte }
    return bytes
  }

  /// Returns the next bytes; nil when the connection ends before.
  func receive(_ byteCount: Int) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: byteCount)
    var start = 0
    while start < byteCount {
      // SAFETY: the call writes at most the rest of the array.
      let count = unsafe bytes.withUnsafeMutableBytes { buffer in
        unsafe recv(descriptor, buffer.baseAddress?.advanced(by: start), byteCount - start, 0)
      }
      guard count > 0 else { return nil }
      start += count
    }
    return bytes
  }

  // MARK: Messages

  static func frame(
    _ request: some ProtocolRequest, version: Int16, correlationID: Int32 = 1
  ) -> [UInt8] {
    var writer = ProtocolWriter()
    writer.appendRequest(
      request, version: version, correlationID: correlationID, clientID: "test")
    return writer.bytes.array
  }

  func send(
    _ request: some ProtocolRequest, version: Int16, correlationID: Int32 = 1
  ) throws {
    try send(Self.frame(request, version: version, correlationID: correlationID))
  }

  /// An answer, and the frame in which its records lie.
  struct Answer<Response: ProtocolResponse> {
    let correlationID: Int32
    let response: Response
    let frame: [UInt8]
  }

  struct Closed: Error {}

  /// Receives the answer to a request of this type and version; it must hold nothing more.
  func receive<Request: ProtocolRequest>(
    answerTo _: Request.Type, version: Int16
  ) throws -> Answer<Request.Response> {
    guard let frame = receive() else { throw Closed() }
    var reader = ProtocolReader(frame.span)
    let header = try ResponseHeader(
      decoding: &reader, for: Request.supported, version: version)
    let response = try Request.Response(decoding: &reader, version: version)
    try reader.expectEnd()
    return Answer(correlationID: header.correlationID, response: response, frame: frame)
  }

  /// Sends a request and receives its answer; again while the broker says that it is still loading
  /// the group, as all clients do.
  func call<Request: ProtocolRequest>(
    _ request: Request, version: Int16
  ) throws -> Request.Response {
    for _ in 1..<Self.mostAttempts {
      try send(request, version: version)
      let response = try receive(answerTo: Request.self, version: version).response
      if !Self.isLoading(response, to: Request.self, version) { return response }
    }
    try send(request, version: version)
    return try receive(answerTo: Request.self, version: version).response
  }

  /// The broker waits a while itself before it says so.
  private static let mostAttempts = 60

  private static func isLoading<Request: ProtocolRequest>(
    _ response: Request.Response, to _: Request.Type, _ version: Int16
  ) -> Bool {
    // Records that were read cannot be written; groups have none.
    guard Request.apiKey != .fetch else { return false }
    var writer = ProtocolWriter()
    writer.appendResponse(response, version: version, correlationID: 0)
    return writer.firstError == .coordinatorLoadInProgress
  }
}
