import MoldauBroker
import MoldauCluster
import MoldauFormat
import MoldauLog

/// Looks inside the nodes after each event, and at what the coordination service says, and compares
/// with what must never be otherwise: the invariants of docs/replication.md.
final class Inspector {
  typealias View = TrackedPartition.View

  private struct Change {
    var partition: TopicPartition
    var node: Node
    var before: View
  }

  let states: CoordinatedStates
  let history: History
  let nodes: [Node]
  /// Those of the topics that producers write to.
  private let written: [TopicPartition]
  /// These, and those that brokers write to.
  private let partitions: [TopicPartition]
  private let minInSyncReplicas: Int
  var tracked: [TopicPartition: TrackedPartition] = [:]

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
      let changed = try states.refresh()
      var due = Set(changed)
      for partition in changed {
        track(partition)
        noteState(of: partition)
      }
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

  /// Begins anew when there is another topic of the name.
  private func track(_ partition: TopicPartition) {
    let id = states.topicID(of: partition.topic)
    guard tracked[partition]?.topicID != id else { return }
    tracked[partition] = id.map { TrackedPartition(topicID: $0) }
    for node in nodes { node.isTouched = true }
  }

  private func noteState(of partition: TopicPartition) {
    guard let state = states.states[partition] else { return }
    history.world.note(
      "\(partition): leader \(state.leader), epoch \(state.leaderEpoch), ISR \(state.isr), "
        + "ELR \(state.elr)")
  }

  /// The log of a node's replica of the topic that there is now.
  func log(of partition: TopicPartition, on node: Node) -> PartitionLog? {
    replica(of: partition, on: node)?.log
  }

  func replica(of partition: TopicPartition, on node: Node) -> Partition? {
    guard let found = node.life?.broker.partition(partition.topic, partition.partition),
      found.log.topicID == tracked[partition]?.topicID
    else { return nil }
    return found
  }

  // MARK: A replica

  /// Returns what the replica was before when something is other than then.
  private func look(at partition: TopicPartition, of node: Node) -> View? {
    guard let known = tracked[partition] else { return nil }
    guard let found = replica(of: partition, on: node) else {
      // What it had when it died stays known.
      tracked[partition]?.views[node.id]?.role = .none
      return known.views[node.id] ?? View()
    }
    let old = known.views[node.id] ?? View()
    var view = old
    view.startCount = node.startCount
    view.role = found.role
    view.highWatermark = found.highWatermark
    view.start = found.log.startOffset
    view.end = found.log.endOffset
    view.epochs = found.log.leaderEpochs
    if view.isSame(as: old) { return nil }
    if view.startCount != old.startCount { view.verified = 0 }
    view.verified = min(view.verified, view.end.rawValue)
    view.noteReached(before: old)
    tracked[partition]?.views[node.id] = view
    return old
  }

  private func check(_ change: Change) throws {
    let (partition, node) = (change.partition, change.node)
    guard let view = tracked[partition]?.views[node.id],
      let log = log(of: partition, on: node)
    else { return }
    try checkEpochs(partition, node, log, view, before: change.before)
    checkStable(partition, node, log)
    guard case .leader(let epoch) = view.role else { return }
    checkLeadership(of: partition, in: epoch, node)
    checkHighWatermark(partition, node, change.before, view)
    let deletedBelow = tracked[partition]?.deletedBelow ?? 0
    tracked[partition]?.deletedBelow = max(deletedBelow, view.start.rawValue)
    try noteCommitted(partition, node, log, view, in: epoch)
  }

