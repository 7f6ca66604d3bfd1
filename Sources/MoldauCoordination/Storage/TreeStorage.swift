import MoldauDisk
import MoldauFormat
import MoldauLog
import Synchronization

/// The log in which an embedded tree is kept: a small store with one compacted topic.
///
/// A change of the tree is a batch of records: what each node that it touched is after it. So a crash
/// leaves all of a change or none of it, and compaction leaves a tree's size. What belongs to sessions
/// is not kept. Format: docs/format/coordination-log.md. Thread-safe.
final class TreeStorage: Sendable {
  private static let topicName = "tree"
  /// Says what an opening has found missing; keeps the tree closed until someone removes it.
  package static let lossNoteName = "moldau-lost-changes"

  let store: LogStore
  private let topic: Topic
  private let log: PartitionLog
  private let clock: any WallClock
  /// Behind the last record that was written.
  private let end: Atomic<Int64>

  private init(store: LogStore, topic: Topic, log: PartitionLog, clock: any WallClock) {
    self.store = store
    self.topic = topic
    self.log = log
    self.clock = clock
    end = Atomic(log.endOffset.rawValue)
  }

  /// Opens the log in a folder, which is made when it is missing. Blocks.
  static func open(
    in folder: String, _ configuration: StoreConfiguration, disk: any Disk, clock: any WallClock
  ) throws(LogError) -> TreeStorage {
    let store = try LogStore.open(at: folder, configuration, disk: disk, clock: clock)
    let topic = try store.topicBlocking(
      topicName,
      TopicConfiguration(
        partitionCount: 1, cleanupPolicy: .compact, retention: [], durability: .groupCommit(),
        segmentBytes: Limits.treeSegmentBytes, maxBatchBytes: Limits.maxChangeBytes))
    guard let log = topic.log(ofPartition: 0) else { throw .closed }
    return TreeStorage(store: store, topic: topic, log: log, clock: clock)
  }

  /// The path of the note that something may be missing that was answered, nil when there is none.
  /// It is made when the log's opening has found so: the next opening does not find it again. Blocks.
  func lossNote() throws(LogError) -> String? {
    let path = "\(store.path)/\(Self.lossNoteName)"
    let report = store.recovery
    let isWhole =
      report.damages.isEmpty && report.losses.isEmpty && report.missingPartitions.isEmpty
      && report.damagedJournalByteCount == 0
    do throws(DiskError) {
      if isWhole { return try store.disk.kind(of: path) == nil ? nil : path }
      let text = "\(report)\n"
      try store.disk.replaceFile(at: path, with: Array(text.utf8), isDurable: true)
      return path
    } catch {
      throw LogError(error)
    }
  }

  // MARK: - Reading

  /// The tree as the log has it. Blocks.
  func load() throws(LogError) -> NodeTree {
    var contents = TreeContents()
    var failure: LogError?
    let path = store.path
    try topic.scan(from: .earliest, partition: 0) { record in
      do throws(FormatError) {
        guard let key = record.key else { return }
        contents.take(try CoordinationRecord(key: key, value: record.value))
      } catch {
        failure =
          failure ?? .corrupt(path: path, position: FilePosition(rawValue: 0), reason: error)
      }
    }
    if let failure { throw failure }
    do throws(FormatError) { return try NodeTree(contents) } catch {
      throw .corrupt(path: path, position: FilePosition(rawValue: 0), reason: error)
    }
  }

  // MARK: - Writing

  /// Writes what a change has made of the tree; `whenDurable` tells when it survives a power cut.
  ///
  /// - Throws: nothing was written then.
  func append(_ written: TreeWrite, _ tree: NodeTree) throws(LogError) {
    let records = Self.records(of: written, tree)
    var encoder = RecordBatchEncoder()
    let now = clock.nowMilliseconds()
    for record in records {
      let key = record.key
      // SAFETY: the arrays outlive the calls, which copy them.
      if let value = record.value {
        unsafe encoder.append(
          key: key.span.bytes, value: value.span.bytes, timestampMilliseconds: now)
      } else {
        unsafe encoder.append(key: key.span.bytes, value: nil, timestampMilliseconds: now)
      }
    }
    encoder.finish(BatchFields(partitionLeaderEpoch: 0))
    let appended = try encoder.withBytes { (bytes) throws(LogError) in try log.append(bytes) }
    end.store(appended.lastOffset.rawValue + 1, ordering: .releasing)
  }

  /// What is to be written for a change: each node once, as it is after it.
  private static func records(of written: TreeWrite, _ tree: NodeTree) -> [CoordinationRecord] {
    var nodes: Set<String> = []
    var parents: Set<String> = []
    for change in written.changes {
      switch change {
      case .created(let path, _, _):
        nodes.insert(path)
        parents.insert(NodePath.parent(of: path))
      case .set(let path, _): nodes.insert(path)
      case .deleted(let path):
        nodes.insert(path)
        parents.insert(path)
      }
    }
    var records: [CoordinationRecord] = nodes.sorted().map { path in
      .node(path: path, tree.nodes[path].flatMap { $0.owner == 0 ? $0.record : nil })
    }
    records += parents.sorted().map { path in
      .createdChildren(path: path, tree.nodes[path].map(\.createdCount))
    }
    records.append(.lastChange(written.changeID))
    return records
  }

  /// Calls `body` once, when all that was written up to now survives a power cut, or with the error
  /// that keeps it from it: at once, or on the store's commit thread.
  func whenDurable(_ body: @escaping @Sendable (LogError?) -> Void) {
    let offset = Offset(rawValue: end.load(ordering: .acquiring))
    guard log.durableOffset < offset else { return body(nil) }
    log.whenDurable(below: offset) { result in
      switch result {
      case .success: body(nil)
      case .failure(let error): body(error)
      }
    }
  }
}

extension TreeNode {
  fileprivate var record: CoordinationRecord.Node {
    CoordinationRecord.Node(
      creationID: creationID, modificationID: modificationID, version: version, data: data)
  }
}
