import MoldauBroker
import MoldauClient
import MoldauCluster
import MoldauFormat
import MoldauLog
import MoldauProtocol
import Testing

@testable import MoldauTesting

/// What a test asks of a cluster's controller, and waits for.
extension TestCluster {
  // MARK: The controller

  /// The broker that is the controller now; waits for one.
  func controllerID() async throws -> Int32 {
    while true {
      if let found = runningIDs.first(where: { broker($0)?.member?.controller?.isActive == true }) {
        return found
      }
      try await Task.sleep(for: .milliseconds(2))
    }
  }

  func otherThanController() async throws -> Int32 {
    let controller = try await controllerID()
    return try #require(runningIDs.first { $0 != controller })
  }

  private func controller() async throws -> ClusterController {
    try #require(broker(try await controllerID())?.member?.controller)
  }

  /// Asks the controller again as long as another takes over.
  private func ask<Value: Sendable>(
    _ question:
      @escaping @Sendable (
        ClusterController, @escaping @Sendable (Result<Value, ClusterRefusal>) -> Void
      ) -> Void
  ) async throws -> Value {
    while true {
      let controller = try await controller()
      let answer = await withCheckedContinuation { continuation in
        question(controller) { continuation.resume(returning: $0) }
      }
      switch answer {
      case .success(let value): return value
      case .failure(let refusal) where refusal.code == .notController: continue
      case .failure(let refusal): throw refusal
      }
    }
  }

  /// Creates a topic and waits until each broker has of it what it is to have.
  func createTopic(
    _ name: String, partitions: Int32, replicas: Int32, _ configuration: [String: String] = [:]
  ) async throws -> TopicImage {
    let creation = TopicCreation(
      name: name, partitionCount: partitions, replicationFactor: replicas,
      configuration: configuration)
    let topic = try await ask { $0.createTopic(creation, validatesOnly: false, $1) }
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

  func deleteTopic(_ name: String) async throws {
    _ = try await ask { $0.deleteTopic(.name(name), $1) }
    for id in runningIDs {
      try await wait(for: id) { $0.store.existingTopic(name) == nil }
    }
  }

  func addPartitions(to topic: String, count: Int32) async throws {
    let creation = PartitionsCreation(topic: topic, partitionCount: count)
    _ = try await ask { $0.createPartitions(creation, validatesOnly: false, $1) }
  }

  func set(_ name: String, to value: String, of topic: String) async throws {
    _ = try await ask {
      $0.alterConfiguration(
        of: .topic(topic), .alter([name: value]), validatesOnly: false, $1)
    }
  }

  /// Sets something for all brokers; nil takes it back.
  func setForAllBrokers(_ name: String, to value: String?) async throws {
    _ = try await ask {
      $0.alterConfiguration(of: .broker(nil), .alter([name: value]), validatesOnly: false, $1)
    }
  }

  /// Moves a partition's replicas and waits until they are there.
  func move(_ partition: TopicPartition, to replicas: [Int32]) async throws {
    let move = Reassignment(partition: partition, replicas: replicas)
    let refusals = try await ask {
      (controller, done: @escaping @Sendable (Result<[ClusterRefusal?], ClusterRefusal>) -> Void) in
      controller.reassign([move]) { done(.success($0)) }
    }
    #expect(refusals == [nil])
    for id in runningIDs {
      try await wait(for: id) { broker in
        let state = broker.member?.image.partition(partition)
        return state?.replicas == replicas && state?.adding == [] && state?.removing == []
          && state?.leader ?? -1 >= 0
      }
    }
  }

  // MARK: Partitions

  /// Deletes what is before an offset, as a client does; returns where the partition begins then.
  func deleteRecords(of partition: TopicPartition, before offset: Int64) async throws -> Int64 {
    var request = DeleteRecordsRequest()
    request.timeoutMilliseconds = 60_000
    var asked = DeleteRecordsRequest.Partition()
    asked.index = partition.partition
    asked.offset = offset
    var topic = DeleteRecordsRequest.Topic()
    topic.name = partition.topic
    topic.partitions = [asked]
    request.topics = [topic]
    let port = try #require(server(try await leader(of: partition))).addresses[0].port
    let sent = request
    return try await onOwnThread {
      let response = try KafkaConnection(to: endpoint(port)).call(sent)
      let answer = try #require(response.topics.first?.partitions.first)
      try #require(answer.errorCode == .none)
      return answer.lowWatermark
    }
  }

  /// The broker that leads a partition, when it knows that it does; waits for one.
  func leader(of partition: TopicPartition) async throws -> Int32 {
    while true {
      let leads = runningIDs.filter {
        broker($0)?.partition(partition.topic, partition.partition)?.leadingEpoch != nil
      }
      if leads.count == 1 { return leads[0] }
      try await Task.sleep(for: .milliseconds(2))
    }
  }

  /// Writes a value with acks=all; asks the leader that there is as long as another takes over.
  func produce(_ value: String, to partition: TopicPartition) async throws {
    while true {
      let leader = try await leader(of: partition)
      guard let port = server(leader)?.addresses[0].port else { continue }
      do {
        try await onOwnThread { try send(value, to: partition, through: port) }
        return
      } catch let error as ClientError where error.isRetriable {
        continue
      }
    }
  }

  /// The values that consumers see, in their order; one that was written twice, as its first
  /// acknowledgement was lost, once.
  func values(in partition: TopicPartition) async throws -> [String] {
    let leader = try await leader(of: partition)
    let port = try #require(server(leader)).addresses[0].port
    let all = try await onOwnThread { try readAll(partition, through: port) }
    return all.indices.filter { $0 == 0 || all[$0] != all[$0 - 1] }.map { all[$0] }
  }

  /// Waits until the in-sync replicas are as many, as all brokers see it.
  func waitForISR(_ partition: TopicPartition, count: Int) async throws {
    for id in runningIDs {
      try await wait(for: id) { $0.member?.image.partition(partition)?.isr.count == count }
    }
  }

  /// Waits until every replica that is up knows this much to be committed.
  func waitForAll(_ partition: TopicPartition, highWatermark: Int64) async throws {
    for id in runningIDs {
      try await wait(for: id) { broker in
        broker.partition(partition.topic, partition.partition)?.highWatermark.rawValue
          == highWatermark
      }
    }
  }
}
