import Glibc

/// Tells systemd how the service is doing, where it has asked to be told (sd_notify(3)): one
/// datagram to the socket that `NOTIFY_SOCKET` names. Does nothing elsewhere.
enum ServiceManager {
  static func tell(_ state: String) {
    // SAFETY: the text is copied before anything else can change the environment.
    guard let path = unsafe getenv("NOTIFY_SOCKET").map({ unsafe String(cString: $0) }) else {
      return
    }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    var bytes = Array(path.utf8)
    guard !bytes.isEmpty, bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { return }
    // A name that begins with @ is one of the abstract namespace: its first byte is zero.
    if bytes[0] == UInt8(ascii: "@") { bytes[0] = 0 }
    // SAFETY: the bytes fit, as was checked.
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
    let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    let length = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count)
    let message = Array(state.utf8)
    // SAFETY: the call reads the message and the address within their sizes. That nobody listens is
    // not the broker's to mend.
    _ = unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        unsafe sendto(
          descriptor, message, message.count, Int32(MSG_NOSIGNAL), address, length)
      }
    }
  }
}
