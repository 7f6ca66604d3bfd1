import Foundation
import MoldauClient
import MoldauProtocol
import MoldauSettings
import Testing
import MoldauChildProcess

extension ProcessTests {
  /// `moldau serve` and `moldau config`, as flags, variables and the settings file have them.
  @Suite(.serialized)
  struct ServeSettingsTests {
    /// The objects of JSON lines.
    private func objects(_ text: String) throws -> [[String: Any]] {
      try text.split(separator: "\n").map { line in
        try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      }
    }

    /// Starts a broker with `--json`; returns it with what it has said.
    private func start(
      _ arguments: [String], variables: [String: String] = [:]
    ) throws -> (process: ChildProcess, said: [String: Any]) {
      let process = try ChildProcess(
        Machine.moldau, ["serve", "--json"] + arguments, variables: variables)
      let line = try #require(process.readLine(), "\(process.errorText)")
      return (process, try #require(try objects(line).first))
    }

    private func stop(_ process: ChildProcess) {
      process.signal(SIGTERM)
      #expect(process.wait() == .exited(0), "\(process.errorText)")
    }

    @Test("each setting has its flag")
    func flags() throws {
      var arguments: [String] = []
      for setting in Setting.all {
        switch setting.kind {
        case .boolean: arguments.append(setting.flag)
        case .directory: arguments += [setting.flag, "somewhere"]
        case .integer(let range): arguments += [setting.flag, "\(range.lowerBound + 1)"]
        case .size: arguments += [setting.flag, "200MiB"]
        case .duration: arguments += [setting.flag, "60s"]
        case .choice(let words): arguments += [setting.flag, words[0]]
        case .address, .addresses: arguments += [setting.flag, "127.0.0.1:7777"]
        case .coordination: arguments += [setting.flag, "zk://127.0.0.1:2181/moldau"]
        }
      }
      // What does not go up to 200 MiB.
      for (flag, value) in [("--max-batch-size", "2MiB"), ("--max-offset-note", "1KiB")] {
        if let place = arguments.firstIndex(of: flag) { arguments[place + 1] = value }
      }
      let shown = try ChildProcess(Machine.moldau, ["config", "show", "--json"] + arguments)
      let lines = try objects(shown.readToEnd())
      #expect(shown.wait() == .exited(0), "\(shown.errorText)")
      let origins = lines.map { "\($0["name"] ?? "") \($0["origin"] ?? "")" }
      #expect(origins == Setting.all.map { "\($0.name) \($0.flag)" })
    }

    @Test("the file, variables and flags go together")
    func sources() throws {
      try withFolder { folder in
        let file = "\(folder)/moldau.yaml"
        try Data("data: \(folder)/a/b/c\npartitions: 2\nkafka: [127.0.0.1:0]\n".utf8)
          .write(to: URL(filePath: file))
        let (process, said) = try start(
          ["--node-id", "7", "--dev"],
          variables: ["MOLDAU_CONFIG": file, "MOLDAU_PARTITIONS": "3"])
        #expect(said["data"] as? String == "\(folder)/a/b/c")
        #expect(said["nodeID"] as? Int == 7)
        #expect(said["isDevelopment"] as? Bool == true)
        #expect(said["flush"] as? String == "group-commit")
        #expect(said["admin"] is NSNull)
        let address = try #require((said["kafka"] as? [String])?.first)
        let client = try KafkaConnection(to: try #require(Endpoint(address)))
        #expect(try client.partitions(of: "made").count == 3)
        stop(process)
      }
    }

    @Test("each listener tells its clients its own address")
    func listeners() throws {
      try withFolder { folder in
        let (process, said) = try start([
          "--data", folder, "--kafka", "127.0.0.1:0", "--kafka", "127.0.0.1:0",
          "--advertise", "auto", "--advertise", "127.0.0.1:0",
        ])
        let addresses = try #require(said["kafka"] as? [String])
        #expect(addresses.count == 2)
        #expect((said["advertised"] as? [Any])?.map { "\($0)" } == ["<null>", addresses[1]])
        for address in addresses {
          let client = try KafkaConnection(to: try #require(Endpoint(address)))
          let brokers = try client.metadata(topics: []).brokers
          #expect(brokers.map { "\($0.host):\($0.port)" } == [address])
        }
        stop(process)
        #expect(process.errorText == "")
      }
    }

    @Test("an address at which the broker is not found is warned of")
    func advertised() throws {
      try withFolder { folder in
        let socket = try NotifySocket(at: "\(folder)/notify")
        // Port 1 is nobody's.
        let (process, _) = try start(
          [
            "--data", "\(folder)/data", "--kafka", "127.0.0.1:0", "--advertise", "127.0.0.1:1",
          ], variables: ["NOTIFY_SOCKET": "\(folder)/notify"])
        #expect(socket.receive().hasPrefix("READY=1\n"))
        let warning = socket.receive()
        #expect(warning.hasPrefix("STATUS=clients are told to connect to 127.0.0.1:1, "))
        #expect(process.errorText.hasPrefix("warning: clients are told to connect to"))
        stop(process)
      }
    }

    @Test("five lines say what an operator has to know")
    func fiveLines() throws {
      try withFolder { folder in
        let process = try ChildProcess(
          Machine.moldau,
          ["serve", "--data", folder, "--kafka", "127.0.0.1:0", "--admin", "127.0.0.1:0"])
        let lines = (0..<5).compactMap { _ in process.readLine() }
        #expect(
          lines.map { $0.prefix { $0 != " " } } == [
            "listening", "advertised", "data", "acknowledged", "admin",
          ])
        #expect(lines[2].contains(folder) && lines[2].contains("clean"))
        #expect(lines[3].contains("acks=all: group commit"))
        #expect(lines[4].contains("/metrics"))
        stop(process)
        #expect(process.readToEnd() == "")
      }
    }

    @Test("a second signal ends a broker that waits for a client, at once and not with 0")
    func secondSignal() throws {
      try withFolder { folder in
        let (process, said) = try start([
          "--data", folder, "--kafka", "127.0.0.1:0", "--flush", "buffered", "--stop-timeout", "1h",
        ])
        let address = try #require((said["kafka"] as? [String])?.first)
        let client = try KafkaConnection(to: try #require(Endpoint(address)))
        _ = try client.partitions(of: "log")
        var builder = BatchBuilder(initialCapacity: 1 << 20)
        let value = [UInt8](repeating: 7, count: 1_000_000)
        builder.append(
          value: value.span, timestampMilliseconds: Int64(Date.now.timeIntervalSince1970 * 1_000))
        try builder.finish()
        for _ in 0..<40 {
          _ = try client.produce(builder.bytes, to: .init(topic: "log", partition: 0))
        }
        // An answer that no socket's buffer holds, and that nobody reads.
        var partition = FetchRequest.Partition()
        partition.maxBytes = 50 << 20
        var topic = FetchRequest.Topic()
        topic.name = "log"
        topic.id = try #require(try client.metadata(topics: ["log"]).topics.first?.id)
        topic.partitions = [partition]
        var fetch = FetchRequest()
        fetch.maxBytes = 50 << 20
        fetch.topics = [topic]
        _ = try client.send(fetch)
        // Its turn has come when a later request of another connection was answered.
        _ = try KafkaConnection(to: try #require(Endpoint(address))).metadata(topics: [])
        process.signal(SIGTERM)
        process.signal(SIGINT)
        #expect([.exited(128 + SIGTERM), .exited(128 + SIGINT)].contains(process.wait()))
      }
    }

    @Test("systemd is told when the broker listens and when it stops")
    func serviceManager() throws {
      try withFolder { folder in
        let socket = try NotifySocket(at: "\(folder)/notify")
        let (process, _) = try start(
          ["--data", "\(folder)/data", "--kafka", "127.0.0.1:0"],
          variables: ["NOTIFY_SOCKET": "\(folder)/notify"])
        #expect(socket.receive().hasPrefix("READY=1\n"))
        process.signal(SIGTERM)
        #expect(socket.receive() == "STOPPING=1")
        #expect(process.wait() == .exited(0))
      }
    }
  }
}
