import MoldauClient
import MoldauFormat
import Testing

@Suite struct RangeAssignorTests {
  private func assign(
    _ members: [(String, String?, [String])], _ partitionCounts: [String: Int]
  ) -> [String: [String]] {
    let subscribers = members.map {
      RangeAssignor.Subscriber(memberID: $0.0, instanceID: $0.1, topics: $0.2)
    }
    return RangeAssignor.assign(subscribers, partitionCounts: partitionCounts)
      .mapValues { $0.map { "\($0)" } }
  }

  @Test("four partitions and two members are two each")
  func even() {
    #expect(
      assign([("b", nil, ["t"]), ("a", nil, ["t"])], ["t": 4])
        == ["a": ["t-0", "t-1"], "b": ["t-2", "t-3"]])
  }

  @Test("the first members get one more where the number does not divide, of each topic")
  func uneven() {
    #expect(
      assign([("a", nil, ["t", "u"]), ("b", nil, ["t", "u"])], ["t": 3, "u": 1])
        == ["a": ["t-0", "t-1", "u-0"], "b": ["t-2"]])
  }

  @Test("more members than partitions: the rest have none")
  func idle() {
    #expect(
      assign([("a", nil, ["t"]), ("b", nil, ["t"]), ("c", nil, ["t"])], ["t": 2])
        == ["a": ["t-0"], "b": ["t-1"], "c": []])
  }

  @Test("a topic goes to its subscribers alone, and one that is not there to nobody")
  func subscriptions() {
    #expect(
      assign([("a", nil, ["t", "missing"]), ("b", nil, ["u"]), ("c", nil, [])], ["t": 1, "u": 1])
        == ["a": ["t-0"], "b": ["u-0"], "c": []])
  }

  @Test("static members come first, in the order of their instance ids")
  func instances() {
    #expect(
      assign([("a", nil, ["t"]), ("b", "2", ["t"]), ("c", "1", ["t"])], ["t": 3])
        == ["c": ["t-0"], "b": ["t-1"], "a": ["t-2"]])
  }
}
