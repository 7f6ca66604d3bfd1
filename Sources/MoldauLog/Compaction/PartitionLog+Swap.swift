import MoldauDisk
import MoldauFormat
import Synchronization

extension PartitionLog {
  /// Puts the segment whose `.cleaned` files are written in the place of those that it was made of.
  ///
  /// By the cleaner. Appenders wait for the change of the list alone. Readers keep the old segments as
  /// long as they use them.
  /// - Throws: `closed` when the log has lost one of them meanwhile, or was deleted.
  func replace(
    _ replaced: [Segment], byteCount: Int, dueMilliseconds: Int64
  ) throws(LogError) {
    try compaction.pendingSwap.withLock { (pending) throws(LogError) in
      precondition(pending == nil, "an earlier swap is not complete")
      guard !isDeleted, contains(replaced) else { throw .closed }
      // Their names are about to go, or to mean other files.
      for segment in replaced { try segment.detach() }
      let swap = SegmentSwap(
        directory: directory, baseOffset: replaced[0].baseOffset,
        mergedOffsets: replaced.dropFirst().map(\.baseOffset))
      do throws(DiskError) {
        try swap.prepare()
        try swap.commit()
      } catch {
        throw services.failedSync(error)
      }
      pending = CompactionState.PendingSwap(
        swap: swap, replaced: replaced, byteCount: byteCount, dueMilliseconds: dueMilliseconds)
      try complete(&pending)
    }
  }

  /// Ends a swap that a fault of the disk has held up.
  func finishSwap() throws(LogError) {
    try compaction.pendingSwap.withLock { (pending) throws(LogError) in
      guard pending != nil else { return }
      guard !isDeleted else { throw .closed }
      try services.checkHealth()
      try complete(&pending)
    }
  }

  private func complete(_ pending: inout CompactionState.PendingSwap?) throws(LogError) {
    guard let due = pending else { return }
    let unlinked: [String]
    do throws(DiskError) { unlinked = try due.swap.complete() } catch {
      throw services.failedSync(error)
    }
    exchange(
      due.replaced,
      for: Segment(
        baseOffset: due.swap.baseOffset, directory: directory, byteCount: due.byteCount,
        isSealed: true))
    pending = nil
    services.deletions.add(unlinked, dueMilliseconds: due.dueMilliseconds)
  }

  private func contains(_ replaced: [Segment]) -> Bool {
    let all = segments
    guard let start = all.firstIndex(where: { $0 === replaced[0] }),
      start + replaced.count < all.count
    else { return false }
    return zip(all[start...], replaced).allSatisfy { $0 === $1 }
  }

  private func exchange(_ replaced: [Segment], for segment: Segment) {
    state.withLock { _ in
      commitPoint.withLock { point in
        segmentList.withLock { list in
          guard let start = list.firstIndex(where: { $0 === replaced[0] }) else {
            preconditionFailure("the log has lost segments while its swap was held")
          }
          let end = start + replaced.count
          // What was compacted is synced: commits go on behind it.
          if replaced.contains(where: { $0 === point.segment }) {
            point = CommitPoint(segment: list[end], position: 0)
          }
          list.replaceSubrange(start..<end, with: [segment])
        }
      }
    }
  }

  /// Removes what an earlier pass has left that was stopped before it committed.
  func removeUncommittedSwaps() throws(LogError) {
    try compaction.pendingSwap.withLock { (pending) throws(LogError) in
      guard pending == nil, !isDeleted else { throw .closed }
      do throws(DiskError) { try SegmentSwap.removeUncommitted(in: directory) } catch {
        throw services.failedSync(error)
      }
    }
  }
}
