package import MoldauFormat

/// Kafka's range assignor: of each topic, every subscriber gets partitions that follow each other.
///
/// The subscribers are taken in the order of their instance ids, where they have such, and member
/// ids; the first ones get one partition more where the number does not divide.
package enum RangeAssignor {
  package static let name = "range"

  package struct Subscriber: Equatable, Sendable {
    package var memberID: String
    package var instanceID: String?
    package var topics: [String]

    package init(memberID: String, instanceID: String? = nil, topics: [String]) {
      self.memberID = memberID
      self.instanceID = instanceID
      self.topics = topics
    }
  }

  /// Returns the partitions of each member, by topic and number; a member without one has none.
  package static func assign(
    _ subscribers: [Subscriber], partitionCounts: [String: Int]
  ) -> [String: [TopicPartition]] {
    var assignment: [String: [TopicPartition]] = [:]
    for subscriber in subscribers { assignment[subscriber.memberID] = [] }
    for topic in Set(subscribers.flatMap(\.topics)).sorted() {
      let interested = subscribers.filter { $0.topics.contains(topic) }.sorted(by: precedes)
      let partitionCount = partitionCounts[topic] ?? 0
      let (share, rest) = partitionCount.quotientAndRemainder(dividingBy: interested.count)
      var next = 0
      for (index, subscriber) in interested.enumerated() {
        let count = share + (index < rest ? 1 : 0)
        assignment[subscriber.memberID]?.append(
          contentsOf: (next..<(next + count)).map {
            TopicPartition(topic: topic, partition: Int32($0))
          })
        next += count
      }
    }
    return assignment
  }

  /// Static members come before dynamic ones, so that a new dynamic one does not move theirs.
  private static func precedes(_ one: Subscriber, _ other: Subscriber) -> Bool {
    switch (one.instanceID, other.instanceID) {
    case (let one?, let other?): one < other
    case (.some, nil): true
    case (nil, .some): false
    case (nil, nil): one.memberID < other.memberID
    }
  }
}
