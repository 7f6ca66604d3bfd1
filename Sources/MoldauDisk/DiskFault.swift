import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A call that a `SimulatedDisk` is about to make.
package struct DiskCall: Hashable, Sendable {
  /// The C name of the call that `SystemDisk` would make, as `pwrite`.
  package var name: String
  package var path: String
  /// 1 for the first call on the disk, and so on.
  package var number: Int
  /// Whether the call can change the disk: false for reads and look-ups.
  package var isChange: Bool
}

/// What goes wrong with a call.
package enum DiskFault: Hashable, Sendable {
  /// Nothing is done and the call fails. A failed sync loses its data, as Linux does: a later one
  /// succeeds without them.
  case fail(errno: CInt)
  /// A write stops after `byteCount` bytes; other calls fail at once.
  case failAfterWriting(byteCount: Int, errno: CInt)
  /// The machine stops before this call: it and all later ones fail with EIO.
  case crash
  /// The machine stops after `byteCount` bytes of a write; before other calls.
  case crashAfterWriting(byteCount: Int)
}

extension DiskFault {
  /// A hook that lets the `nth` call (from 1) which `matches` meet `fault`, and no other.
  package static func at(
    _ nth: Int, _ fault: DiskFault, where matches: @escaping @Sendable (DiskCall) -> Bool
  ) -> @Sendable (DiskCall) -> DiskFault? {
    let seen = Mutex(0)
    return { call in
      guard matches(call) else { return nil }
      return seen.withLock { seen in
        seen += 1
        return seen == nth ? fault : nil
      }
    }
  }

  /// A hook that lets the `nth` call which can change the disk fail.
  package static func failing(
    nth: Int, errno: CInt = EIO
  ) -> @Sendable (DiskCall) -> DiskFault? {
    at(nth, .fail(errno: errno)) { $0.isChange }
  }

  /// A hook that stops the machine at the `nth` call which can change the disk.
  package static func crashing(nth: Int) -> @Sendable (DiskCall) -> DiskFault? {
    at(nth, .crash) { $0.isChange }
  }
}
