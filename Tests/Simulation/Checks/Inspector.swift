import MoldauBroker
import MoldauCluster
import MoldauFormat
import MoldauLog

/// Looks inside the nodes after each event, and at what the coordination service says, and compares
/// with what must never be otherwise: the invariants of docs/replication.md.
final class Inspector {
  /// What a node's replica was when it was last looked at.
  private struct View {
    var startCount = 0
    var role = PartitionRole.none
    var highWatermark = Offset.zero
    var end = Offset.zero
    /// All below it is as it was committed.
    var verified: Int64 = 0
  }

  private struct Change {
    var partition: TopicPartition
    var node: Node
    var before: View
  }

  private struct Leadership: Hashable {
    var partition: TopicPartition
    var epoch: Int32
  }

  /// What all below any leader's high watermark was, by offset.
  /// Nothing where a leader lost what nobody had been told of, and what came behind it was kept.
  private(set) var committed: [TopicPartition: [LoggedRecord?]] = [:]
  let states: CoordinatedStates
  private let history: History
  private let nodes: [Node]
  /// Those of the topic that producers write to.
  private let written: [TopicPartition]
  /// These, and those that brokers write to.
  private let partitions: [TopicPartition]
  private let minInSyncReplicas: Int
  private var views: [TopicPartition: [Int32: View]] = [:]
  private var leaders: [Leadership: (node: Int32, startCount: Int)] = [:]

  init(
    _ history: History, _ states: CoordinatedStates, nodes: [Node],
    partitions: [TopicPartition], offsets: [TopicPartition], minInSyncReplicas: Int
  ) {
    self.history = history
    self.states = states
    self.nodes = nodes
    written = partitions
    self.partitions = partitions + offsets
    self.minInSyncReplicas = minInSyncReplicas
  }

  /// Looks at what has changed.
  func inspect() {
    do {
      var due = Set(try states.refresh())
      var changes: [Change] = []
      for node in nodes where node.isTouched {
        node.isTouched = false
        for partition in partitions {
          guard let before = look(at: partition, of: node) else { continue }
          due.insert(partition)
          changes.append(Change(partition: partition, node: node, before: before))
        }
      }
      // When all of them are known: what one says of another may have happened at the same time.
      for change in changes { try check(change) }
      for partition in partitions where due.contains(partition) { try checkMembers(of: partition) }
    } catch {
      history.fail("a node's log or state cannot be read: \(error)", law: "inspection")
    }
  }

  // MARK: A replica

  /// Returns what the replica was before when something is other than then.
  private func look(at partition: TopicPartition, of node: Node) -> View? {
    guard let life = node.life,
      let found = life.broker.partition(partition.topic, partition.partition)
    else {
      // What it had when it died stays known.
      views[partition]?[node.id]?.role = .none
      return views[partition]?[node.id] ?? View()
    }
    let old = views[partition]?[node.id] ?? View()
    var view = old
    view.startCount = node.startCount
    view.role = found.role
    view.highWatermark = found.highWatermark
    view.end = found.log.endOffset
    if view.startCount != old.startCount { view.verified = 0 }
    view.verified = min(view.verified, view.end.rawValue)
    let isSame =
      view.startCount == old.startCount && view.role == old.role
      && view.highWatermark == old.highWatermark && view.end == old.end
    if isSame { return nil }
    views[partition, default: [:]][node.id] = view
    return old
  }

  private func check(_ change: Change) throws {
    let (partition, node) = (change.partition, change.node)
    guard let view = views[partition]?[node.id],
      let found = node.life?.broker.partition(partition.topic, partition.partition)
    else { return }
    if case .leader(let epoch) = view.role {
      checkLeadership(Leadership(partition: partition, epoch: epoch), node)
      checkHighWatermark(partition, node, change.before, view)
      try noteCommitted(partition, node, found.log, view)
    }
  }

  private func checkLeadership(_ leadership: Leadership, _ node: Node) {
    guard let known = leaders[leadership] else {
      leaders[leadership] = (node.id, node.startCount)
      return
    }
    if known.node != node.id {
      history.fail(
        "\(leadership.partition): \(known.node) and \(node.id) both lead in epoch "
          + "\(leadership.epoch)", law: "I4")
    } else if known.startCount != node.startCount {
      history.fail(
        "\(leadership.partition): \(node.id) leads in epoch \(leadership.epoch) again after a "
          + "restart", law: "I6")
    }
  }

  private func checkHighWatermark(
    _ partition: TopicPartition, _ node: Node, _ old: View, _ view: View
  ) {
    guard old.startCount == view.startCount, old.role == view.role else { return }
    if view.highWatermark < old.highWatermark {
      history.fail(
        "\(partition): the high watermark of \(node.id) falls from \(old.highWatermark) to "
          + "\(view.highWatermark)", law: "I5")
    }
  }

  /// Takes over what a leader says is committed.
  private func noteCommitted(
    _ partition: TopicPartition, _ node: Node, _ log: PartitionLog, _ view: View
  ) throws {
    let known = Int64(committed[partition]?.count ?? 0)
    guard view.highWatermark.rawValue > known else { return }
    let records = try log.records(from: Offset(rawValue: known), to: view.highWatermark)
    var all = committed[partition] ?? []
    all += Self.byOffset(records, from: known, to: view.highWatermark.rawValue)
    committed[partition] = all
    history.world.note("\(partition): committed below \(view.highWatermark) by \(node.id)")
    checkCopies(partition, below: view.highWatermark)
  }

