import MoldauClient
import MoldauFormat
import Synchronization
import Testing

@testable import MoldauCommands

struct GroupTests {
  /// Runs a command that prints rows; returns its JSON lines.
  private func rows(
    _ broker: TestBroker, _ body: (CommandContext) throws -> Void
  ) throws -> [String] {
    let output = CapturedOutput()
    try body(broker.context(output, json: true))
    return output.lines
  }

  private func describe(_ group: String, _ broker: TestBroker) throws -> [String] {
    try rows(broker) { try GroupDescription($0).run([group]) }
  }

  private func seek(
    _ group: String, _ target: GroupSeek.Target, _ broker: TestBroker,
    _ change: (inout GroupSeek.Options) -> Void = { _ in }
  ) throws -> [String] {
    var options = GroupSeek.Options(group: group, target: target)
    change(&options)
    return try rows(broker) { try GroupSeek($0).run(options) }
  }

  @Test("a member goes on where the group has committed, and describe says how far it is")
  func consumes() async throws {
    try await TestBroker.run { broker in
      _ = try broker.produce((0..<10).map { "\($0)" }, to: "log")
      let first = try broker.consume("log") {
        $0.group = "g"
        $0.count = 4
      }
      #expect(first.joined() == "0123")
      let found = try describe("g", broker)
      #expect(found.count == 2)
      #expect(found[0].contains(#""state":"Empty""#))
      #expect(found[0].contains(#""memberCount":0,"lag":6"#))
      #expect(
        found[1].contains(#""partition":0,"committedOffset":4,"endOffset":10,"lag":6,"#))
      let rest = try broker.consume("log") { $0.group = "g" }
      #expect(rest.joined() == "456789")
      #expect(try describe("g", broker)[0].contains(#""lag":0"#))
      let list = try rows(broker) { try GroupList($0).run() }
      #expect(list.count == 1)
      #expect(list[0].hasPrefix(#"{"type":"group","group":"g","state":"Empty""#))
    }
  }

  @Test("what nobody saw is not committed")
  func closedOutput() async throws {
    try await TestBroker.run { broker in
      _ = try broker.produce(["a", "b"], to: "log")
      let output = CapturedOutput()
      output.capacity = 1
      var options = ConsumeRun.Options(topic: "log")
      options.group = "g"
      options.format = .text(.value(null: []), delimiter: [0x0A])
      #expect(throws: OutputClosed.self) {
        try ConsumeRun(broker.context(output), options).run()
      }
      #expect(try broker.consume("log") { $0.group = "g" } == ["a", "b"])
    }
  }

  @Test("seek goes to a position or by a number, within where the partition begins and ends")
  func seeks() async throws {
    try await TestBroker.run { broker in
      for number in 0..<10 {
        _ = try broker.produce(["\(number)"], to: "log") {
          $0.timestampMilliseconds = Int64(number * 1_000)
        }
      }
      _ = try broker.consume("log") {
        $0.group = "g"
        $0.count = 6
      }
      let table: [(GroupSeek.Target, Int, Int)] = [
        (.shift(-2), 6, 4), (.position(.earliest), 4, 0), (.shift(3), 0, 3),
        (.position(.latest), 3, 10), (.shift(5), 10, 10), (.position(.offset(7)), 10, 7),
        (.position(.beforeEnd(1)), 7, 9), (.position(.time(2_500)), 9, 3),
        (.shift(.min), 3, 0), (.shift(.max), 0, 10),
      ]
      for (target, before, after) in table {
        let found = try seek("g", target, broker) { $0.skipsRecords = true }
        #expect(found.count == 1)
        #expect(found[0].contains(#""before":\#(before),"after":\#(after),"#), "\(target)")
        #expect(try describe("g", broker)[1].contains(#""committedOffset":\#(after),"#))
      }
    }
  }

