import MoldauFormat

/// A partition of one topic: a topic that is made anew under its name is another.
struct Incarnation: Hashable, CustomStringConvertible {
  var partition: TopicPartition
  var topicID: TopicID

  var description: String { "\(partition) of \(topicID.base64)" }
}
