import MoldauDisk
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// What a disk does not do, once it is armed: the calls of one kind, of which it may do some before.
final class DiskTrouble: Sendable {
  enum Kind: Sendable {
    case syncs
    case writes
  }

  private let kind: Kind
  private let lasts: Bool
  private let left: Atomic<Int>
  /// Whether a call may fail now.
  let isArmed = Flag()

  /// - Parameter skipped: how many calls go well before one fails.
  /// - Parameter lasts: whether all that follow fail, too.
  init(_ kind: Kind, skipped: Int, lasts: Bool) {
    self.kind = kind
    self.lasts = lasts
    left = Atomic(skipped)
  }

  func fault(of call: DiskCall) -> DiskFault? {
    let isMeant =
      switch kind {
      case .syncs: call.name == "fdatasync" || call.name == "fsync" || call.name == "syncfs"
      case .writes: call.name == "pwrite" || call.name == "pwritev"
      }
    guard isMeant, isArmed.isSet else { return nil }
    let before = left.subtract(1, ordering: .relaxed).oldValue
    return before == 0 || (before < 0 && lasts) ? .fail(errno: EIO) : nil
  }
}
