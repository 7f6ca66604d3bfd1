import MoldauFormat
import MoldauProtocol

/// A client that commits offsets for a group, each above the one before, and sees to it that none that
/// was acknowledged is taken back.
final class Committer {
  private let client: Client
  private let history: History
  private let group: String
  private let partition: TopicPartition
  private let map: Cartographer
  private var coordinator: Int32?
  private var next: Int64 = 1
  /// The highest that was acknowledged.
  private(set) var acknowledged: Int64 = 0
  private(set) var isBusy = false
  var isStopped = false
  var pause: ClosedRange<Int64> = 20_000...300_000

  init(_ client: Client, group: String, partition: TopicPartition, history: History) {
    self.client = client
    self.group = group
    self.partition = partition
    self.history = history
    map = Cartographer(client, topics: [partition.topic])
  }

  private var world: World { client.world }

  func start() {
    map.refresh()
    again()
  }

  private func again() {
    world.after(world.number(pause)) { [weak self] in
      guard let self, !isStopped else { return }
      isBusy = true
      step()
    }
  }

  private func done() {
    isBusy = false
    again()
  }

  private func step() {
    guard let coordinator else { return find() }
    if world.oneIn(3) { fetch(coordinator) } else { commit(coordinator) }
  }

  private func find() {
    var request = FindCoordinatorRequest()
    request.keys = [group]
    client.call(world.pick(client.nodeIDs), request) { [weak self] result in
      guard let self else { return }
      if case .success((let answer, _)) = result, let found = answer.coordinators.first,
        found.errorCode == .none
      {
        coordinator = found.nodeID
      }
      done()
    }
  }

  private func commit(_ coordinator: Int32) {
    guard let id = map.topicIDs[partition.topic] else {
      map.refresh()
      return done()
    }
    var data = OffsetCommitRequest.Partition()
    data.index = partition.partition
    data.committedOffset = next
    var topic = OffsetCommitRequest.Topic()
    topic.name = partition.topic
    topic.id = id
    topic.partitions = [data]
    var request = OffsetCommitRequest()
    request.groupID = group
    request.topics = [topic]
    let offset = next
    next += 1
    client.call(coordinator, request) { [weak self] result in
      guard let self else { return }
      let code = result.map { $0.answer.topics.first?.partitions.first?.errorCode }
      switch code {
      case .success(.none?):
        world.note("\(group) has committed \(offset)")
        acknowledged = max(acknowledged, offset)
      case .success(let code?):
        world.note("\(group) is refused \(offset): \(code)")
        self.coordinator = nil
      default: self.coordinator = nil
      }
      done()
    }
  }

  private func fetch(_ coordinator: Int32) {
    guard let id = map.topicIDs[partition.topic] else { return done() }
    var topic = OffsetFetchRequest.Topic()
    topic.name = partition.topic
    topic.id = id
    topic.partitionIndexes = [partition.partition]
    var wanted = OffsetFetchRequest.Group()
    wanted.groupID = group
    wanted.topics = [topic]
    var request = OffsetFetchRequest()
    request.groups = [wanted]
    let known = acknowledged
    client.call(coordinator, request) { [weak self] result in
      guard let self else { return }
      defer { done() }
      guard case .success((let answer, _)) = result, let found = answer.groups.first,
        found.errorCode == .none, let data = found.topics.first?.partitions.first,
        data.errorCode == .none
      else {
        self.coordinator = nil
        return
      }
      if known > 0, data.committedOffset < known {
        history.fail(
          "\(group): \(known) was committed, and \(coordinator) tells \(data.committedOffset)",
          law: "I9")
      }
    }
  }
}
