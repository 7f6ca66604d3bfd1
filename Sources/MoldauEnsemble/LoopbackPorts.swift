import Glibc

/// Ports of 127.0.0.1 that nobody listens on.
///
/// Below the range from which the system takes ports for outgoing connections, so that a server that
/// was stopped finds its port free when it is started again.
package enum LoopbackPorts {
  private static let range: ClosedRange<UInt16> = 12_000...31_999

  /// Finds `count` ports, all different.
  package static func free(
    _ count: Int, using generator: inout some RandomNumberGenerator
  ) throws(EnsembleError) -> [UInt16] {
    var ports: Set<UInt16> = []
    for _ in 0..<Limits.maxPortTries where ports.count < count {
      let port = UInt16.random(in: range, using: &generator)
      if isFree(port) { ports.insert(port) }
    }
    guard ports.count == count else { throw .call("bind", errno: EADDRINUSE) }
    return ports.sorted()
  }

  private static func isFree(_ port: UInt16) -> Bool {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | 0o2000000, 0)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    // SAFETY: the address outlives the call, which reads as much of it as it is told.
    return unsafe withUnsafeBytes(of: &address) { bytes in
      guard let start = bytes.baseAddress else { return false }
      return unsafe bind(
        descriptor, start.assumingMemoryBound(to: sockaddr.self), socklen_t(bytes.count)) == 0
    }
  }
}
