import MoldauFormat
import MoldauProtocol

/// A client that makes topics and moves replicas.
final class Administrator {
  let client: Client
  private let history: History

  init(_ client: Client, _ history: History) {
    self.client = client
    self.history = history
  }

  private var world: World { client.world }

  /// Asks until the topic is there.
  func createTopic(
    _ name: String, partitionCount: Int, replicationFactor: Int, assignment: [[Int32]]? = nil,
    settings: [(name: String, value: Int)]
  ) {
    var topic = CreateTopicsRequest.Topic()
    topic.name = name
    topic.partitionCount = assignment == nil ? Int32(partitionCount) : -1
    topic.replicationFactor = assignment == nil ? Int16(replicationFactor) : -1
    topic.assignments = (assignment ?? []).enumerated().map { index, replicas in
      var assigned = CreateTopicsRequest.Assignment()
      assigned.partitionIndex = Int32(index)
      assigned.brokerIDs = replicas
      return assigned
    }
    topic.configurations = settings.map { name, value in
      var setting = CreateTopicsRequest.Configuration()
      setting.name = name
      setting.value = "\(value)"
      return setting
    }
    var request = CreateTopicsRequest()
    request.topics = [topic]
    request.timeoutMilliseconds = 2_000
    client.call(world.pick(client.nodeIDs), request) { [weak self] result in
      guard let self else { return }
      let answer = result.map { $0.answer.topics.first }
      if case .success(let found?) = answer {
        if found.errorCode == .none || found.errorCode == .topicAlreadyExists { return }
        world.note("the topic is not made: \(found.errorCode) \(found.errorMessage ?? "")")
      }
      world.after(200_000) { [weak self] in
        self?.createTopic(
          name, partitionCount: partitionCount, replicationFactor: replicationFactor,
          assignment: assignment, settings: settings)
      }
    }
  }

  /// Asks until the topic is gone; `done` is called then.
  func deleteTopic(_ name: String, _ done: @escaping () -> Void) {
    var topic = DeleteTopicsRequest.Topic()
    topic.name = name
    var request = DeleteTopicsRequest()
    request.topics = [topic]
    request.timeoutMilliseconds = 2_000
    world.note("\(name) is to be deleted")
    client.call(world.pick(client.nodeIDs), request) { [weak self] result in
      guard let self else { return }
      if case .success(let found) = result, let code = found.answer.topics.first?.errorCode {
        world.note("\(name) is deleted: \(code)")
        if code == .none || code == .unknownTopicOrPartition { return done() }
      }
      world.after(world.number(10_000...300_000)) { [weak self] in self?.deleteTopic(name, done) }
    }
  }

  /// Asks a broker, the leader at best, to delete what lies below an offset.
  func deleteRecords(of partition: TopicPartition, before offset: Int64, at leader: Int32) {
    var wanted = DeleteRecordsRequest.Partition()
    wanted.index = partition.partition
    wanted.offset = offset
    var topic = DeleteRecordsRequest.Topic()
    topic.name = partition.topic
    topic.partitions = [wanted]
    var request = DeleteRecordsRequest()
    request.topics = [topic]
    request.timeoutMilliseconds = 1_000
    world.note("\(partition): what lies below \(offset) is to go")
    client.call(leader, request) { [weak self] result in
      if case .success(let found) = result,
        let answer = found.answer.topics.first?.partitions.first
      {
        self?.world.note("\(partition) begins at \(answer.lowWatermark): \(answer.errorCode)")
      }
    }
  }

  func electPreferred(_ partition: TopicPartition) {
    var topic = ElectLeadersRequest.Topic()
    topic.name = partition.topic
    topic.partitions = [partition.partition]
    var request = ElectLeadersRequest()
    request.topics = [topic]
    request.timeoutMilliseconds = 1_000
    world.note("the preferred leader of \(partition) is asked for")
    client.call(world.pick(client.nodeIDs), request) { _ in }
  }

  func reassign(_ partition: TopicPartition, to replicas: [Int32]) {
    var moved = AlterPartitionReassignmentsRequest.Partition()
    moved.index = partition.partition
    moved.replicas = replicas
    var topic = AlterPartitionReassignmentsRequest.Topic()
    topic.name = partition.topic
    topic.partitions = [moved]
    var request = AlterPartitionReassignmentsRequest()
    request.topics = [topic]
    request.timeoutMilliseconds = 1_000
    world.note("\(partition) is to move to \(replicas)")
    client.call(world.pick(client.nodeIDs), request) { [weak self] result in
      if case .success(let found) = result {
        let code = found.answer.topics.first?.partitions.first?.errorCode ?? found.answer.errorCode
        self?.world.note("\(partition) moves to \(replicas): \(code)")
      }
    }
  }
}