  @Test("seek leaves no record unread unless it is told to, and a dry run changes nothing")
  func guardsPosition() async throws {
    try await TestBroker.run { broker in
      _ = try broker.produce(["a", "b", "c"], to: "log")
      _ = try broker.consume("log") {
        $0.group = "g"
        $0.count = 1
      }
      let failure = #expect(throws: CommandFailure.self) {
        try seek("g", .position(.latest), broker)
      }
      #expect(failure?.description.contains("never read 2 records") == true)
      let found = try seek("g", .position(.latest), broker) {
        $0.skipsRecords = true
        $0.isDryRun = true
      }
      #expect(found[0].contains(#""skippedCount":2,"isDryRun":true"#))
      #expect(try describe("g", broker)[1].contains(#""committedOffset":1,"#))
    }
  }

  @Test("a group that has committed nothing is set by naming a topic")
  func seeksNewGroup() async throws {
    try await TestBroker.run(partitionCount: 2) { broker in
      _ = try broker.produce(["a", "b", "c"], to: "log") { $0.partition = 1 }
      #expect(throws: CommandFailure.self) { try seek("new", .position(.latest), broker) }
      let found = try seek("new", .position(.latest), broker) {
        $0.topics = ["log"]
        $0.partitions = [1]
      }
      #expect(found.count == 1)
      #expect(found[0].contains(#""partition":1,"before":null,"after":3,"#))
      #expect(throws: CommandFailure.self) {
        try seek("new", .position(.latest), broker) { $0.topics = ["none"] }
      }
    }
  }

  @Test("two members have two of four partitions each; when one leaves, the other has all")
  func shares() async throws {
    try await TestBroker.run(partitionCount: 4) { broker in
      _ = try broker.produce(["a"], to: "log")
      let one = member(of: "g", broker)
      #expect(try one.join().count == 4)
      let other = Mutex<[TopicPartition]?>(nil)
      try withThread {
        let member = member(of: "g", broker)
        let assignment = try member.join()
        other.withLock { $0 = assignment }
        try member.leave()
      } meanwhile: {
        var counts: [Int] = []
        while other.withLock({ $0 == nil }) || counts.last != 4 {
          if try one.keepUp() != .isMember { counts.append(try one.join().count) }
        }
        #expect(counts.contains(2))
      }
      let others = other.withLock { $0 }
      #expect(others?.count == 2)
      let failure = #expect(throws: CommandFailure.self) {
        try seek("g", .position(.earliest), broker) { $0.topics = ["log"] }
      }
      #expect(failure?.description.contains("has a member") == true)
      let found = try describe("g", broker)
      #expect(found[0].contains(#""state":"Stable""#))
      #expect(found[0].contains(#""assignor":"range""#))
      #expect(found[1].contains(#""clientID":"moldau""#))
      #expect(found[1].contains(#""partitionCount":4"#))
      #expect(found.count == 6)
      #expect(throws: CommandFailure.self) {
        try rows(broker) { try GroupDeletion($0).run(["g"], topics: []) }
      }
      try one.leave()
    }
  }

  private func member(of group: String, _ broker: TestBroker) -> GroupMember {
    var options = GroupMember.Options(group: group, topics: ["log"])
    options.heartbeatIntervalMilliseconds = 0
    return GroupMember(
      cluster: Cluster([broker.endpoint]), options, now: CommandClock.testing.steadyMilliseconds)
  }

  @Test("delete forgets a group, or its offsets of a topic")
  func deletes() async throws {
    try await TestBroker.run { broker in
      for topic in ["log", "other"] {
        _ = try broker.produce(["a"], to: topic)
        _ = try broker.consume(topic) { $0.group = "g" }
      }
      let forgotten = try rows(broker) { try GroupDeletion($0).run(["g"], topics: ["other"]) }
      #expect(forgotten.count == 1)
      #expect(forgotten[0].contains(#""topic":"other","partition":0"#))
      #expect(try describe("g", broker).count == 2)
      let deleted = try rows(broker) { try GroupDeletion($0).run(["g"], topics: []) }
      #expect(deleted == [#"{"type":"change","action":"deleted","name":"g"}"#])
      #expect(throws: CommandFailure.self) { try describe("g", broker) }
      #expect(throws: CommandFailure.self) {
        try rows(broker) { try GroupDeletion($0).run(["g"], topics: []) }
      }
    }
  }
}
