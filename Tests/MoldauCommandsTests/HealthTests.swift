import MoldauClient
import Testing

@testable import MoldauCommands

struct HealthTests {
  private func check(_ broker: TestBroker, _ addresses: [Endpoint]) throws -> (Bool, [String]) {
    let output = CapturedOutput()
    var options = KafkaConnection.Options()
    options.connectTimeoutMilliseconds = 2_000
    let check = HealthCheck(
      broker.context(output, json: true), addresses: addresses, options)
    return (try check.run(waitMilliseconds: 0), output.lines)
  }

  @Test("a broker that answers is well, also when another address does not answer")
  func well() async throws {
    try await TestBroker.run(partitionCount: 3) { broker in
      _ = try broker.produce(["x"], to: "log")
      // Nobody listens on port 1 of the loopback.
      let nobody = Endpoint(host: "127.0.0.1", port: 1)
      for addresses in [[broker.endpoint], [nobody, broker.endpoint]] {
        let (isWell, lines) = try check(broker, addresses)
        #expect(isWell)
        #expect(lines.count == 2)
        #expect(lines[0].contains(#""brokerCount":1"#))
        #expect(lines[0].contains(#""partitionCount":3"#))
        #expect(lines[1].contains(#""isReachable":true"#))
      }
    }
  }

  @Test("nobody there is a problem, in words")
  func absent() async throws {
    try await TestBroker.run { broker in
      let (isWell, lines) = try check(broker, [Endpoint(host: "127.0.0.1", port: 1)])
      #expect(!isWell)
      #expect(lines.count == 1)
      #expect(lines[0].hasPrefix(#"{"type":"problem","path":"127.0.0.1:1""#))
      #expect(lines[0].contains("Connection refused"))
    }
  }
}
