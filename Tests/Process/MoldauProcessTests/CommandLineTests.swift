import Foundation
import Testing
import MoldauChildProcess

extension ProcessTests {
  struct CommandLineTests {
    @Test(
      "a wrong command line ends with 64 and says what is wrong",
      arguments: [
        (["nonsense"], "nonsense"),
        (["inspect"], "path"),
        (["inspect", "--no-such-flag", "."], "no-such-flag"),
        (["verify"], "dir"),
        (["serve", "--kafka", "127.0.0.1:0"], "--data"),
        (["serve", "--data", "x", "--retention", "7"], "--retention"),
        (["serve", "--data", "x", "--config", "no-such-file.yaml"], "no-such-file.yaml"),
        (["config", "show", "--flush", "never"], "--flush"),
        (["serve", "--data", "x", "--kafka", "nowhere"], "HOST:PORT"),
        (["serve", "--data", "x", "--kafka", "127.0.0.1:99999"], "HOST:PORT"),
        (["serve", "--data", "x", "--kafka", "127.0.0.1:0", "--partitions", "0"], "--partitions"),
        (["bench", "store", "--only", "no-such-row"], "no-such-row"),
        (["demo", "--lines", "0"], "--lines"),
        (["topics", "create"], "topics"),
        (["topics", "ls", "--broker", "nowhere"], "--broker"),
        (["topics", "ls", "--timeout", "soon"], "duration"),
        (["topics", "alter", "t"], "--config"),
        (["topics", "create", "t", "--config", "retention"], "NAME=VALUE"),
        (["produce", "t", "--acks", "2"], "acks"),
        (["produce", "t", "--acks", "1", "--idempotence"], "--acks all"),
        (["produce", "t", "--key-separator", ""], "empty"),
        (["consume", "t", "--from", "somewhere"], "position"),
        (["consume", "t", "--to", "1", "--until-end"], "--until-end"),
        (["consume", "t", "--group", "g", "--partition", "0"], "--partition"),
        (["consume", "t", "--format", "{valeu}"], "{value}"),
        (["groups", "seek", "g"], "--to"),
        (["health", "--wait", "10"], "duration"),
        (["completions", "tcsh"], "shell"),
      ])
    func usage(arguments: [String], fragment: String) throws {
      let child = try ChildProcess(Machine.moldau, arguments)
      _ = child.readToEnd()
      #expect(child.wait() == .exited(64), "\(arguments)")
      #expect(child.errorText.contains(fragment), "\(child.errorText)")
    }

    @Test("what cannot be opened ends with 1 and says why")
    func failures() throws {
      try withFolder { folder in
        let file = "\(folder)/notes.txt"
        try Data("hello".utf8).write(to: URL(filePath: file))
        let table: [([String], String)] = [
          (["inspect", "\(folder)/missing"], "there is no"),
          (["inspect", folder], "is no data directory"),
          (["inspect", file], "is no data directory"),
          (["verify", "\(folder)/missing"], "there is no"),
          (["verify", file], "is no data directory"),
          (["verify", folder, "--repair"], "is no data directory"),
          (["serve", "--data", file, "--kafka", "127.0.0.1:0"], file),
        ]
        for (arguments, fragment) in table {
          let child = try ChildProcess(Machine.moldau, arguments)
          _ = child.readToEnd()
          #expect(child.wait() == .exited(1), "\(arguments)")
          #expect(child.errorText.contains(fragment), "\(child.errorText)")
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["notes.txt"])
      }
    }

    @Test(
      "help and version end with 0", arguments: [["--version"], ["--help"], ["inspect", "--help"]])
    func help(arguments: [String]) throws {
      let child = try ChildProcess(Machine.moldau, arguments)
      #expect(!child.readToEnd().isEmpty)
      #expect(child.wait() == .exited(0))
    }
  }
}
