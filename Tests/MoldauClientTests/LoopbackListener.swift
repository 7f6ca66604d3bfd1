import Foundation

/// The sockets under `ScriptedBroker`: one connection, frame by frame.
final class LoopbackListener: Sendable {
  struct Failure: Error {
    let call: String
    let errno: Int32
  }

  private let descriptor: Int32
  let port: UInt16

  /// - Parameter isListening: false leaves the port taken, with nobody there.
  init(isListening: Bool = true) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { throw Failure(call: "socket", errno: errno) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let size = socklen_t(MemoryLayout<sockaddr_in>.size)
    // SAFETY: both calls see the address as what it is, within the closure.
    let descriptor = descriptor
    let status = unsafe withUnsafeMutablePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        var length = size
        guard unsafe bind(descriptor, address, size) == 0 else { return Int32(-1) }
        return unsafe getsockname(descriptor, address, &length)
      }
    }
    guard status == 0, !isListening || listen(descriptor, 8) == 0 else {
      throw Failure(call: "bind", errno: errno)
    }
    port = UInt16(bigEndian: address.sin_port)
  }

  deinit { _ = close(descriptor) }

  /// Accepts one connection, and answers each frame until the other end closes or the script does.
  func serve(_ script: ([UInt8]) throws -> ScriptedBroker.Reply) {
    let connection = accept(descriptor, nil, nil)
    guard connection >= 0 else { return }
    defer { _ = close(connection) }
    while let size = receive(4, from: connection) {
      let byteCount = size.reduce(0) { $0 << 8 | Int($1) }
      guard let frame = receive(byteCount, from: connection) else { return }
      do {
        switch try script(frame) {
        case .send(let bytes): send(bytes, to: connection)
        case .nothing: continue
        case .close: return
        }
      } catch {
        return
      }
    }
  }

  private func receive(_ byteCount: Int, from connection: Int32) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: byteCount)
    var start = 0
    while start < byteCount {
      // SAFETY: the call writes at most the rest of the array.
      let count = unsafe bytes.withUnsafeMutableBytes { buffer in
        unsafe recv(connection, buffer.baseAddress?.advanced(by: start), byteCount - start, 0)
      }
      guard count > 0 else { return nil }
      start += count
    }
    return bytes
  }

  private func send(_ bytes: [UInt8], to connection: Int32) {
    var start = 0
    while start < bytes.count {
      // SAFETY: the call reads at most the rest of the array.
      let count = unsafe bytes.withUnsafeBytes { buffer in
        unsafe Glibc.send(
          connection, buffer.baseAddress?.advanced(by: start), bytes.count - start,
          Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return }
      start += count
    }
  }
}
