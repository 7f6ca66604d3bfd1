import MoldauDisk
import MoldauFormat
import Synchronization

/// A partition's folder: where its files are and how they are opened. Shared by its segments.
final class PartitionDirectory: Sendable {
  let path: String
  let disk: any Disk
  let budget: HandleBudget
  let indexIntervalBytes: Int
  /// Held while a file of the log is synced, so that whoever is told of a failure poisons the store
  /// before another's sync of the same file can seem to succeed.
  let syncing = Mutex(())
  private let gone = Atomic<Bool>(false)

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

  /// Whether the folder was deleted with its topic. Its path may be that of a new topic then.
  var isGone: Bool { gone.load(ordering: .acquiring) }

  /// Called before the folder gets another name.
  func noteDeletion() {
    gone.store(true, ordering: .releasing)
  }

  /// Opens a file of the folder.
  ///
  /// - Throws: `closed` when the folder is gone: what was found by its name may be another's then.
  func open(_ path: String, _ mode: OpenMode) throws(LogError) -> any DiskFile {
    let file: any DiskFile
    do { file = try disk.open(path, mode) } catch { throw isGone ? .closed : LogError(error) }
    if isGone { throw .closed }
    return file
  }

  /// Makes the names of the partition's files durable.
  func sync() throws(LogError) {
    do { try disk.syncDirectory(path) } catch { throw LogError(error) }
  }

  /// Returns the index in a file, or `nil` when there is none that can belong to the log.
  func readOffsetIndex(_ path: String, logByteCount: Int) throws(LogError) -> OffsetIndex? {
    let index: OffsetIndex?
    do throws(DiskError) {
      guard try disk.kind(of: path) == .file else { return nil }
      let file = try disk.open(path, .readOnly)
      let size = try file.size()
      // A segment of few bytes has no entry; of many, it has lost them.
      guard size > 0 else {
        return logByteCount < Limits.maxUnindexedBytes ? OffsetIndex() : nil
      }
      let region = try file.map(size, at: 0, writable: false)
      index = OffsetIndex(mapping: region, byteCount: size, logByteCount: logByteCount)
    } catch {
      throw isGone ? .closed : LogError(error)
    }
    if isGone { throw .closed }
    return index
  }

  /// Returns the index in a file, or `nil` when there is none that is well-formed.
  func readTimeIndex(_ path: String) throws(LogError) -> TimeIndex? {
    guard let bytes = try contents(of: path), !bytes.isEmpty else { return nil }
    return unsafe TimeIndex(parsing: bytes.span.bytes)
  }

  /// Returns the last entry of a time index's file, or `nil` when there is none to go by.
  func readLatestTime(_ path: String) throws(LogError) -> TimeIndexEntry? {
    var bytes = [UInt8](repeating: 0, count: TimeIndexEntry.byteCount)
    do throws(DiskError) {
      guard try disk.kind(of: path) == .file else { return nil }
      let file = try disk.open(path, .readOnly)
      let size = try file.size()
      guard size >= bytes.count, size.isMultiple(of: bytes.count) else { return nil }
      var failure: DiskError?
      // SAFETY: the buffer is the array's own storage and is not kept.
      unsafe bytes.withUnsafeMutableBytes { buffer in
        do throws(DiskError) {
          _ = try unsafe file.read(into: buffer, at: size - TimeIndexEntry.byteCount)
        } catch {
          failure = error
        }
      }
      if let failure { throw failure }
    } catch {
      throw isGone ? .closed : LogError(error)
    }
    if isGone { throw .closed }
    do throws(FormatError) {
      let entry = try unsafe TimeIndexEntry(parsing: bytes.span.bytes)
      // Zeros are what Kafka leaves behind the entries when it is killed.
      return entry.timestampMilliseconds <= 0 ? nil : entry
    } catch {
      return nil
    }
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

  /// The offset in a marker of this name, if there is one.
  func marker(_ name: String) throws(LogError) -> OffsetMarker? {
    let path = path(name)
    guard let bytes = try contents(of: path) else { return nil }
    do throws(FormatError) { return try OffsetMarker(parsing: bytes) } catch {
      throw .corrupt(path: path, position: .zero, reason: error)
    }
  }

  /// The whole contents of a file, or `nil` when there is none.
  func contents(of path: String) throws(LogError) -> [UInt8]? {
    let bytes: [UInt8]
    do throws(DiskError) {
      guard try disk.kind(of: path) == .file else { return nil }
      bytes = try disk.contents(of: path)
    } catch {
      throw isGone ? .closed : LogError(error)
    }
    if isGone { throw .closed }
    return bytes
  }
}
