import MoldauBroker
import MoldauCluster
import MoldauFormat
import MoldauLog

@testable import MoldauTesting

extension TestCluster {
  /// The broker that is the controller now; waits for one.
  func controller() async throws -> ClusterController {
    while true {
      for id in runningIDs {
        if let found = broker(id)?.member?.controller, found.isActive { return found }
      }
      try await Task.sleep(for: .milliseconds(2))
    }
  }

  /// Creates a topic and waits until each broker has of it what it is to have.
  func createTopic(
    _ name: String, partitions: Int32, replicas: Int32, _ configuration: [String: String] = [:]
  ) async throws -> TopicImage {
    let creation = TopicCreation(
      name: name, partitionCount: partitions, replicationFactor: replicas,
      configuration: configuration)
    let controller = try await controller()
    let made = await withCheckedContinuation { continuation in
      controller.createTopic(creation, validatesOnly: false) { continuation.resume(returning: $0) }
    }
    let topic = try made.get()
    for id in runningIDs {
      try await wait(for: id) { broker in
        broker.member?.image.topics[name]?.id == topic.id
          && topic.partitions.indices.allSatisfy { number in
            !topic.partitions[number].replicas.contains(id)
              || broker.partition(name, Int32(number)).map { $0.role != .none } ?? false
          }
      }
    }
    return topic
  }
}
