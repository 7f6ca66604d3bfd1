import MoldauDisk
import MoldauFormat

/// Records that recovery has found missing although later ones are there.
///
/// A log that is nobody's replica keeps what it has. A follower gets what is missing from its leader,
/// with all that comes after it: it says that its log ends there, and cuts it before it appends. A
/// file keeps the offset over a stop.
extension PartitionLog {
  /// Takes over what this opening has found, or an earlier one.
  func noteMissing(from found: Offset?) throws(LogError) {
    let known = try directory.marker(StoreLayout.missingMarker)?.offset
    // The log has lost its end too, and what is appended there is whole.
    if let known, known >= endOffset { try removeMissingMarker() }
    guard let first = [found, known].compactMap({ $0 }).min(), first < endOffset else { return }
    state.withLock { $0.firstMissing = first }
    guard first != known else { return }
    do throws(DiskError) {
      try services.disk.replaceFile(
        at: directory.path(StoreLayout.missingMarker), with: OffsetMarker(first).encode(),
        isDurable: true)
    } catch {
      throw LogError(error)
    }
  }

  /// Cuts the log where records are missing.
  func cutMissing(_ epoch: Int32) throws(LogError) {
    let missing = state.withLock { $0.firstMissing }
    if let missing { try truncate(to: missing, epoch: epoch) }
  }

  /// Durable when it returns, before anything is appended at or above the offset.
  func removeMissingMarker() throws(LogError) {
    let path = directory.path(StoreLayout.missingMarker)
    do throws(DiskError) {
      guard try services.disk.kind(of: path) == .file else { return }
      try services.disk.remove(path)
    } catch {
      throw LogError(error)
    }
    try directory.sync()
  }
}
