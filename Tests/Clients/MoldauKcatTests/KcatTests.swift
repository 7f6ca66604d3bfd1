import Foundation
import MoldauLog
import MoldauServer
import Testing

@Suite(.enabled(if: Kcat.isThere, "kcat is not installed (apt-get install kcat)"))
struct KcatTests {
  /// Runs `body` with the address of a broker, on a thread that may block.
  private static func withBroker(
    partitions: Int = 1, _ body: @escaping @Sendable (String) throws -> Void
  ) async throws {
    let store = try await LogStore.inMemory()
    var configuration = ServerConfiguration(
      listeners: [.init(address: HostAndPort(host: "127.0.0.1", port: 0))])
    configuration.broker.newTopics.partitionCount = partitions
    let server = try await BrokerServer.start(store: store, configuration)
    let address = "\(server.addresses[0])"
    let result: Result<Void, any Error> = await withCheckedContinuation { continuation in
      Thread.detachNewThread {
        continuation.resume(returning: Result { try body(address) })
      }
    }
    await server.stop()
    try await store.close()
    try result.get()
  }

  private static func lines(_ count: Int) -> String {
    (0..<count).map { "line \($0) of a log that is long enough to compress well\n" }.joined()
  }

  @Test(
    "what kcat writes with a codec, kcat reads",
    arguments: ["none", "gzip", "snappy", "lz4", "zstd"])
  func codecs(codec: String) async throws {
    let lines = Self.lines(2_000)
    try await Self.withBroker { address in
      _ = try Kcat.run(["-b", address, "-t", "log", "-P", "-z", codec], input: lines)
      let read = try Kcat.run(["-b", address, "-t", "log", "-C", "-e", "-q"])
      #expect(read == lines)
    }
  }

  @Test("acknowledgements of every kind", arguments: ["0", "1", "all"])
  func acknowledgements(acks: String) async throws {
    let lines = Self.lines(500)
    try await Self.withBroker { address in
      _ = try Kcat.run(["-b", address, "-t", "log", "-P", "-X", "acks=\(acks)"], input: lines)
      // Without an acknowledgement nothing says when the last line has come: read until it has.
      let read = try Kcat.run(["-b", address, "-t", "log", "-C", "-c", "500", "-q"])
      #expect(read == lines)
    }
  }

  @Test("keys, headers, null values and offsets come back")
  func records() async throws {
    try await Self.withBroker { address in
      _ = try Kcat.run(
        ["-b", address, "-t", "log", "-P", "-K:", "-Z", "-H", "trace=abc", "-H", "empty="],
        input: "k1:v1\nk2:\n:v3\n")
      let read = try Kcat.run(
        ["-b", address, "-t", "log", "-C", "-e", "-q", "-f", "%o %k %S %s [%h]\n"])
      #expect(
        read == """
          0 k1 2 v1 [trace=abc,empty=]
          1 k2 -1  [trace=abc,empty=]
          2  2 v3 [trace=abc,empty=]

          """)
    }
  }

  @Test("reading begins where it is told to")
  func offsets() async throws {
    try await Self.withBroker { address in
      _ = try Kcat.run(["-b", address, "-t", "log", "-P"], input: "a\nb\nc\nd\n")
      for (offset, expected) in [
        ("beginning", "a\nb\nc\nd\n"), ("2", "c\nd\n"), ("-1", "d\n"), ("end", ""),
      ] {
        let read = try Kcat.run(["-b", address, "-t", "log", "-C", "-e", "-q", "-o", offset])
        #expect(read == expected, "from \(offset)")
      }
    }
  }

  @Test("a time is asked for by its offset")
  func times() async throws {
    try await Self.withBroker { address in
      _ = try Kcat.run(["-b", address, "-t", "log", "-P"], input: "a\n")
      let first = try Kcat.run(["-b", address, "-Q", "-t", "log:0:0"])
      #expect(first.contains("offset 0"))
      let none = try Kcat.run(["-b", address, "-Q", "-t", "log:0:32503680000000"])
      #expect(none.contains("offset -1") || none.contains("offset 1"))
    }
  }

  @Test("several partitions, and a list of them")
  func partitions() async throws {
    try await Self.withBroker(partitions: 4) { address in
      for partition in 0..<4 {
        _ = try Kcat.run(
          ["-b", address, "-t", "log", "-P", "-p", "\(partition)"], input: "in \(partition)\n")
      }
      let list = try Kcat.run(["-b", address, "-L", "-t", "log"])
      #expect(list.contains("topic \"log\" with 4 partitions"))
      let read = try Kcat.run(["-b", address, "-t", "log", "-C", "-e", "-q"])
      let lines = Set(read.split(separator: "\n"))
      #expect(lines == ["in 0", "in 1", "in 2", "in 3"])
    }
  }

  @Test("records close to the limit of a batch")
  func large() async throws {
    let value = String(repeating: "0123456789", count: 95_000)
    try await Self.withBroker { address in
      for _ in 0..<3 {
        _ = try Kcat.run(["-b", address, "-t", "log", "-P", "-D", "|"], input: value)
      }
      let read = try Kcat.run(["-b", address, "-t", "log", "-C", "-e", "-q", "-D", "|"])
      #expect(read == String(repeating: value + "|", count: 3))
    }
  }
}
