/// Where a server is reached: a name or an address, and a TCP port.
public struct HostAndPort: Hashable, Sendable {
  /// A name, an IPv4 address, or an IPv6 address without brackets.
  public var host: String
  /// 0 stands for any that is free.
  public var port: Int

  /// The address of this host and port.
  public init(host: String, port: Int) {
    self.host = host
    self.port = port
  }

  /// Reads `HOST:PORT` or `[IPv6]:PORT`; nil when the text is neither.
  public init?(_ text: String) {
    guard let colon = text.lastIndex(of: ":"),
      let port = UInt16(text[text.index(after: colon)...])
    else { return nil }
    var host = text[..<colon]
    let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
    if isBracketed { host = host.dropFirst().dropLast() }
    guard !host.isEmpty, isBracketed || !host.contains(":") else { return nil }
    self.init(host: String(host), port: Int(port))
  }
}

extension HostAndPort: CustomStringConvertible {
  public var description: String {
    host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
  }
}