  private func checkLeadership(of partition: TopicPartition, in epoch: Int32, _ node: Node) {
    guard let known = tracked[partition]?.leaders[epoch] else {
      tracked[partition]?.leaders[epoch] = (node.id, node.startCount)
      return
    }
    if known.node != node.id {
      history.fail(
        "\(partition): \(known.node) and \(node.id) both lead in epoch \(epoch)", law: "I4")
    } else if known.startCount != node.startCount {
      history.fail(
        "\(partition): \(node.id) leads in epoch \(epoch) again after a restart", law: "I6")
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

  /// Transactions are not served, so that none is ever open.
  private func checkStable(_ partition: TopicPartition, _ node: Node, _ log: PartitionLog) {
    if log.lastStableOffset != log.endOffset {
      history.fail(
        "\(partition): \(node.id) ends at \(log.endOffset), and all below "
          + "\(log.lastStableOffset) is decided", law: "I10")
    }
  }

  /// Takes over what a leader says is committed.
  private func noteCommitted(
    _ partition: TopicPartition, _ node: Node, _ log: PartitionLog, _ view: View, in epoch: Int32
  ) throws {
    let known = Int64(tracked[partition]?.committed.count ?? 0)
    guard view.highWatermark.rawValue > known else { return }
    let start = max(Offset(rawValue: known), view.start)
    let records = try log.records(from: start, to: view.highWatermark)
    for (offset, record) in records where offset < view.highWatermark {
      if let fault = tracked[partition]?.producers.add(record) {
        history.fail("\(partition): \(fault)", law: "I10")
      }
      guard written.contains(partition), let number = record.number else { continue }
      history.checkOrigin(of: number, partition, in: log.topicID)
    }
    tracked[partition]?.committed += Self.byOffset(
      records, from: known, to: view.highWatermark.rawValue)
    history.world.note("\(partition): committed below \(view.highWatermark) by \(node.id)")
    checkCopies(partition, below: view.highWatermark, in: epoch)
  }

  /// As many replicas have it, or had it in the epoch of the leader who says that it is committed, as
  /// must be in sync: one that has lost it since may have told the leader before, who hears late that
  /// it is not in sync any more.
  private func checkCopies(_ partition: TopicPartition, below end: Offset, in epoch: Int32) {
    let views = nodes.compactMap { tracked[partition]?.views[$0.id] }
    let count = views.count { max($0.end, $0.reachedEpoch == epoch ? $0.reached : .zero) >= end }
    if count < minInSyncReplicas {
      history.fail(
        "\(partition): all below \(end) counts as committed; the replicas end at "
          + "\(views.map(\.end)), and have reached \(views.map(\.reached))", law: "I7")
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
    replica(of: partition, on: node)?.role == .leader(epoch: epoch)
  }

  private func checkHasAll(
    _ partition: TopicPartition, _ node: Node, law: String, _ state: PartitionStateNode
  ) throws {
    guard let known = tracked[partition], let log = log(of: partition, on: node) else { return }
    let end = Int64(known.committed.count)
    let verified = min(known.views[node.id]?.verified ?? 0, log.endOffset.rawValue)
    guard verified < end else { return }
    let who = "\(node.id) (leader \(state.leader), ISR \(state.isr), ELR \(state.elr))"
    guard log.endOffset.rawValue >= end, log.startOffset.rawValue <= end else {
      return history.fail(
        "\(partition): all below \(end) is committed; \(who) has \(log.startOffset) to "
          + "\(log.endOffset)", law: law)
    }
    let start = max(verified, log.startOffset.rawValue)
    let records = try log.records(from: Offset(rawValue: start), to: Offset(rawValue: end))
    let found = Self.byOffset(records, from: start, to: end)
    let isCompacted = isCompacted(partition)
    for (offset, record) in zip(Int(start)..., found)
    where !known.allows(record, at: offset, isCompacted: isCompacted) {
      return history.fail(
        "\(partition): at \(offset) \(Self.name(known.committed[offset])) is committed; \(who) has "
          + Self.name(record), law: law)
    }
    tracked[partition]?.views[node.id]?.verified = end
  }

  /// Whether records go of which there are newer ones: where groups keep what they commit.
  func isCompacted(_ partition: TopicPartition) -> Bool { !written.contains(partition) }

  /// A place for each offset.
  static func byOffset(
    _ records: [(offset: Offset, record: LoggedRecord)], from start: Int64, to end: Int64
  ) -> [LoggedRecord?] {
    var all = [LoggedRecord?](repeating: nil, count: max(Int(end - start), 0))
    for (offset, record) in records where (start..<end).contains(offset.rawValue) {
      all[Int(offset.rawValue - start)] = record
    }
    return all
  }

  static func name(_ record: LoggedRecord?) -> String {
    guard let record else { return "nothing" }
    let number = record.number.map { "\($0)" } ?? "a record of another kind"
    return "\(number) of epoch \(record.leaderEpoch)"
  }

  /// What is committed at an offset; nil when the topic is another by now.
  func committedRecord(at offset: Offset, of incarnation: Incarnation) -> CommittedRecord? {
    guard let known = tracked[incarnation.partition], known.topicID == incarnation.topicID else {
      return nil
    }
    guard offset.rawValue < known.committed.count else { return .notYet }
    let record = known.committed[Int(offset.rawValue)]
    return record == nil && offset.rawValue < known.deletedBelow ? nil : .found(record)
  }

  enum CommittedRecord {
    case notYet
    case found(LoggedRecord?)
  }

  /// When all is well again: all replicas are the same, and have what clients were told.
  func compareAll() {
    do {
      for partition in partitions where tracked[partition] != nil {
        try compare(partition)
      }
    } catch {
      history.fail("a node's log cannot be read: \(error)", law: "inspection")
    }
  }
}
