import Foundation
import MoldauClient
import Testing
import MoldauChildProcess

extension ProcessTests {
  @Suite(.serialized)
  struct ClientCommandTests {
    /// Runs a command of a client to its end.
    private func moldau(
      _ words: [String], at broker: Endpoint
    ) throws -> (ending: ChildProcess.Ending, output: String, errors: String) {
      let child = try ChildProcess(Machine.moldau, words + ["--broker", "\(broker)"])
      let output = child.readToEnd()
      return (child.wait(), output, child.errorText)
    }

    @Test("a file's lines come back, and a broker that is stopped is told apart from a healthy one")
    func copies() throws {
      try withFolder { folder in
        let lines = (0..<5_000).map { "line \($0)\n" }.joined()
        let file = "\(folder)/lines"
        try Data(lines.utf8).write(to: URL(filePath: file))
        let broker = try Broker(data: "\(folder)/data")
        let produced = try moldau(["produce", "log", "--file", file], at: broker.endpoint)
        #expect(produced.ending == .exited(0), "\(produced.errors)")
        #expect(produced.errors.hasPrefix("5000 records written to log"))
        let consumed = try moldau(["consume", "log", "--until-end"], at: broker.endpoint)
        #expect(consumed.ending == .exited(0), "\(consumed.errors)")
        #expect(consumed.output == lines)
        #expect(try moldau(["health"], at: broker.endpoint).ending == .exited(0))
        broker.process.signal(SIGTERM)
        #expect(broker.process.wait() == .exited(0))
        #expect(try moldau(["health"], at: broker.endpoint).ending == .exited(1))
        let missing = try moldau(["topics", "ls"], at: broker.endpoint)
        #expect(missing.ending == .exited(1))
        #expect(missing.errors.contains("Is a broker running there?"))
      }
    }

    @Test("SIGINT ends a member with 0, what it printed committed, its place in the group free")
    func interrupted() throws {
      try withFolder { folder in
        let file = "\(folder)/lines"
        try Data("a\nb\nc\n".utf8).write(to: URL(filePath: file))
        let broker = try Broker(
          data: "\(folder)/data", "--rebalance-delay", "0s")
        let produced = try moldau(["produce", "log", "--file", file], at: broker.endpoint)
        #expect(produced.ending == .exited(0), "\(produced.errors)")
        let member = try ChildProcess(
          Machine.moldau, ["consume", "log", "--group", "g", "--broker", "\(broker.endpoint)"])
        #expect([member.readLine(), member.readLine(), member.readLine()] == ["a", "b", "c"])
        member.signal(SIGINT)
        #expect(member.wait() == .exited(0), "\(member.errorText)")
        let described = try moldau(["groups", "describe", "g", "--json"], at: broker.endpoint)
        #expect(described.output.contains(#""state":"Empty""#), "\(described)")
        #expect(described.output.contains(#""committedOffset":3,"endOffset":3,"lag":0"#))
      }
    }
  }
}
