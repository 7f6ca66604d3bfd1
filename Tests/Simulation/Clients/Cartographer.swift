import MoldauFormat
import MoldauProtocol

/// What a client knows of the cluster, asked for again when it was wrong.
final class Cartographer {
  struct Place: Equatable {
    var leader: Int32
    var leaderEpoch: Int32
  }

  private let client: Client
  private let topics: [String]
  private(set) var topicIDs: [String: TopicID] = [:]
  private(set) var places: [TopicPartition: Place] = [:]
  private var isAsking = false

  init(_ client: Client, topics: [String]) {
    self.client = client
    self.topics = topics
  }

  func leader(of partition: TopicPartition) -> Int32? {
    guard let place = places[partition], place.leader >= 0 else { return nil }
    return place.leader
  }

  /// Asks any node, soon.
  func refresh() {
    guard !isAsking else { return }
    isAsking = true
    client.world.after(client.world.number(2_000...60_000)) { [self] in ask() }
  }

  private func ask() {
    var request = MetadataRequest()
    request.topics = topics.map { name in
      var topic = MetadataRequest.Topic()
      topic.name = name
      return topic
    }
    request.allowsAutoTopicCreation = false
    client.call(
      client.world.pick(client.nodeIDs), request, timeoutMilliseconds: 1_000
    ) { [weak self] result in
      guard let self else { return }
      isAsking = false
      guard case .success((let response, _)) = result, note(response) else { return refresh() }
    }
  }

  /// Takes over what a node says; returns false when something is missing. News of an older leader
  /// are not believed.
  private func note(_ response: MetadataResponse) -> Bool {
    var isComplete = true
    for name in topics {
      guard let topic = response.topics.first(where: { $0.name == name }),
        topic.errorCode == .none
      else {
        isComplete = false
        continue
      }
      // The epochs of another topic of the name begin anew.
      if topicIDs.updateValue(topic.id, forKey: name) != topic.id {
        places = places.filter { $0.key.topic != name }
      }
      for found in topic.partitions {
        let partition = TopicPartition(topic: name, partition: found.index)
        if found.leaderID < 0 { isComplete = false }
        if let known = places[partition], known.leaderEpoch > found.leaderEpoch { continue }
        places[partition] = Place(leader: found.leaderID, leaderEpoch: found.leaderEpoch)
      }
    }
    return isComplete
  }
}
