package import MoldauClient
import MoldauFormat
import MoldauProtocol

/// `moldau consume`: prints the records of a topic.
///
/// Each record is counted as read when it has been written out, so that a group commits nothing
/// that nobody saw. Blocking; one thread.
package final class ConsumeRun {
  package struct Options {
    package var topic: String
    /// Empty: all.
    package var partitions: [Int32] = []
    /// Where to begin; a group begins where it has committed, and here where it has not.
    package var from = Position.earliest
    /// Where to end in each partition; nil: never.
    package var to: Position?
    /// How many records to print; nil: no end.
    package var count: Int?
    package var group: String?
    package var sessionTimeoutMilliseconds: Int32 = 45_000
    package var isolation = Isolation.readCommitted
    package var format = RecordFormat.json

    package init(topic: String) { self.topic = topic }
  }

  let context: CommandContext
  let options: Options
  let shouldStop: () -> Bool
  private let onProgress: (_ byteCount: Int) -> Void

  /// The next record to print of each partition that is read, in the order of the partitions.
  var positions: [(partition: TopicPartition, offset: Offset)] = []
  /// Where to end.
  var ends: [TopicPartition: Offset] = [:]
  /// How far each partition was written out.
  private(set) var written: [TopicPartition: Offset] = [:]
  /// What the group knows of that.
  var committed: [TopicPartition: Offset] = [:]
  private var printedCount = 0
  private var page: [UInt8] = []
  private var writtenByteCount = 0
  private var failure: (any Error)?

  /// - Parameters:
  ///   - shouldStop: whether to end, asked again and again.
  ///   - onProgress: told how many bytes were written out.
  package init(
    _ context: CommandContext, _ options: Options, shouldStop: @escaping () -> Bool = { false },
    onProgress: @escaping (_ byteCount: Int) -> Void = { _ in }
  ) {
    self.context = context
    self.options = options
    self.shouldStop = shouldStop
    self.onProgress = onProgress
  }

  /// Prints until there is nothing more to print, or until `shouldStop`.
  package func run() throws {
    guard options.count != 0 else { return }
    let partitions = try wantedPartitions()
    if let to = options.to {
      ends = try resolver.resolve(to, in: partitions).mapValues(\.offset)
    }
    if let group = options.group { return try run(asMemberOf: group) }
    try begin(partitions, committed: [:])
    while !isDone, !shouldStop() { try readOnce() }
  }

  var resolver: PositionResolver {
    PositionResolver(cluster: context.cluster, isolation: options.isolation)
  }

  private func wantedPartitions() throws -> [TopicPartition] {
    guard let found = try context.cluster.partitionIndexes(of: options.topic) else {
      throw TopicDescription.failure(of: options.topic, .unknownTopicOrPartition)
    }
    if let missing = options.partitions.first(where: { !found.contains($0) }) {
      throw CommandFailure(
        "The topic \(options.topic) has no partition \(missing): it has \(found.count), "
          + "from 0 on.")
    }
    return (options.partitions.isEmpty ? found : options.partitions)
      .map { TopicPartition(topic: options.topic, partition: $0) }
  }

  /// Sets out to read partitions: from where the group has committed, or from `options.from`.
  func begin(
    _ partitions: [TopicPartition], committed: [TopicPartition: Offset]
  ) throws {
    let fresh = partitions.filter { committed[$0] == nil }
    let found = fresh.isEmpty ? [:] : try resolver.resolve(options.from, in: fresh)
    positions = partitions.compactMap { partition in
      (committed[partition] ?? found[partition]?.offset).map { (partition, $0) }
    }
    written = [:]
    guard case .offset(let offset) = options.from else { return }
    for (partition, resolved) in found where resolved.offset.rawValue != offset {
      context.output.note(
        "\(partition) has no offset \(offset): it begins at \(resolved.start) and ends at "
          + "\(resolved.end); reading from \(resolved.offset)")
    }
  }

  /// Whether there is nothing more to print.
  var isDone: Bool {
    if hasPrintedAll { return true }
    guard options.to != nil else { return false }
    return positions.allSatisfy { isRead($0.partition, $0.offset) }
  }

  private func isRead(_ partition: TopicPartition, _ offset: Offset) -> Bool {
    ends[partition].map { offset >= $0 } ?? false
  }

  // MARK: Reading

  /// Fetches once from each leader, and writes out what came.
  func readOnce() throws {
    let wanted = positions.filter { !isRead($0.partition, $0.offset) }
    let leaders = try context.cluster.retrying { () throws(ClientError) in
      try context.cluster.byLeader(wanted.map(\.partition))
    }
    for (leader, partitions) in leaders {
      let positions = wanted.filter { partitions.contains($0.partition) }
      do throws(ClientError) {
        let answer = try leader.sendFetch(positions, fetchOptions)
        let fetched = try leader.receive(answer, of: positions) { partition, record in
          print(record, of: partition)
        }
        if failure == nil { try note(fetched, leader) }
      } catch {
        // What was printed stays printed; the rest is fetched again from its new leader.
        guard error.isRetriable else { throw error }
        context.cluster.forgetLeaders()
        Cluster.pause(milliseconds: Limits.fetchWaitMilliseconds)
      }
      if let failure { throw failure }
    }
    try writeOut()
  }

  private var fetchOptions: KafkaConnection.FetchOptions {
    var fetch = KafkaConnection.FetchOptions()
    fetch.maxWaitMilliseconds = Limits.fetchWaitMilliseconds
    fetch.isolation = options.isolation
    return fetch
  }

  /// Prints a record; returns whether to go on with those of this answer.
  private func print(_ record: borrowing RecordView, of partition: TopicPartition) -> Bool {
    guard failure == nil, !hasPrintedAll else { return false }
    if isRead(partition, record.offset) { return true }
    options.format.append(record, of: partition, to: &page)
    printedCount += 1
    set(partition, to: record.offset.advanced(by: 1))
    if page.count >= Limits.outputBytes {
      do { try writeOut() } catch {
        failure = error
        return false
      }
    }
    return !hasPrintedAll
  }

  private var hasPrintedAll: Bool { options.count.map { printedCount >= $0 } ?? false }

  private func set(_ partition: TopicPartition, to offset: Offset) {
    guard let index = positions.firstIndex(where: { $0.partition == partition }) else { return }
    positions[index].offset = offset
  }

  private func writeOut() throws {
    if !page.isEmpty {
      try context.output.write(page)
      writtenByteCount += page.count
      page.removeAll(keepingCapacity: true)
      onProgress(writtenByteCount)
    }
    for (partition, offset) in positions { written[partition] = offset }
  }

  /// Moves on behind what was fetched, also where it held nothing to print.
  private func note(
    _ fetched: [TopicPartition: KafkaConnection.Fetched], _ leader: KafkaConnection
  ) throws(ClientError) {
    for (partition, fetched) in fetched {
      switch fetched.errorCode {
      case .none:
        let next = ends[partition].map { min($0, fetched.nextOffset) } ?? fetched.nextOffset
        guard !hasPrintedAll, let position = positions.first(where: { $0.partition == partition }),
          next > position.offset
        else { continue }
        set(partition, to: next)
      case .offsetOutOfRange:
        try restart(partition)
      default:
        throw leader.error(
          .refused(what: "records of \(partition)", fetched.errorCode, explanation: nil))
      }
    }
  }

  /// Goes on where a partition begins, when what was to be read next has been deleted.
  private func restart(_ partition: TopicPartition) throws(ClientError) {
    guard let position = positions.first(where: { $0.partition == partition }),
      let (start, end) = try context.cluster.ends(of: [partition])[partition]
    else { return }
    let next = position.offset < start ? start : end
    context.output.note(
      "\(partition) has no offset \(position.offset) any more: it begins at \(start) and ends at "
        + "\(end); reading from \(next)")
    set(partition, to: next)
  }
}
