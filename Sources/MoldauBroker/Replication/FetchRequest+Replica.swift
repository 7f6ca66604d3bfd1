import MoldauFormat
import MoldauProtocol

/// How a follower writes its requests and reads the answers.
extension FetchRequest {
  /// The version that brokers speak to each other.
  static let replicaVersion: Int16 = 17

  /// Names a partition; those of one topic that come after one another share a place.
  mutating func add(_ partition: Partition, of topicID: TopicID) {
    if topics.last?.id != topicID {
      var topic = Topic()
      topic.id = topicID
      topics.append(topic)
    }
    topics[topics.count - 1].partitions.append(partition)
  }

  /// Lets a partition leave the session.
  mutating func forget(_ key: ReplicaKey) {
    if forgottenTopics.last?.id != key.topicID {
      var topic = ForgottenTopic()
      topic.id = key.topicID
      forgottenTopics.append(topic)
    }
    forgottenTopics[forgottenTopics.count - 1].partitions.append(key.index)
  }

  /// The request with its header, without the size in front.
  func message(correlationID: Int32) -> [UInt8] {
    var writer = ProtocolWriter(capacity: 256)
    RequestHeader(
      apiKey: Self.apiKey, version: Self.replicaVersion, correlationID: correlationID,
      clientID: nil
    ).encode(into: &writer)
    encode(into: &writer, version: Self.replicaVersion)
    // SAFETY: the bytes are copied within the call.
    return unsafe writer.withUnsafeBytes { unsafe Array($0) }
  }
}

extension FetchResponse {
  /// Reads the answer to a follower's request; the records stay where they are in `frame`.
  init(_ frame: RawSpan, correlationID: Int32) throws(ProtocolError) {
    var reader = ProtocolReader(frame)
    let version = FetchRequest.replicaVersion
    let header = try ResponseHeader(decoding: &reader, for: Self.supported, version: version)
    guard header.correlationID == correlationID else {
      throw ProtocolError(.lengthOutOfRange(Int(header.correlationID)), at: 0)
    }
    try self.init(decoding: &reader, version: version)
  }
}
