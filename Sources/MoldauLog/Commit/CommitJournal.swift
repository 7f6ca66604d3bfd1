import MoldauDisk
import MoldauFormat
import Synchronization

/// The journal of group commits: the bytes of all partitions in one file, one write and one sync for
/// each commit.
///
/// Sixty-four partitions cost what one costs (docs/decisions/group-commit.md has the figures). Two
/// files take turns. When one is full the maintenance thread syncs the segments of the logs that
/// have entries in it, after which it is written over from the start: its blocks are there already,
/// and a sync has no metadata to write. Used by the commit thread alone, but for `isFree`.
///
/// INVARIANT: a file is written over only when all that it holds is synced in segments.
package final class CommitJournal: Sendable {
  private struct Half: Sendable {
    var file: (any DiskFile)?
    /// The bytes that were ever written, which need no new blocks.
    var writtenByteCount = 0
  }

  private struct State: Sendable {
    var halves = [Half(), Half()]
    var current = 0
    var position = 0
    var sequence: UInt64 = 1
    /// The logs with entries in the current half.
    var logs: [ObjectIdentifier: PartitionLog] = [:]
    /// They are synced in the same order in each run.
    var orderedLogs: [PartitionLog] {
      logs.values.sorted { $0.identity.directoryName < $1.identity.directoryName }
    }
  }

  package static let fileNames = ["moldau-journal-0", "moldau-journal-1"]

  private let directory: String
  private let disk: any Disk
  private let maxFileBytes: Int
  private let state = Mutex(State())
  private let otherIsFree = Atomic<Bool>(true)
  /// Where frames are put together; the commit thread's.
  private let buffer = FrameBuffer()

  init(directory: String, disk: any Disk, maxFileBytes: Int) {
    self.directory = directory
    self.disk = disk
    self.maxFileBytes = max(maxFileBytes, Limits.minJournalBytes)
  }

  /// Makes what the snapshots hold durable.
  ///
  /// Returns `false` when the journal has no room now: the caller then syncs the segments. On an
  /// error nothing may be taken for durable.
  func commit(
    _ snapshots: [CommitSnapshot], maintenance: MaintenanceQueue
  ) throws(DiskError) -> Bool {
    var entryCount = 0
    buffer.begin()
    for snapshot in snapshots {
      for extent in snapshot.extents {
        try buffer.add(extent, of: snapshot.log)
        entryCount += 1
      }
    }
    guard entryCount > 0 else { return true }
    let logs = snapshots.map(\.log)
    return try write(entryCount: entryCount, logs: logs, maintenance: maintenance)
  }

  /// Voids what the journal holds of a log at or above `offset`, before the log is cut there.
  func truncate(
    _ log: PartitionLog, to offset: Offset, maintenance: MaintenanceQueue
  ) throws(LogError) {
    let logs = state.withLock { $0.orderedLogs }
    do throws(DiskError) {
      if try writeTruncation(of: log, to: offset, maintenance) { return }
      do throws(LogError) { try log.services.syncAll(logs) } catch {
        throw DiskError(call: "fdatasync", path: log.directory.path, errno: 5)
      }
      // All that this half holds is in synced segments now, so it can start over.
      state.withLock { state in
        state.position = 0
        state.logs = [:]
      }
      _ = try writeTruncation(of: log, to: offset, maintenance)
    } catch {
      guard !error.isOutOfSpace else { throw LogError(error) }
      throw log.services.poison(error)
    }
  }

  private func writeTruncation(
    of log: PartitionLog, to offset: Offset, _ maintenance: MaintenanceQueue
  ) throws(DiskError) -> Bool {
    buffer.begin()
    buffer.addTruncation(of: log, to: offset)
    return try write(entryCount: 1, logs: [log], maintenance: maintenance)
  }

  private func write(
    entryCount: Int, logs: [PartitionLog], maintenance: MaintenanceQueue
  ) throws(DiskError) -> Bool {
    // The lock is the commit thread's alone meanwhile; what it guards is changed in place.
    try state.withLock { (state) throws(DiskError) in
      try write(&state, entryCount: entryCount, logs: logs, maintenance)
    }
  }

  private func write(
    _ state: inout State, entryCount: Int, logs: [PartitionLog], _ maintenance: MaintenanceQueue
  ) throws(DiskError) -> Bool {
    let frameByteCount = buffer.byteCount
    guard frameByteCount <= maxFileBytes else { return false }
    if state.position + frameByteCount > maxFileBytes {
      guard otherIsFree.load(ordering: .acquiring) else { return false }
      changeOver(&state, maintenance)
    }
    let file = try openHalf(&state)
    let end = state.position + frameByteCount
    var written = state.halves[state.current].writtenByteCount
    if end > written {
      let step = Limits.journalGrowthBytes
      written = min((end + step - 1) / step * step, max(maxFileBytes, end))
    }
    buffer.finish(
      sequence: state.sequence, entryCount: entryCount,
      paddedByteCount: max(
        frameByteCount,
        end > state.halves[state.current].writtenByteCount
          ? written - state.position : 0))
    try unsafe file.write(buffer.bytes, at: state.position)
    try file.sync()
    state.halves[state.current].writtenByteCount = written
    state.position = end
    state.sequence += 1
    for log in logs { state.logs[ObjectIdentifier(log)] = log }
    return true
  }

  /// Goes on in the other half, and has the logs of this one synced so that it becomes free.
  private func changeOver(_ state: inout State, _ maintenance: MaintenanceQueue) {
    let logs = state.orderedLogs
    state.current = 1 - state.current
    state.position = 0
    state.logs = [:]
    // A half without logs holds nothing, and is free at once.
    guard let services = logs.first?.services else { return }
    otherIsFree.store(false, ordering: .releasing)
    maintenance.add { [self] in
      do throws(LogError) {
        try services.syncAll(logs)
        otherIsFree.store(true, ordering: .releasing)
      } catch {
        services.logger.error("the commit journal cannot be freed: \(error)")
      }
    }
  }

  private func openHalf(_ state: inout State) throws(DiskError) -> any DiskFile {
    if let file = state.halves[state.current].file { return file }
    let file = try disk.open(
      "\(directory)/\(Self.fileNames[state.current])", .createEmpty)
    try disk.syncDirectory(directory)
    state.halves[state.current].file = file
    return file
  }

  /// Lets the logs go, which hold the journal in turn.
  func forgetLogs() {
    state.withLock { $0.logs = [:] }
  }

  /// Removes the files once all that they hold is synced in segments.
  func remove() throws(DiskError) {
    state.withLock { $0 = State() }
    try Self.removeFiles(in: directory, of: disk)
  }

  /// Removes a journal's files from a store's folder and makes that durable.
  ///
  /// The older one goes first: a crash must not leave batches without the later entry that voids them.
  static func removeFiles(in directory: String, of disk: any Disk) throws(DiskError) {
    var found: [(path: String, sequence: UInt64)] = []
    for name in fileNames {
      let path = "\(directory)/\(name)"
      guard try disk.kind(of: path) == .file else { continue }
      found.append((path, try firstSequence(in: path, of: disk)))
    }
    for (path, _) in found.sorted(by: { $0.sequence < $1.sequence }) {
      try disk.remove(path)
      try disk.syncDirectory(directory)
    }
  }

  /// The sequence number of a file's first frame, 0 when it has none.
  private static func firstSequence(in path: String, of disk: any Disk) throws(DiskError) -> UInt64
  {
    let file = try disk.open(path, .readOnly)
    var sequence: UInt64 = 0
    // SAFETY: the call fills in at most the eight bytes of `sequence`.
    let count = try unsafe withUnsafeMutableBytes(of: &sequence) { (bytes) throws(DiskError) in
      try unsafe file.read(into: bytes, at: CommitJournalFrame.sequencePosition)
    }
    return count == 8 ? UInt64(bigEndian: sequence) : 0
  }
}
