import MoldauDisk
import MoldauFormat
import Testing

@testable import MoldauBroker

@Suite("Assignors of consumer groups")
struct ConsumerGroupAssignorTests {
  private static func topics(_ counts: [Int32]) -> [SubscribableTopic] {
    counts.enumerated().map { index, count in
      SubscribableTopic(
        id: TopicID(high: 1, low: UInt64(index)), name: "t\(index)", partitionCount: count)
    }
  }

  private static func candidates(
    _ wishes: [[SubscribableTopic]], previous: [Set<GroupPartition>] = []
  ) -> [AssignmentCandidate] {
    wishes.enumerated().map { index, topics in
      AssignmentCandidate(
        id: "m\(index)", instanceID: nil, topics: topics,
        previous: previous.indices.contains(index) ? previous[index] : [])
    }
  }

  private static func expectComplete(
    _ shares: [Set<GroupPartition>], _ wishes: [[SubscribableTopic]],
    _ location: SourceLocation = #_sourceLocation
  ) {
    let wanted = Set(wishes.flatMap { $0 }.flatMap { Array($0.partitions) })
    #expect(shares.map(\.count).reduce(0, +) == wanted.count, sourceLocation: location)
    #expect(shares.reduce(into: Set()) { $0.formUnion($1) } == wanted, sourceLocation: location)
    for (share, wish) in zip(shares, wishes) {
      let own = Set(wish.map(\.id))
      #expect(share.allSatisfy { own.contains($0.topic) }, sourceLocation: location)
    }
  }

  @Test(
    "uniform shares differ by one at most",
    arguments: [([4], 2), ([3, 3], 2), ([1], 3), ([7, 2, 5], 4), ([], 2), ([100], 7)]
      as [([Int32], Int)])
  func uniform(counts: [Int32], members: Int) {
    let wishes = Array(repeating: Self.topics(counts), count: members)
    let shares = ConsumerGroupAssignor.uniform.assign(to: Self.candidates(wishes))
    Self.expectComplete(shares, wishes)
    let sizes = shares.map(\.count)
    #expect((sizes.max() ?? 0) - (sizes.min() ?? 0) <= 1)
  }

  @Test(
    "uniform moves no more than it must when members come and go",
    arguments: 0..<40 as Range<UInt64>)
  func sticky(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let topics = Self.topics((0..<3).map { _ in Int32.random(in: 1...12, using: &generator) })
    let before = Int.random(in: 1...6, using: &generator)
    let after = Int.random(in: 1...6, using: &generator)
    let first = ConsumerGroupAssignor.uniform.assign(
      to: Self.candidates(Array(repeating: topics, count: before)))
    let wishes = Array(repeating: topics, count: after)
    let second = ConsumerGroupAssignor.uniform.assign(
      to: Self.candidates(wishes, previous: first))
    Self.expectComplete(second, wishes)
    let total = first.map(\.count).reduce(0, +)
    let quota = total / after
    // Each keeps what it had up to its new count, except for who gets one more.
    let kept = zip(first, second).map { $0.intersection($1).count }.reduce(0, +)
    let keepable = first.prefix(after).map { min($0.count, quota) }.reduce(0, +)
    #expect(kept >= keepable)
    let third = ConsumerGroupAssignor.uniform.assign(
      to: Self.candidates(wishes, previous: second))
    #expect(third == second)
  }

  @Test(
    "members that want different topics are as even as single moves make them",
    arguments: 0..<60 as Range<UInt64>)
  func mixed(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let topics = Self.topics((0..<5).map { _ in Int32.random(in: 1...10, using: &generator) })
    var wishes: [[SubscribableTopic]] = []
    for _ in 0..<Int.random(in: 1...7, using: &generator) {
      wishes.append(topics.filter { _ in Bool.random(using: &generator) })
    }
    let shares = ConsumerGroupAssignor.uniform.assign(to: Self.candidates(wishes))
    Self.expectComplete(shares, wishes)
    for (share, _) in zip(shares, wishes) {
      for (other, wish) in zip(shares, wishes) where other.count + 2 <= share.count {
        let takeable = Set(wish.map(\.id))
        #expect(share.allSatisfy { !takeable.contains($0.topic) }, "seed \(seed)")
      }
    }
    let again = ConsumerGroupAssignor.uniform.assign(
      to: Self.candidates(wishes, previous: shares))
    #expect(again == shares, "seed \(seed)")
  }

  @Test("ranges are contiguous, and topics of one size are shared alike")
  func range() {
    let topics = Self.topics([5, 5])
    let shares = ConsumerGroupAssignor.range.assign(
      to: Self.candidates(Array(repeating: topics, count: 2)))
    for topic in topics {
      #expect(shares[0].filter { $0.topic == topic.id }.map(\.number).sorted() == [0, 1, 2])
      #expect(shares[1].filter { $0.topic == topic.id }.map(\.number).sorted() == [3, 4])
    }
  }

  @Test("static members keep their ranges before others")
  func rangeOrder() {
    let topics = Self.topics([2])
    let shares = ConsumerGroupAssignor.range.assign(to: [
      AssignmentCandidate(id: "a", instanceID: nil, topics: topics, previous: []),
      AssignmentCandidate(id: "z", instanceID: "i", topics: topics, previous: []),
    ])
    #expect(shares[1].map(\.number) == [0])
    #expect(shares[0].map(\.number) == [1])
  }
}
