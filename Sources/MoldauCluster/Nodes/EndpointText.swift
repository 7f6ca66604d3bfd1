/// Endpoints as Kafka writes them: `NAME://HOST:PORT`, an IPv6 address in brackets.
extension BrokerRegistration.Endpoint {
  package var text: String {
    let host = host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host
    return "\(name)://\(host):\(port)"
  }

  /// nil when `text` is not an endpoint.
  package init?(text: String) {
    guard let name = text.firstRange(of: "://"), let colon = text.lastIndex(of: ":"),
      name.upperBound < colon,
      let port = UInt16(text[text.index(after: colon)...]), port > 0
    else { return nil }
    var host = text[name.upperBound..<colon]
    if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
    guard !host.isEmpty else { return nil }
    self.init(name: String(text[..<name.lowerBound]), host: String(host), port: Int32(port))
  }
}
