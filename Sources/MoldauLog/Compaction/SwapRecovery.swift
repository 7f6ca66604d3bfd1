import MoldauDisk
import MoldauFormat

/// Ends, on opening, a swap of segments that a crash has cut short, or undoes one that was not committed:
/// of this cleaner or of Kafka's.
struct SwapRecovery {
  let directory: PartitionDirectory
  /// The segment files of the folder.
  let names: [SegmentFileName]

  /// Returns whether anything was changed.
  func run() throws(LogError) -> Bool {
    let swaps = names.filter { $0.state == .swap }
    guard !swaps.isEmpty else { return false }
    // What lies at or above a `.cleaned` file was being written with it.
    let firstCleaned = names.filter { $0.state == .cleaned }.map(\.baseOffset).min()
    let uncommitted = swaps.filter { swap in
      firstCleaned.map { $0 <= swap.baseOffset } ?? false || swap.kind == .snapshot
    }
    let committed = swaps.filter { !uncommitted.contains($0) }
    do throws(DiskError) {
      for name in uncommitted { try directory.disk.remove(directory.path(name)) }
      // Before the `.cleaned` files go, by which they are known.
      if !uncommitted.isEmpty { try directory.disk.syncDirectory(directory.path) }
    } catch {
      throw LogError(error)
    }
    for base in Set(committed.map(\.baseOffset)).sorted() {
      let hasLog = committed.contains { $0.baseOffset == base && $0.kind == .log }
      try complete(base, hasLog: hasLog)
    }
    return true
  }

  private func complete(_ base: Offset, hasLog: Bool) throws(LogError) {
    var swap = SegmentSwap(directory: directory, baseOffset: base, mergedOffsets: [])
    guard hasLog else {
      do throws(DiskError) { return try swap.completeIndexes() } catch { throw LogError(error) }
    }
    let end = try end(of: base)
    swap.mergedOffsets = names.filter {
      $0.state == .live && $0.kind != .snapshot && $0.baseOffset > base && $0.baseOffset < end
    }.map(\.baseOffset)
    do throws(DiskError) {
      for path in try swap.complete() where try directory.disk.kind(of: path) == .file {
        try directory.disk.remove(path)
      }
    } catch {
      throw LogError(error)
    }
  }

  /// The offset after the last batch of a `.swap` log: segments below it were merged into it.
  private func end(of base: Offset) throws(LogError) -> Offset {
    let path = directory.path(SegmentFileName(baseOffset: base, kind: .log, state: .swap))
    let file = try directory.open(path, .readOnly)
    let size: Int
    do throws(DiskError) { size = try file.size() } catch { throw LogError(error) }
    var reader = BatchReader(file: file, from: 0, to: size, checksChecksums: false)
    var end = base
    while case .batch(let header, _) = try reader.next() { end = header.nextOffset }
    return end
  }
}
