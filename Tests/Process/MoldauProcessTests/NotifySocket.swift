import Glibc

/// The socket on which systemd hears of its services.
final class NotifySocket {
  struct Failure: Error {
    let call: String
    let errno: Int32
  }

  private let descriptor: Int32

  init(at path: String) throws {
    descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
    guard descriptor >= 0 else { throw Failure(call: "socket", errno: errno) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
      throw Failure(call: "bind", errno: ENAMETOOLONG)
    }
    // SAFETY: the bytes fit, and the call sees the address as what it is, within the closure.
    let status = unsafe withUnsafeMutablePointer(to: &address) { pointer in
      unsafe withUnsafeMutableBytes(of: &pointer.pointee.sun_path) {
        unsafe $0.copyBytes(from: bytes)
      }
      return unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard status == 0 else { throw Failure(call: "bind", errno: errno) }
  }

  deinit { close(descriptor) }

  /// The next message.
  func receive() -> String {
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: 4_096) { buffer, count in
      // SAFETY: recv fills the buffer within its count.
      count = max(0, unsafe recv(descriptor, buffer.baseAddress, buffer.count, 0))
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
