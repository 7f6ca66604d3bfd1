import MoldauDisk
import MoldauFormat

/// A partition's folder: where its files are and how they are opened. Shared by its segments.
final class PartitionDirectory: Sendable {
  let path: String
  let disk: any Disk
  let budget: HandleBudget
  let indexIntervalBytes: Int

  init(path: String, disk: any Disk, budget: HandleBudget, indexIntervalBytes: Int) {
    self.path = path
    self.disk = disk
    self.budget = budget
    self.indexIntervalBytes = indexIntervalBytes
  }

  func path(_ file: SegmentFileName) -> String {
    "\(path)/\(file)"
  }

  func path(_ name: String) -> String {
    "\(path)/\(name)"
  }

  func open(_ path: String, _ mode: OpenMode) throws(LogError) -> any DiskFile {
    do { return try disk.open(path, mode) } catch { throw LogError(error) }
  }

  /// Makes the names of the partition's files durable.
  func sync() throws(LogError) {
    do { try disk.syncDirectory(path) } catch { throw LogError(error) }
  }

  /// Returns the index in a file, or `nil` when there is none that can belong to the log.
  func readOffsetIndex(_ path: String, logByteCount: Int) throws(LogError) -> OffsetIndex? {
    do {
      guard try disk.kind(of: path) == .file else { return nil }
      let file = try disk.open(path, .readOnly)
      let size = try file.size()
      // A segment of few bytes has no entry; of many, it has lost them.
      guard size > 0 else {
        return logByteCount < Limits.maxUnindexedBytes ? OffsetIndex() : nil
      }
      let region = try file.map(size, at: 0, writable: false)
      return OffsetIndex(mapping: region, byteCount: size, logByteCount: logByteCount)
    } catch {
      throw LogError(error)
    }
  }

  /// Returns the index in a file, or `nil` when there is none that is well-formed.
  func readTimeIndex(_ path: String) throws(LogError) -> TimeIndex? {
    guard let bytes = try contents(of: path), !bytes.isEmpty else { return nil }
    return unsafe TimeIndex(parsing: bytes.span.bytes)
  }

  /// The newest well-formed snapshot at or below `offset`.
  func snapshot(
    atOrBelow offset: Offset
  ) throws(LogError) -> (offset: Offset, states: ProducerStates)? {
    let entries: [DirectoryEntry]
    do { entries = try disk.list(path) } catch { throw LogError(error) }
    let names = entries.compactMap { SegmentFileName(parsing: $0.name) }
    let offsets = names.filter { $0.kind == .snapshot && $0.state == .live }.map(\.baseOffset)
    return try snapshot(of: offsets.sorted(), atOrBelow: offset)
  }

  /// The newest well-formed one of the snapshots at `offsets`, which rise, at or below `offset`.
  func snapshot(
    of offsets: [Offset], atOrBelow offset: Offset
  ) throws(LogError) -> (offset: Offset, states: ProducerStates)? {
    for candidate in offsets.reversed() where candidate <= offset {
      let path = path(SegmentFileName(baseOffset: candidate, kind: .snapshot))
      guard let bytes = try contents(of: path) else { continue }
      do throws(FormatError) {
        return (candidate, ProducerStates(try unsafe ProducerSnapshot(parsing: bytes.span.bytes)))
      } catch {
        // Damaged: an older one and the batches behind it say the same.
        continue
      }
    }
    return nil
  }

  /// The whole contents of a file, or `nil` when there is none.
  func contents(of path: String) throws(LogError) -> [UInt8]? {
    do {
      guard try disk.kind(of: path) == .file else { return nil }
      return try disk.contents(of: path)
    } catch {
      throw LogError(error)
    }
  }
}
