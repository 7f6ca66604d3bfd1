@testable import MoldauServer

/// What came back on an HTTP connection of the admin address.
struct WebAnswer {
  var status: Int
  var headers: [String: String]
  var body: String

  /// Sends one request and reads to the end of the connection.
  static func get(
    _ path: String, from port: UInt16, method: String = "GET"
  ) throws -> WebAnswer {
    try send("\(method) \(path) HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", to: port)
  }

  /// Sends any text and reads to the end of the connection.
  static func send(_ text: String, to port: UInt16) throws -> WebAnswer {
    let client = try RawClient(port: port)
    try client.send(Array(text.utf8))
    return WebAnswer(String(decoding: client.receiveToEnd(), as: UTF8.self))
  }

  init(_ text: String) {
    var lines = text.split(separator: "\r\n", omittingEmptySubsequences: false)[...]
    status = lines.popFirst().flatMap { Int($0.split(separator: " ").dropFirst().first ?? "") } ?? 0
    headers = [:]
    while let line = lines.popFirst(), !line.isEmpty {
      let parts = line.split(separator: ":", maxSplits: 1)
      headers[parts[0].lowercased()] = String(parts[1].drop { $0 == " " })
    }
    body = lines.joined(separator: "\r\n")
  }

  /// The value of one series of a metrics page.
  func sample(_ series: String) -> Double? {
    let line = body.split(separator: "\n").first { $0.hasPrefix(series + " ") }
    return line.flatMap { Double($0.split(separator: " ").last ?? "") }
  }
}

extension TestServer {
  /// The port of the admin address, which `configure` has asked for.
  var adminPort: UInt16 { UInt16(server.adminAddress?.port ?? 0) }

  static func withAdmin(_ configuration: inout ServerConfiguration) {
    configuration.admin = .init(
      address: HostAndPort(host: "127.0.0.1", port: 0), metrics: PrometheusMetrics())
  }
}
