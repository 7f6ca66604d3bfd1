import Foundation
import Testing

@testable import MoldauBenchmarks

struct ReportTests {
  @Test(
    "quantities have three digits and a unit",
    arguments: [
      (Quantity.count(0), "0"), (Quantity.count(999), "999"), (Quantity.count(999.9), "1.00 k"),
      (Quantity.count(15_240_000), "15.2 M"), (Quantity.bytes(200e6), "200 MB"),
      (Quantity.bytes(4.1e9), "4.10 GB"), (Quantity.time(nanoseconds: 83.26), "83.3 ns"),
      (Quantity.time(nanoseconds: 50e6), "50.0 ms"), (Quantity.time(nanoseconds: 2e9), "2.00 s"),
      (Quantity.decimals(0.954, 2), "0.95"), (Quantity.decimals(2.005, 1), "2.0"),
      (Quantity.decimals(-0.5, 1), "-0.5"), (Quantity.decimals(-0.001, 2), "0.00"),
    ])
  func quantity(text: String, expected: String) {
    #expect(text == expected)
  }

  @Test("JSON text is what a JSON parser reads back")
  func jsonText() throws {
    let value = JSONValue.object([
      .init("text", .string("a\"b\\c\n\u{1}é")), .init("none", .null), .init("yes", .bool(true)),
      .init("numbers", .array([.integer(-3), .number(0.1234567), .number(.nan), .number(4)])),
      .init("empty", .object([])), .init("nothing", .array([])),
    ])
    let parsed = try #require(
      try JSONSerialization.jsonObject(with: Data(value.text.utf8)) as? [String: Any])
    #expect(parsed["text"] as? String == "a\"b\\c\n\u{1}é")
    #expect(parsed["none"] is NSNull)
    #expect(parsed["yes"] as? Bool == true)
    let numbers = try #require(parsed["numbers"] as? [Any])
    #expect(numbers[0] as? Int == -3)
    #expect(numbers[1] as? Double == 0.123457)
    #expect(numbers[2] is NSNull)
    #expect(numbers[3] as? Int == 4)
  }

  @Test(
    "a goal is reached, met or missed",
    arguments: [
      (Goal.Figure.ratioToC, 0.96, Goal.Verdict.reached), (.ratioToC, 0.95, .reached),
      (.ratioToC, 0.85, .met), (.ratioToC, 0.79, .missed),
      (.nanosecondsPerOperation, 0.9, .met), (.nanosecondsPerOperation, 0.8, .met),
      (.nanosecondsPerOperation, 0.81, .met), (.nanosecondsPerOperation, 1.2, .missed),
    ])
  func verdict(figure: Goal.Figure, value: Double, verdict: Goal.Verdict) {
    let isTime = figure == .nanosecondsPerOperation
    let goal = Goal(figure, must: isTime ? 1 : 0.8, reachingFor: isTime ? 0.3 : 0.95)
    #expect(goal.verdict(on: value) == verdict)
  }

  @Test("a goal that is only reached for is never missed")
  func wish() {
    #expect(Goal(.recordsPerSecond, must: nil, reachingFor: 15e6).verdict(on: 1) == .met)
  }

  @Test("a row's JSON names every agreed figure, with null where none applies")
  func rowJSON() throws {
    let row = RowResult(
      name: "scan", durability: nil, operationsPerSecond: 2.5, recordsPerSecond: nil,
      megabytesPerSecond: 3, nanosecondsPerOperation: 4, ratioToC: 0.5, cpuSeconds: 0.25,
      peakMemoryBytes: nil, rounds: 3, question: "")
    let report = BenchmarkReport(
      machine: MachineDescription(dataDirectory: "/"), results: [row], seconds: 1)
    let parsed = try #require(
      try JSONSerialization.jsonObject(with: Data(report.json.utf8)) as? [String: Any])
    #expect(parsed["machine"] is [String: Any])
    let results = try #require(parsed["results"] as? [[String: Any]])
    let members = try #require(results.first)
    let agreed = [
      "name", "durability", "operationsPerSecond", "recordsPerSecond", "megabytesPerSecond",
      "nanosecondsPerOperation", "ratioToC", "cpuSeconds", "peakMemoryBytes",
    ]
    for name in agreed { #expect(members[name] != nil, "\(name) is missing") }
    #expect(members["recordsPerSecond"] is NSNull)
    #expect(members["ratioToC"] as? Double == 0.5)
  }

  @Test("the table shows each row with its goals")
  func table() {
    var row = RowResult(
      name: "scan", durability: nil, operationsPerSecond: nil, recordsPerSecond: 41e6,
      megabytesPerSecond: 4500, nanosecondsPerOperation: 24, ratioToC: 0.87, cpuSeconds: 0.1,
      peakMemoryBytes: 30_000_000, rounds: 3, question: "Read everything.")
    row.goals = [.init(goal: Goal(.ratioToC, must: 0.6, reachingFor: 0.85), value: 0.87)]
    let text = ResultTable([row]).text
    #expect(text.contains("41.0 M"))
    #expect(text.contains("Read everything."))
    #expect(
      text.contains("✔ reached 0.87 of C: must ≥ 0.60 of C, reaching for ≥ 0.85 of C"))
  }

  @Test("the kernel's account of memory is read, or nothing is")
  func memory() throws {
    let status = "Name:\tx\nVmHWM:\t   300 kB\nVmRSS:\t   200 kB\nRssAnon:\t   100 kB\n"
    let memory = try #require(ResidentMemory(status: status))
    #expect(memory.bytes == 200 * 1024)
    #expect(memory.anonymousBytes == 100 * 1024)
    #expect(memory.peakBytes == 300 * 1024)
    #expect(ResidentMemory(status: "VmRSS:\t200 kB\n") == nil)
  }
}
