import MoldauClient
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
}
