import MoldauDisk
import Synchronization

/// Files that were renamed to `.deleted` and are unlinked when their time has come.
///
/// Readers of this process hold them open and are not disturbed by either step.
final class PendingDeletions: Sendable {
  private struct Entry: Sendable {
    var path: String
    var dueMilliseconds: Int64
  }

  private let entries = Mutex<[Entry]>([])

  func add(_ paths: [String], dueMilliseconds: Int64) {
    entries.withLock { entries in
      entries += paths.map { Entry(path: $0, dueMilliseconds: dueMilliseconds) }
    }
  }

  /// Unlinks what is due.
  func removeDue(now: Int64, _ services: StoreServices) {
    let due = entries.withLock { entries in
      let due = entries.filter { $0.dueMilliseconds <= now }
      entries.removeAll { $0.dueMilliseconds <= now }
      return due
    }
    for entry in due {
      do throws(DiskError) {
        // With a topic that was deleted meanwhile, its folder got another name.
        guard try services.disk.kind(of: entry.path) == .file else { continue }
        try services.disk.remove(entry.path)
      } catch {
        services.logger.warning("\(entry.path) could not be removed: \(error)")
      }
    }
  }
}
