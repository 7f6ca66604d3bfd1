import MoldauClient
import MoldauFormat
import MoldauProtocol

/// A client that reads partitions from their beginning on, wherever their leaders are.
final class Reader {
  private let client: Client
  private let map: Cartographer
  private let history: History
  private let partitions: [TopicPartition]
  private(set) var positions: [Incarnation: Offset] = [:]
  private var scanner = RecordScanner()
  var isStopped = false

  init(_ client: Client, topics: [String], partitions: [TopicPartition], history: History) {
    self.client = client
    self.partitions = partitions
    self.history = history
    map = Cartographer(client, topics: topics)
  }

  private var world: World { client.world }

  func start() {
    map.refresh()
    for partition in partitions { again(partition) }
  }

  /// Whether a partition that it reads was read up to `end`.
  func hasRead(_ partition: TopicPartition, _ known: TrackedPartition?, _ end: Offset?) -> Bool {
    guard partitions.contains(partition), let known else { return true }
    let place = positions[Incarnation(partition: partition, topicID: known.topicID)]
    return place ?? .zero == end
  }

  private func again(_ partition: TopicPartition) {
    world.after(world.number(1_000...50_000)) { [weak self] in
      guard let self, !isStopped else { return }
      fetch(partition)
    }
  }

  private func fetch(_ partition: TopicPartition) {
    guard let place = map.places[partition], place.leader >= 0,
      let id = map.topicIDs[partition.topic]
    else {
      map.refresh()
      return again(partition)
    }
    let incarnation = Incarnation(partition: partition, topicID: id)
    let position = positions[incarnation] ?? .zero
    var wanted = FetchRequest.Partition()
    wanted.index = partition.partition
    wanted.fetchOffset = position.rawValue
    wanted.currentLeaderEpoch = world.oneIn(2) ? place.leaderEpoch : -1
    wanted.maxBytes = 4096
    var topic = FetchRequest.Topic()
    topic.name = partition.topic
    topic.id = id
    topic.partitions = [wanted]
    var request = FetchRequest()
    request.maxWaitMilliseconds = 200
    request.minBytes = 1
    request.topics = [topic]
    client.call(place.leader, request) { [weak self] result in
      guard let self else { return }
      take(result, incarnation, from: position)
      again(partition)
    }
  }

  private func take(
    _ result: CallResult<FetchResponse>, _ incarnation: Incarnation, from position: Offset
  ) {
    guard case .success((let answer, let frame)) = result,
      let data = answer.topics.first?.partitions.first
    else { return map.refresh() }
    if data.errorCode != .none {
      world.detail("\(client.host) reads \(incarnation) from \(position): \(data.errorCode)")
    }
    switch data.errorCode {
    case .none: break
    case .offsetOutOfRange:
      guard history.readsAreCommitted else {
        positions[incarnation] = nil
        return
      }
      // A leader that is behind in what it shows has all the same what was shown before.
      let start = history.deletedBelow(incarnation)
      guard start > position.rawValue else {
        return history.fail(
          "\(incarnation): offset \(position) was read up to, and is out of range")
      }
      positions[incarnation] = Offset(rawValue: start)
      return
    default: return map.refresh()
    }
    if data.lastStableOffset != data.highWatermark {
      history.fail(
        "\(incarnation): all below \(data.highWatermark) is committed, all below "
          + "\(data.lastStableOffset) decided", law: "I10")
    }
    guard case .inFrame(let start, let count) = data.records else { return }
    var read: [(Offset, RecordNumber?)] = []
    do throws(FormatError) {
      let next = try scanner.forEachRecord(
        in: frame.rawSpan.extracting(start..<start + count), from: position
      ) { record in
        read.append((record.offset, RecordNumber(record.value)))
        return true
      }
      positions[incarnation] = next
    } catch {
      return history.fail("\(incarnation): a reader gets a damaged batch: \(error)")
    }
    for (offset, number) in read {
      history.consumed(number, incarnation, at: offset, highWatermark: data.highWatermark)
    }
  }
}