  /// As many replicas have it, or had it when they died, as must be in sync.
  private func checkCopies(_ partition: TopicPartition, below end: Offset) {
    let ends = nodes.map { views[partition]?[$0.id]?.end ?? .zero }
    if ends.count(where: { $0 >= end }) < minInSyncReplicas {
      history.fail(
        "\(partition): all below \(end) counts as committed; the replicas end at \(ends)",
        law: "I7")
    }
  }

  // MARK: The replicas that must have everything

  private func checkMembers(of partition: TopicPartition) throws {
    guard let state = states.states[partition] else { return }
    for node in nodes {
      let isLeader = state.leader == node.id && isLeading(partition, node, state.leaderEpoch)
      let isMember = state.isr.contains(node.id) || state.elr.contains(node.id)
      guard isLeader || isMember, node.life?.isMember == true else { continue }
      try checkHasAll(partition, node, law: isLeader ? "I3" : "I1", state)
    }
  }

  private func isLeading(_ partition: TopicPartition, _ node: Node, _ epoch: Int32) -> Bool {
    node.life?.broker.partition(partition.topic, partition.partition)?.role == .leader(epoch: epoch)
  }

  private func checkHasAll(
    _ partition: TopicPartition, _ node: Node, law: String, _ state: PartitionStateNode
  ) throws {
    let all = committed[partition] ?? []
    guard let log = node.life?.broker.partition(partition.topic, partition.partition)?.log else {
      return
    }
    let verified = min(views[partition]?[node.id]?.verified ?? 0, log.endOffset.rawValue)
    guard verified < all.count else { return }
    let who = "\(node.id) (leader \(state.leader), ISR \(state.isr), ELR \(state.elr))"
    guard log.endOffset.rawValue >= all.count else {
      return history.fail(
        "\(partition): all below \(all.count) is committed; \(who) ends at \(log.endOffset)",
        law: law)
    }
    let end = Int64(all.count)
    let records = try log.records(from: Offset(rawValue: verified), to: Offset(rawValue: end))
    let found = Self.byOffset(records, from: verified, to: end)
    for (offset, record) in zip(Int(verified)..., found) where record != all[offset] {
      return history.fail(
        "\(partition): at \(offset) \(Self.name(all[offset])) is committed; \(who) has "
          + Self.name(record), law: law)
    }
    views[partition]?[node.id]?.verified = end
  }

  /// A place for each offset.
  private static func byOffset(
    _ records: [(offset: Offset, record: LoggedRecord)], from start: Int64, to end: Int64
  ) -> [LoggedRecord?] {
    var all = [LoggedRecord?](repeating: nil, count: Int(end - start))
    for (offset, record) in records where offset.rawValue < end {
      all[Int(offset.rawValue - start)] = record
    }
    return all
  }

  private static func name(_ record: LoggedRecord?) -> String {
    guard let record else { return "nothing" }
    let number = record.number.map { "\($0)" } ?? "a record of another kind"
    return "\(number) of epoch \(record.leaderEpoch)"
  }

  // MARK: What clients are told

  func acknowledged(_ number: RecordNumber, _ partition: TopicPartition, _ offset: Offset) {
    guard let all = committed[partition], offset.rawValue < all.count else {
      return history.fail("\(partition): \(number) at \(offset) is acknowledged, not committed")
    }
    let found = all[Int(offset.rawValue)]
    if found?.number != number {
      history.fail(
        "\(partition): \(number) is acknowledged at \(offset), where \(Self.name(found)) is "
          + "committed", law: "I2")
    }
  }

  func consumed(_ number: RecordNumber?, _ partition: TopicPartition, _ offset: Offset) {
    guard let all = committed[partition], offset.rawValue < all.count else {
      return history.fail("\(partition): \(offset) was read, and is not committed")
    }
    if all[Int(offset.rawValue)]?.number != number {
      history.fail("\(partition): what was read at \(offset) is not what is committed", law: "I2")
    }
  }

  // MARK: The end

  /// When all is well again: all replicas are the same, and have what clients were told.
  func compareAll() {
    do {
      for partition in partitions { try compare(partition) }
    } catch {
      history.fail("a node's log cannot be read: \(error)", law: "inspection")
    }
  }

  private func compare(_ partition: TopicPartition) throws {
    var first: (node: Int32, records: [(offset: Offset, record: LoggedRecord)])?
    for id in states.replicas(of: partition) {
      let life = nodes.first { $0.id == id }?.life
      guard let log = life?.broker.partition(partition.topic, partition.partition)?.log else {
        return history.fail("\(partition): \(id) has no replica at the end", law: "recovery")
      }
      let records = try log.records(from: .zero, to: log.endOffset)
      history.world.note("\(partition): \(id) has \(records.count) records up to \(log.endOffset)")
      guard let (other, expected) = first else {
        first = (id, records)
        continue
      }
      if !records.elementsEqual(expected, by: ==) {
        history.fail("\(partition): \(other) and \(id) differ at the end", law: "recovery")
      }
    }
    guard let records = first?.records else { return }
    let all = committed[partition] ?? []
    let found = Self.byOffset(records, from: 0, to: max(Int64(all.count), 0))
    for (offset, record) in all.enumerated() where found[offset] != record {
      return history.fail(
        "\(partition): \(Self.name(record)) was committed at \(offset), where in the end "
          + "\(Self.name(found[offset])) is", law: "I2")
    }
    guard written.contains(partition) else { return }
    history.compare(records.map { ($0.offset, $0.record.number) }, of: partition)
  }
}
