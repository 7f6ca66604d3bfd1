import MoldauClient
import MoldauProtocol
import Testing

@testable import MoldauCommands

struct TopicTests {
  @Test("ls has a line a topic, and JSON an object")
  func list() async throws {
    try await TestBroker.run(partitionCount: 3) { broker in
      let empty = CapturedOutput()
      try TopicList(broker.context(empty), showsInternal: false).run()
      #expect(empty.bytes == [])
      #expect(empty.notes == ["There are no topics."])
      for topic in ["b", "a"] { _ = try broker.produce(["x"], to: topic) }
      let table = CapturedOutput()
      try TopicList(broker.context(table), showsInternal: false).run()
      #expect(table.lines.map { $0.prefix { $0 != " " } } == ["topic", "a", "b"])
      let json = CapturedOutput()
      try TopicList(broker.context(json, json: true), showsInternal: false).run()
      #expect(json.lines.count == 2)
      #expect(
        json.lines[0].hasPrefix(
          #"{"type":"topic","topic":"a","partitionCount":3,"replicationFactor":1,"#))
      #expect(try TopicList.names(in: broker.context(json).cluster) == ["a", "b"])
    }
  }

  @Test("describe shows where each partition begins and ends")
  func describe() async throws {
    try await TestBroker.run(partitionCount: 2) { broker in
      _ = try broker.produce(["a", "b", "c"], to: "log") { $0.partition = 1 }
      let output = CapturedOutput()
      try TopicDescription(broker.context(output, json: true), showsDefaults: false).run(["log"])
      #expect(output.lines[0].contains(#""partitionCount":2"#))
      #expect(output.lines[0].contains(#""offsetCount":3"#))
      #expect(output.lines[1].contains(#""partition":0,"#))
      #expect(output.lines[1].contains(#""startOffset":0,"endOffset":0"#))
      #expect(output.lines[2].contains(#""partition":1,"#))
      #expect(output.lines[2].contains(#""startOffset":0,"endOffset":3"#))
    }
  }

  @Test("describing what is not there says how to make it")
  func missing() async throws {
    try await TestBroker.run { broker in
      let failure = #expect(throws: CommandFailure.self) {
        try TopicDescription(broker.context(CapturedOutput()), showsDefaults: false).run(["none"])
      }
      #expect(failure?.description.contains("moldau topics create none") == true)
    }
  }

  /// Runs a command that prints what it does; returns its lines.
  private func changes(
    _ broker: TestBroker, json: Bool = false, _ body: (TopicChanges) throws -> Void
  ) throws -> [String] {
    let output = CapturedOutput()
    try body(TopicChanges(broker.context(output, json: json)))
    return output.lines
  }

  private func describe(_ topic: String, _ broker: TestBroker) throws -> [String] {
    let output = CapturedOutput()
    try TopicDescription(broker.context(output, json: true), showsDefaults: false).run([topic])
    return output.lines
  }

  @Test("topics are created as asked for, and only once")
  func create() async throws {
    try await TestBroker.run { broker in
      var plan = KafkaConnection.TopicPlan(name: "")
      plan.partitionCount = 3
      plan.configuration = [("retention.ms", "86400000")]
      let done = try changes(broker) { try $0.create(["a", "b"], plan, toleratesExisting: false) }
      #expect(done == ["created a, 3 partitions", "created b, 3 partitions"])
      let found = try describe("a", broker)
      #expect(found[0].contains(#""partitionCount":3"#))
      #expect(
        found.contains(
          #"{"type":"configuration","topic":"a","name":"retention.ms","value":"86400000","origin":"topic"}"#
        ))
      let again = #expect(throws: ClientError.self) {
        try changes(broker) { try $0.create(["a"], plan, toleratesExisting: false) }
      }
      #expect(again?.refusalCode == .topicAlreadyExists)
      let tolerated = try changes(broker, json: true) {
        try $0.create(["a", "c"], plan, toleratesExisting: true)
      }
      #expect(
        tolerated == [
          #"{"type":"change","action":"exists","name":"a"}"#,
          #"{"type":"change","action":"created","name":"c","partitionCount":3}"#,
        ])
    }
  }

  @Test("settings are set and taken back, and partitions are added")
  func alter() async throws {
    try await TestBroker.run { broker in
      _ = try broker.produce(["x"], to: "log")
      let set = try changes(broker) {
        try $0.alter(
          "log",
          .init(set: [Assignment("retention.ms=1000")], unset: [], partitionCount: 4))
      }
      #expect(set == ["log has 4 partitions", "log: retention.ms is 1000"])
      let found = try describe("log", broker)
      #expect(found[0].contains(#""partitionCount":4"#))
      #expect(found.contains { $0.contains(#""value":"1000","origin":"topic""#) })
      _ = try changes(broker) {
        try $0.alter("log", .init(set: [], unset: ["retention.ms"], partitionCount: nil))
      }
      #expect(try !describe("log", broker).contains { $0.contains(#""value":"1000""#) })
      #expect(throws: ClientError.self) {
        try changes(broker) {
          try $0.alter(
            "log", .init(set: [Assignment("no.such.setting=1")], unset: [], partitionCount: nil))
        }
      }
    }
  }

  @Test("deleted topics are gone")
  func delete() async throws {
    try await TestBroker.run { broker in
      _ = try broker.produce(["x"], to: "log")
      #expect(
        try changes(broker) { try $0.delete(["log"], toleratesMissing: false) } == ["deleted log"])
      let context = broker.context(CapturedOutput())
      #expect(try TopicList.names(in: context.cluster) == [])
      let missing = #expect(throws: ClientError.self) {
        try changes(broker) { try $0.delete(["log"], toleratesMissing: false) }
      }
      #expect(missing?.refusalCode == .unknownTopicOrPartition)
      let tolerated = try changes(broker) { try $0.delete(["log"], toleratesMissing: true) }
      #expect(tolerated == ["there is no log"])
    }
  }
}
