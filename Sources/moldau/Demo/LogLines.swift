/// Log lines as a small web service writes them in a day: requests, and what the system says.
///
/// The same seed gives the same lines. They lie one behind the other in memory.
struct LogLines: Sendable {
  private(set) var bytes: [UInt8] = []
  /// Where each line ends.
  private var ends: [Int] = []

  private static let secondsPerDay = 86_400

  init(count: Int, seed: UInt64 = 20_260_302) {
    bytes.reserveCapacity(count * 160)
    ends.reserveCapacity(count)
    var random = SplitMix64(state: seed)
    for number in 0..<count {
      let second = number * Self.secondsPerDay / max(count, 1)
      let line =
        random.below(8) == 0 ? systemLine(second, &random) : requestLine(second, &random)
      bytes += line.utf8
      ends.append(bytes.count)
    }
  }

  var count: Int { ends.count }

  /// The bytes of line `index`, without a line break.
  func range(of index: Int) -> Range<Int> {
    (index == 0 ? 0 : ends[index - 1])..<ends[index]
  }

  // MARK: Lines

  private func requestLine(_ second: Int, _ random: inout SplitMix64) -> String {
    let address =
      "\(random.below(4) == 0 ? 10 : 185).\(random.below(32)).\(random.below(256)).\(random.below(256))"
    let status = random.pick(Self.statuses)
    let size = status == 304 ? 0 : 180 + random.below(48_000)
    let milliseconds = 1 + random.below(random.below(20) == 0 ? 900 : 60)
    return """
      \(address) - - [02/Mar/2026:\(time(second)) +0000] \
      "\(random.pick(Self.requests)) HTTP/1.1" \(status) \(size) \
      "\(random.pick(Self.referrers))" "\(random.pick(Self.agents))" rt=0.\(padded(milliseconds, 3))
      """
  }

  private func systemLine(_ second: Int, _ random: inout SplitMix64) -> String {
    let host = "web-\(1 + random.below(4))"
    let pid = 600 + random.below(30_000)
    let message =
      switch random.below(4) {
      case 0:
        "sshd[\(pid)]: Accepted publickey for deploy from 10.0.\(random.below(8)).\(random.below(256))"
          + " port \(1_024 + random.below(60_000)) ssh2"
      case 1:
        "nginx[\(pid)]: upstream timed out (110: Connection timed out) while reading response header"
          + " from upstream, request: \"\(random.pick(Self.requests)) HTTP/1.1\""
      case 2:
        "kernel: [\(100_000 + second).\(padded(random.below(1_000_000), 6))] TCP: request_sock_TCP:"
          + " Possible SYN flooding on port 443. Sending cookies."
      default:
        "orders[\(pid)]: level=info msg=\"order placed\" id=o-\(random.below(1_000_000))"
          + " items=\(1 + random.below(9)) total=\(5 + random.below(400)).\(padded(random.below(100), 2))"
      }
    return "Mar  2 \(time(second)) \(host) \(message)"
  }

  private func time(_ second: Int) -> String {
    "\(padded(second / 3600, 2)):\(padded(second / 60 % 60, 2)):\(padded(second % 60, 2))"
  }

  private func padded(_ value: Int, _ width: Int) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }

  private static let statuses = [200, 200, 200, 200, 200, 200, 201, 204, 301, 304, 304, 404, 500]

  private static let requests = [
    "GET /", "GET /index.html", "GET /api/v2/orders?page=1", "POST /api/v2/orders",
    "GET /api/v2/products/8817", "GET /api/v2/products?category=books&sort=price",
    "GET /static/app.3f9c2b.js", "GET /static/main.8d1e07.css", "GET /images/banner-spring.webp",
    "PUT /api/v2/carts/current", "GET /healthz", "GET /favicon.ico", "GET /search?q=river+maps",
  ]

  private static let referrers = [
    "-", "-", "https://shop.example/", "https://shop.example/products/8817",
    "https://www.example.org/search?q=moldau",
  ]

  private static let agents = [
    "Mozilla/5.0 (X11; Linux x86_64; rv:135.0) Gecko/20100101 Firefox/135.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_3 like Mac OS X) AppleWebKit/605.1.15", "curl/8.12.1",
    "ShopApp/5.2.0 (Android 15)", "kube-probe/1.32",
  ]
}

/// Sebastiano Vigna's SplitMix64: fast, and the same everywhere.
struct SplitMix64 {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// A number from 0 up to and without `bound`.
  mutating func below(_ bound: Int) -> Int {
    Int(next() % UInt64(bound))
  }

  mutating func pick<Value>(_ values: [Value]) -> Value {
    values[below(values.count)]
  }
}
