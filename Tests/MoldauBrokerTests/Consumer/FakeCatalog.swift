import MoldauFormat

@testable import MoldauBroker

/// Topics that a test makes up.
struct FakeCatalog: TopicCatalog {
  private(set) var topics: [String: SubscribableTopic] = [:]
  private(set) var version: UInt64 = 1
  private var lastID: UInt64 = 0

  init(_ topics: KeyValuePairs<String, Int32> = [:]) {
    for (name, count) in topics { create(name, count) }
  }

  func topic(named name: String) -> SubscribableTopic? { topics[name] }

  var patternCandidates: [String] { topics.keys.sorted() }

  /// Creates a topic, or gives it another number of partitions.
  mutating func create(_ name: String, _ partitionCount: Int32) {
    lastID += 1
    let id = topics[name]?.id ?? TopicID(high: 0, low: lastID)
    topics[name] = SubscribableTopic(id: id, name: name, partitionCount: partitionCount)
    version += 1
  }

  mutating func delete(_ name: String) {
    topics[name] = nil
    version += 1
  }

  /// The partitions of these numbers.
  func partitions(_ name: String, _ numbers: some Sequence<Int32>) -> Set<GroupPartition> {
    guard let topic = topics[name] else { return [] }
    return Set(numbers.map { GroupPartition(topic: topic.id, number: $0) })
  }
}
