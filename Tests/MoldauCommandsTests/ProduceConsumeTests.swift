import MoldauClient
import MoldauFormat
import Testing

@testable import MoldauCommands

struct ProduceConsumeTests {
  @Test("lines come back as they were written", arguments: CompressionCodec.allCases)
  func lines(codec: CompressionCodec) async throws {
    try await TestBroker.run { broker in
      let lines = (0..<200).map { "line \($0)" }
      let output = try broker.produce(lines, to: "log") {
        $0.producer.codec = codec
        $0.producer.batchByteCount = 300
      }
      #expect(output.lines == [])
      #expect(output.notes.count == 1)
      #expect(output.notes[0].hasPrefix("200 records written to log "))
      #expect(try broker.consume("log") == lines)
    }
  }

  @Test("each level of acknowledgement writes everything", arguments: [Int16(0), 1, -1])
  func acks(acks: Int16) async throws {
    try await TestBroker.run { broker in
      _ = try broker.produce(["a", "b"], to: "log") { $0.producer.acks = acks }
      // Whoever asks behind a producer that waits for nothing may be early.
      let found = try broker.consume("log") {
        $0.to = nil
        $0.count = 2
      }
      #expect(found == ["a", "b"])
    }
  }

  @Test("a key's records go to its partition, those without one to all of them in turn")
  func partitioning() async throws {
    try await TestBroker.run(partitionCount: 4) { broker in
      let keyed = (0..<40).map { "key \($0 % 10):\($0)" }
      _ = try broker.produce(keyed, to: "keyed") { $0.keySeparator = [UInt8(ascii: ":")] }
      for number in 0..<10 {
        let key = Array("key \(number)".utf8)
        let partition = unsafe KeyPartitioner.partition(of: key.span.bytes, partitionCount: 4)
        let found = try broker.consume("keyed") {
          $0.partitions = [Int32(partition)]
          $0.format = .text(.keyAndValue(separator: [0x2F], null: []), delimiter: [0x0A])
        }
        #expect(found.count { $0.hasPrefix("key \(number)/") } == 4)
      }
      _ = try broker.produce((0..<8).map { "\($0)" }, to: "plain") {
        $0.producer.batchByteCount = 1
      }
      for partition in 0..<4 {
        #expect(try broker.consume("plain") { $0.partitions = [Int32(partition)] }.count == 2)
      }
    }
  }

  @Test("what consume prints as JSON, produce reads: keys, values, headers, times, partitions")
  func json() async throws {
    try await TestBroker.run(partitionCount: 2) { broker in
      let lines = [
        #"{"partition":1,"timestampMilliseconds":5,"key":"k","value":"/wA=","valueEncoding":"base64","headers":[{"name":"h","value":"x"}]}"#,
        "", #"{"value":null,"key":"k2"}"#,
      ]
      let output = try broker.produce(lines, to: "one") { $0.readsJSON = true }
      #expect(output.lines.last?.contains(#""recordCount":2"#) == true)
      let printed = try broker.consume("one", json: true)
      #expect(printed.count == 2)
      #expect(printed.contains { $0.contains(#""value":"/wA=","valueEncoding":"base64""#) })
      _ = try broker.produce(printed, to: "two") { $0.readsJSON = true }
      let copied = try broker.consume("two", json: true)
      #expect(copied.map { $0.replacing("\"two\"", with: "\"one\"") }.sorted() == printed.sorted())
    }
  }

  @Test("a record of the input that cannot be written stops the command and says which")
  func refusals() async throws {
    try await TestBroker.run { broker in
      let failure = #expect(throws: CommandFailure.self) {
        try broker.produce([#"{"value":"a"}"#, "{"], to: "log") { $0.readsJSON = true }
      }
      #expect(failure?.description.hasPrefix("Record 2 of the input: ") == true)
      let partition = #expect(throws: CommandFailure.self) {
        try broker.produce(["a"], to: "log") { $0.partition = 7 }
      }
      #expect(partition?.description.contains("no partition 7") == true)
    }
  }

  @Test("positions say where reading begins and ends")
  func positions() async throws {
    try await TestBroker.run { broker in
      for number in 0..<10 {
        _ = try broker.produce(["\(number)"], to: "log") {
          $0.timestampMilliseconds = Int64(number * 1_000)
        }
      }
      func read(_ from: Position, _ to: Position = .latest, count: Int? = nil) throws -> String {
        try broker.consume("log") {
          $0.from = from
          $0.to = to
          $0.count = count
        }.joined()
      }
      #expect(try read(.earliest) == "0123456789")
      #expect(try read(.offset(7)) == "789")
      #expect(try read(.beforeEnd(3)) == "789")
      #expect(try read(.beforeEnd(100)) == "0123456789")
      #expect(try read(.time(4_500)) == "56789")
      #expect(try read(.time(99_000)) == "")
      #expect(try read(.latest) == "")
      #expect(try read(.offset(2), .offset(5)) == "234")
      #expect(try read(.time(2_000), .time(5_000)) == "234")
      #expect(try read(.offset(2), count: 3) == "234")
      #expect(try read(.offset(99)) == "")
    }
  }

  @Test("a topic or partition that is not there is a failure that says so")
  func missing() async throws {
    try await TestBroker.run { broker in
      let topic = #expect(throws: CommandFailure.self) { try broker.consume("nothing") }
      #expect(topic?.description.contains("There is no topic nothing") == true)
      _ = try broker.produce(["a"], to: "log")
      let partition = #expect(throws: CommandFailure.self) {
        try broker.consume("log") { $0.partitions = [3] }
      }
      #expect(partition?.description.contains("no partition 3") == true)
    }
  }

  @Test("whoever stops reading ends the command")
  func closedOutput() async throws {
    try await TestBroker.run { broker in
      _ = try broker.produce(["a", "b"], to: "log")
      let output = CapturedOutput()
      output.capacity = 1
      var options = ConsumeRun.Options(topic: "log")
      options.format = .text(.value(null: []), delimiter: [0x0A])
      let run = ConsumeRun(broker.context(output), options)
      #expect(throws: OutputClosed.self) { try run.run() }
    }
  }
}
