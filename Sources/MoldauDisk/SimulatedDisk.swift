import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A disk in memory, for stores that need no other and for tests of those that do.
///
/// It answers as the operating system does, and in addition
/// - `crash` gives the disk that a power cut or the death of the process leaves: what was synced
///   survives, anything else may be there, gone or torn;
/// - `onCall` sees each call and lets it fail or the machine stop there;
/// - `capacity` bounds its space.
///
/// Paths are looked up from its own root, relative ones too. Files end at 2 GiB. All calls may be
/// made from any thread.
package final class SimulatedDisk: Disk {
  private let names: Mutex<SimulatedNames>
  private let ledger: SpaceLedger
  private let isCrashable: Bool
  /// The time of day, in milliseconds since 1970, for files that change.
  let now: @Sendable () -> Int64

  /// A structure around the closure: each access to a closure of a generic type's would wrap it
  /// once more.
  private struct Hook: Sendable {
    var body: (@Sendable (DiskCall) -> DiskFault?)?
  }

  private let hook = Mutex(Hook())
  private let isHooked = Atomic(false)
  private let isStopped = Atomic(false)
  private let calls = Atomic(0)

  /// - Parameter isCrashable: Whether what is durable is kept apart. A disk that never crashes does
  ///   without; there, a sync costs nothing.
  /// - Parameter now: The time of day, in milliseconds since 1970; the system's by default.
  package init(
    isCrashable: Bool = true, capacity: Int? = nil, now: (@Sendable () -> Int64)? = nil
  ) {
    self.isCrashable = isCrashable
    self.now = now ?? { SystemCalls.nowMilliseconds() }
    names = Mutex(SimulatedNames(isCrashable: isCrashable))
    ledger = SpaceLedger(limit: Self.pageLimit(capacity))
  }

  private init(
    _ names: SimulatedNames, _ ledger: SpaceLedger, now: @escaping @Sendable () -> Int64
  ) {
    isCrashable = true
    self.now = now
    self.names = Mutex(names)
    self.ledger = ledger
  }

  // MARK: What tests see and set

  /// Asked before each call, by the calling thread, with no lock held.
  package var onCall: (@Sendable (DiskCall) -> DiskFault?)? {
    get { hook.withLock { $0.body } }
    set {
      hook.withLock { $0.body = newValue }
      isHooked.store(newValue != nil, ordering: .releasing)
    }
  }

  /// The bytes that fit, counted in whole pages of files; `nil` for no bound.
  package var capacity: Int? {
    get { ledger.pageLimit == Int.max ? nil : ledger.pageLimit * PageSet.pageByteCount }
    set { ledger.pageLimit = Self.pageLimit(newValue) }
  }

  /// The bytes taken, counted in whole pages of files.
  package var usedBytes: Int { ledger.takenPageCount * PageSet.pageByteCount }

  /// The calls made so far.
  package var callCount: Int { calls.load(ordering: .relaxed) }

  /// Whether the machine has stopped: by a fault or by `crash`. Each call fails with EIO.
  package var isDown: Bool { isStopped.load(ordering: .acquiring) }

  /// Stops this disk and returns the one that is found after the restart: with no open files, no
  /// locks and no hook.
  ///
  /// - Precondition: the disk is crashable.
  package func crash(
    _ style: CrashStyle, using generator: inout some RandomNumberGenerator
  ) -> SimulatedDisk {
    precondition(isCrashable, "this disk keeps nothing durable apart")
    isStopped.store(true, ordering: .sequentiallyConsistent)
    let ledger = SpaceLedger(limit: ledger.pageLimit)
    do throws(DiskError) {
      let left = try names.withLock { names throws(DiskError) in
        try names.survivor(style, using: &generator) { inode, generator throws(DiskError) in
          SimulatedInode(
            try inode.contents.withLock { contents throws(DiskError) in
              try contents.survivor(style, ledger: ledger, using: &generator, path: "")
            }, modifiedMilliseconds: inode.modifiedMilliseconds.load(ordering: .relaxed))
        }
      }
      return SimulatedDisk(left, ledger, now: now)
    } catch {
      preconditionFailure("no memory for the simulation: \(error)")
    }
  }

  /// `crash(_:using:)` for the styles that leave nothing to chance.
  package func crash(_ style: CrashStyle) -> SimulatedDisk {
    precondition(style == .loseAllUnsynced || style == .keepAll, "\(style) needs a random source")
    var unused = SeededGenerator(seed: 0)
    return crash(style, using: &unused)
  }

  private static func pageLimit(_ capacity: Int?) -> Int {
    capacity.map { $0 / PageSet.pageByteCount } ?? Int.max
  }

  // MARK: Faults

  /// What a fault leaves of a write.
  struct PartialWrite {
    var byteCount: Int
    var errno: CInt
    var stopsMachine: Bool
  }

  /// Counts a call, asks the hook, and throws when the call fails before doing anything.
  ///
  /// HOT: once per call. No lock unless there is a hook.
  func begin(
    _ call: String, _ path: String, isChange: Bool
  ) throws(DiskError) -> PartialWrite? {
    let number = calls.add(1, ordering: .relaxed).newValue
    guard isHooked.load(ordering: .acquiring), let onCall else { return nil }
    try checkIsUp(call, path)
    switch onCall(DiskCall(name: call, path: path, number: number, isChange: isChange)) {
    case nil: return nil
    case .fail(let errno):
      throw DiskError(call: call, path: path, errno: errno)
    case .failAfterWriting(let byteCount, let errno):
      return PartialWrite(byteCount: byteCount, errno: errno, stopsMachine: false)
    case .crash:
      stop()
      throw DiskError(call: call, path: path, errno: EIO)
    case .crashAfterWriting(let byteCount):
      return PartialWrite(byteCount: byteCount, errno: EIO, stopsMachine: true)
    }
  }

  /// As `begin` for calls that write nothing: a partial one fails at once.
  private func beginWhole(_ call: String, _ path: String, isChange: Bool) throws(DiskError) {
    if let partial = try begin(call, path, isChange: isChange) { throw finish(partial, call, path) }
  }

  /// Ends a call that a fault cut short.
  func finish(_ partial: PartialWrite, _ call: String, _ path: String) -> DiskError {
    if partial.stopsMachine { stop() }
    return DiskError(call: call, path: path, errno: partial.errno)
  }

  private func stop() {
    isStopped.store(true, ordering: .sequentiallyConsistent)
  }

  /// Called under the lock that guards what the call is about, so that `crash`, which takes it later,
  /// sees all of the call or nothing.
  func checkIsUp(_ call: String, _ path: String) throws(DiskError) {
    if isStopped.load(ordering: .sequentiallyConsistent) {
      throw DiskError(call: call, path: path, errno: EIO)
    }
  }

  // MARK: Disk

  package func open(_ path: String, _ mode: OpenMode) throws(DiskError) -> any DiskFile {
    let creates = mode == .create || mode == .createEmpty
    try beginWhole("open", path, isChange: creates)
    let inode = try names.withLock { names throws(DiskError) in
      try checkIsUp("open", path)
      let inode = try openInode(path, creates: creates, call: "open", in: &names)
      try inode.contents.withLock { contents throws(DiskError) in
        if mode == .createEmpty { try contents.truncate(to: 0, path: path) }
        contents.hold()
      }
      return inode
    }
    return SimulatedFile(self, inode, path, isWritable: mode != .readOnly)
  }

  private func openInode(
    _ path: String, creates: Bool, call: String, in names: inout SimulatedNames
  ) throws(DiskError) -> SimulatedInode {
    if !creates {
      guard case .file(let inode) = try names.node(at: path, call: call) else {
        throw DiskError(call: call, path: path, errno: EISDIR)
      }
      return inode
    }
    let place = try names.place(of: path, call: call)
    switch place.node {
    case .file(let inode): return inode
    case .directory: throw DiskError(call: call, path: path, errno: EISDIR)
    case nil:
      let inode = SimulatedInode(
        SimulatedContents(ledger: ledger, isCrashable: isCrashable), modifiedMilliseconds: now())
      names.add(.file(inode), at: place)
      return inode
    }
  }

  package func makeDirectory(_ path: String) throws(DiskError) {
    try change("mkdir", path) { names throws(DiskError) in
      switch try names.kind(of: path, call: "mkdir") {
      case .directory: return
      case .some: throw DiskError(call: "mkdir", path: path, errno: EEXIST)
      case nil:
        let place = try names.place(of: path, call: "mkdir")
        names.add(.directory(SimulatedDirectory()), at: place)
      }
    }
  }

  package func list(_ path: String) throws(DiskError) -> [DirectoryEntry] {
    try look("opendir", path) { names throws(DiskError) in
      // In the order of their names, so that what is done again with the same seed goes the same way.
      try names.directory(at: path, call: "opendir").entries.sorted { $0.key < $1.key }.map {
        DirectoryEntry(name: $0.key, kind: $0.value.kind)
      }
    }
  }

  package func kind(of path: String) throws(DiskError) -> DirectoryEntry.Kind? {
    try look("stat", path) { names throws(DiskError) in
      try names.kind(of: path, call: "stat")
    }
  }

  package func size(of path: String) throws(DiskError) -> Int {
    let inode = try look("stat", path) { names throws(DiskError) in
      try names.file(at: path, call: "stat")
    }
    return inode.contents.withLock { $0.size }
  }

  package func modificationTime(of path: String) throws(DiskError) -> Int64 {
    let inode = try look("stat", path) { names throws(DiskError) in
      try names.file(at: path, call: "stat")
    }
    return inode.modifiedMilliseconds.load(ordering: .relaxed)
  }

  package func setModificationTime(of path: String, to milliseconds: Int64) throws(DiskError) {
    let inode = try change("utimensat", path) { names throws(DiskError) in
      try names.file(at: path, call: "utimensat")
    }
    inode.modifiedMilliseconds.store(milliseconds, ordering: .relaxed)
  }

  package func rename(_ source: String, to destination: String) throws(DiskError) {
    try change("rename", source) { names throws(DiskError) in
      let from = try names.place(of: source, call: "rename")
      let onto = try names.place(of: destination, call: "rename")
      func failure(_ errno: CInt) -> DiskError {
        DiskError(call: "rename", path: source, errno: errno)
      }
      guard let node = from.node else { throw failure(ENOENT) }
      switch (node, onto.node) {
      case (.directory(let moved), let replaced):
        if names.isInside(onto.directory, moved) { throw failure(EINVAL) }
        switch replaced {
        case nil: break
        case .file: throw failure(ENOTDIR)
        case .directory(let there):
          if there === moved { return }
          guard there.entries.isEmpty else { throw failure(ENOTEMPTY) }
        }
      case (.file, .directory): throw failure(EISDIR)
      case (.file(let moved), .file(let replaced)):
        if moved === replaced { return }
        replaced.contents.withLock { $0.unlink() }
      case (.file, nil): break
      }
      names.move(node, from: from, to: onto)
    }
  }

  package func remove(_ path: String) throws(DiskError) {
    try change("unlink", path) { names throws(DiskError) in
      let place = try names.place(of: path, call: "unlink")
      switch place.node {
      case nil: throw DiskError(call: "unlink", path: path, errno: ENOENT)
      case .directory: throw DiskError(call: "unlink", path: path, errno: EISDIR)
      case .file(let inode):
        inode.contents.withLock { $0.unlink() }
        names.remove(.file(inode), at: place)
      }
    }
  }

  package func removeDirectory(_ path: String) throws(DiskError) {
    try change("rmdir", path) { names throws(DiskError) in
      let place = try names.place(of: path, call: "rmdir")
      switch place.node {
      case nil: throw DiskError(call: "rmdir", path: path, errno: ENOENT)
      case .file: throw DiskError(call: "rmdir", path: path, errno: ENOTDIR)
      case .directory(let directory):
        guard directory.entries.isEmpty else {
          throw DiskError(call: "rmdir", path: path, errno: ENOTEMPTY)
        }
        names.remove(.directory(directory), at: place)
      }
    }
  }

  package func syncDirectory(_ path: String) throws(DiskError) {
    try change("fsync", path) { names throws(DiskError) in
      names.sync(try names.directory(at: path, call: "fsync"))
    }
  }

  package func syncFileSystem(_ path: String) throws(DiskError) {
    do throws(DiskError) {
      try beginWhole("syncfs", path, isChange: true)
    } catch {
      names.withLock { names in
        guard !isDown else { return }
        for inode in names.allFiles() { inode.contents.withLock { $0.failSync() } }
      }
      throw error
    }
    try names.withLock { names throws(DiskError) in
      try checkIsUp("syncfs", path)
      _ = try names.directory(at: path, call: "syncfs")
      for inode in names.allFiles() {
        try inode.contents.withLock { contents throws(DiskError) in try contents.sync(path: path) }
      }
      names.syncAll()
    }
  }

  package func lock(_ path: String) throws(DiskError) -> (any DiskLock)? {
    try change("flock", path) { names throws(DiskError) in
      let inode = try openInode(path, creates: true, call: "flock", in: &names)
      return SimulatedLock(inode)
    }
  }

  package func availableBytes(at path: String) throws(DiskError) -> Int {
    max(0, try capacityBytes(at: path) - ledger.takenPageCount * PageSet.pageByteCount)
  }

  package func capacityBytes(at path: String) throws(DiskError) -> Int {
    try look("statvfs", path) { names throws(DiskError) in
      _ = try names.node(at: path, call: "statvfs")
    }
    // Without a bound there is as much as anybody asks for.
    return min(ledger.pageLimit, Int(CInt.max)) * PageSet.pageByteCount
  }

  private func change<Result: Sendable>(
    _ call: String, _ path: String, _ body: (inout SimulatedNames) throws(DiskError) -> Result
  ) throws(DiskError) -> Result {
    try beginWhole(call, path, isChange: true)
    return try names.withLock { names throws(DiskError) in
      try checkIsUp(call, path)
      return try body(&names)
    }
  }

  private func look<Result: Sendable>(
    _ call: String, _ path: String, _ body: (SimulatedNames) throws(DiskError) -> Result
  ) throws(DiskError) -> Result {
    try beginWhole(call, path, isChange: false)
    return try names.withLock { names throws(DiskError) in
      try checkIsUp(call, path)
      return try body(names)
    }
  }
}

/// A lock on a simulated file; held by at most one object.
final class SimulatedLock: DiskLock {
  private let inode: SimulatedInode

  /// Returns `nil` when the lock is held.
  init?(_ inode: SimulatedInode) {
    guard !inode.isLocked.exchange(true, ordering: .acquiringAndReleasing) else { return nil }
    self.inode = inode
  }

  deinit {
    inode.isLocked.store(false, ordering: .releasing)
  }
}
