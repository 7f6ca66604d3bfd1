import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A file of a `SimulatedDisk`, apart from its names: what is read now and what a power cut leaves.
///
/// INVARIANT: a page whose bytes differ from the durable ones is in `unsynced`, or is mapped for
/// writing and found by `noteMappedWrites`.
/// INVARIANT: `unsynced` includes `dirty`; the pages of a failed sync are in the first only.
/// INVARIANT: pages that hold anything but zeros are in `allocated`, and those are in `ledger`.
///
/// `@unchecked Sendable`: owned by one inode, whose lock guards it.
@safe
struct SimulatedContents: ~Copyable, @unchecked Sendable {
  private(set) var size = 0
  private var memory = SimulatedMemory()
  private let ledger: SpaceLedger

  /// False for a disk that never crashes: then nothing durable is kept apart.
  private let isCrashable: Bool
  private var durable = SimulatedMemory()
  private var durableSize = 0
  /// The smallest size since the last sync.
  private var lowSize = 0
  private var isSizeDirty = false

  private var allocated = PageSet()
  private var dirty = PageSet()
  private var unsynced = PageSet()
  /// The hashes of mapped pages that a failed sync dropped: clean until they change again.
  private var dropped: [Int: Int] = [:]

  private var mappedRanges: [(range: Range<Int>, isWritable: Bool)] = []
  private var holderCount = 0
  private var isLinked = true

  init(ledger: SpaceLedger, isCrashable: Bool) {
    self.ledger = ledger
    self.isCrashable = isCrashable
  }

  // MARK: Reading and writing

  /// Fills `buffer` from `position`; returns how many bytes there were before the file's end.
  borrowing func read(into buffer: UnsafeMutableRawBufferPointer, at position: Int) -> Int {
    let count = max(0, min(buffer.count, size - position))
    guard count > 0 else { return 0 }
    // SAFETY: `count` is at most the buffer's.
    unsafe memory.get(UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]), at: position)
    return count
  }

  /// Writes `bytes` at `position`, as many as there is space for.
  mutating func write(
    _ bytes: UnsafeRawBufferPointer, at position: Int, call: String, path: String
  ) throws(DiskError) {
    guard bytes.count > 0 else { return }
    guard bytes.count <= SimulatedMemory.byteLimit - position else {
      throw DiskError(call: call, path: path, errno: EFBIG)
    }
    let range = position..<(position + bytes.count)
    let end = takeSpace(for: range)
    if end > position {
      try memory.reserve(through: end, path: path)
      // SAFETY: `end - position` is at most the count.
      unsafe memory.put(UnsafeRawBufferPointer(rebasing: bytes[..<(end - position)]), at: position)
      noteChange(position..<end)
      if end > size {
        size = end
        isSizeDirty = true
      }
    }
    if end < range.upperBound { throw DiskError(call: call, path: path, errno: ENOSPC) }
  }

  /// Takes the pages that `range` needs and does not have; returns where the space ends.
  private mutating func takeSpace(for range: Range<Int>) -> Int {
    let pages = PageSet.pages(of: range)
    let missing = allocated.missingCount(in: pages)
    guard missing > 0 else { return range.upperBound }
    var granted = ledger.take(missing)
    for page in pages where !allocated.contains(page) {
      guard granted > 0 else { return max(range.lowerBound, page * PageSet.pageByteCount) }
      allocated.insert(page)
      granted -= 1
    }
    return range.upperBound
  }

  private mutating func noteChange(_ range: Range<Int>) {
    guard isCrashable else { return }
    let pages = PageSet.pages(of: range)
    dirty.insert(pages)
    unsynced.insert(pages)
    if !dropped.isEmpty {
      for page in pages { dropped[page] = nil }
    }
  }

  mutating func truncate(to byteCount: Int, path: String) throws(DiskError) {
    guard byteCount <= SimulatedMemory.byteLimit else {
      throw DiskError(call: "ftruncate", path: path, errno: EFBIG)
    }
    if byteCount < size {
      noteMappedWrites()
      for mapped in mappedRanges {
        precondition(
          mapped.range.upperBound <= byteCount, "\(path) is truncated below the end of a map")
      }
      memory.clear(byteCount..<size)
      noteChange(byteCount..<size)
      let firstFree = (byteCount + PageSet.pageByteCount - 1) / PageSet.pageByteCount
      ledger.giveBack(allocated.removeAll(from: firstFree))
      lowSize = min(lowSize, byteCount)
    }
    if byteCount != size { isSizeDirty = true }
    size = byteCount
  }

  mutating func allocate(_ range: Range<Int>, path: String) throws(DiskError) {
    guard range.upperBound <= SimulatedMemory.byteLimit else {
      throw DiskError(call: "fallocate", path: path, errno: EFBIG)
    }
    let pages = PageSet.pages(of: range)
    let missing = allocated.missingCount(in: pages)
    let granted = ledger.take(missing)
    guard granted == missing else {
      ledger.giveBack(granted)
      throw DiskError(call: "fallocate", path: path, errno: ENOSPC)
    }
    allocated.insert(pages)
    if range.upperBound > size {
      size = range.upperBound
      isSizeDirty = true
    }
  }

  // MARK: Durability

  /// Makes all that is dirty durable.
  mutating func sync(path: String) throws(DiskError) {
    guard isCrashable else { return }
    noteMappedWrites()
    var dirtyEnd = 0
    for page in dirty.elements {
      let start = page * PageSet.pageByteCount
      let end = min(start + PageSet.pageByteCount, size)
      unsynced.remove(page)
      guard start < end else { continue }
      try durable.reserve(through: end, path: path)
      // SAFETY: both blocks end with the closure, and room was made for the bytes.
      unsafe withUnsafeTemporaryAllocation(byteCount: end - start, alignment: 16) { bytes in
        unsafe memory.get(bytes, at: start)
        unsafe durable.put(UnsafeRawBufferPointer(bytes), at: start)
      }
      dirtyEnd = end
    }
    dirty.removeAll()
    if isSizeDirty {
      durable.clear(size..<max(size, durableSize))
      durableSize = size
    } else {
      durableSize = max(durableSize, dirtyEnd)
    }
    lowSize = min(durableSize, size)
    isSizeDirty = false
  }

  /// What Linux does when a sync fails: the pages count as clean although they were not written.
  mutating func failSync() {
    guard isCrashable else { return }
    noteMappedWrites()
    if !mappedRanges.isEmpty {
      for page in dirty.elements { dropped[page] = memory.hash(ofPage: page) }
    }
    dirty.removeAll()
    isSizeDirty = false
  }

  /// Finds the pages that were written through a map since the last look.
  private mutating func noteMappedWrites() {
    guard isCrashable else { return }
    for mapped in mappedRanges where mapped.isWritable {
      for page in PageSet.pages(of: mapped.range.clamped(to: 0..<size)) {
        guard memory.differs(from: durable, inPage: page) else { continue }
        if let hash = dropped[page], hash == memory.hash(ofPage: page) { continue }
        dropped[page] = nil
        dirty.insert(page)
        unsynced.insert(page)
        if !allocated.contains(page) {
          allocated.insert(page)
          ledger.takeRegardless(1)
        }
      }
    }
  }

  // MARK: Holders

  /// Maps `range`; the address is that of its first byte.
  mutating func map(
    _ range: Range<Int>, writable: Bool, path: String
  ) throws(DiskError) -> UnsafeMutableRawPointer {
    guard range.upperBound <= SimulatedMemory.byteLimit else {
      throw DiskError(call: "mmap", path: path, errno: EFBIG)
    }
    // SAFETY: the range lies within the reserved memory.
    let base = unsafe try memory.fix(path: path) + range.lowerBound
    mappedRanges.append((range, writable))
    holderCount += 1
    return unsafe base
  }

  mutating func unmap(_ range: Range<Int>, writable: Bool) {
    if writable { noteMappedWrites() }
    guard
      let index = mappedRanges.firstIndex(where: { $0.range == range && $0.isWritable == writable })
    else { preconditionFailure("unmapped twice") }
    mappedRanges.remove(at: index)
    letGo()
  }

  mutating func hold() {
    holderCount += 1
  }

  mutating func letGo() {
    precondition(holderCount > 0, "let go more often than held")
    holderCount -= 1
    freeSpaceIfUnused()
  }

  mutating func unlink() {
    isLinked = false
    freeSpaceIfUnused()
  }

  /// Gives the space back once neither a name nor an open file leads here.
  private mutating func freeSpaceIfUnused() {
    guard !isLinked, holderCount == 0 else { return }
    // The pages stay known: the name may be back after a crash.
    ledger.giveBack(allocated.elements.count)
  }

  // MARK: Crash

  /// What is left of the file after a crash of the given style.
  mutating func survivor(
    _ style: CrashStyle, ledger: SpaceLedger, using generator: inout some RandomNumberGenerator,
    path: String
  ) throws(DiskError) -> SimulatedContents {
    noteMappedWrites()
    let outcome = sizeAfterCrash(style, using: &generator)
    var left = SimulatedContents(ledger: ledger, isCrashable: true)
    left.size = outcome.size
    // A file whose name is gone and whose holders died with the process takes no space. After a
    // power cut it is here only if its name is back.
    left.isLinked = isLinked || style != .keepAll
    for page in allocated.union(unsynced).elements {
      let start = page * PageSet.pageByteCount
      let count = min(PageSet.pageByteCount, outcome.size - start)
      guard count > 0 else { break }
      left.allocated.insert(page)
      if left.isLinked { ledger.takeRegardless(1) }
      // SAFETY: all blocks end with the closures.
      try unsafe withPages { (new, old) throws(DiskError) in
        unsafe memory.get(new, at: start)
        unsafe durable.get(old, at: start)
        if !unsynced.contains(page) { unsafe old.copyMemory(from: UnsafeRawBufferPointer(new)) }
        if !outcome.isUncut, outcome.lowSize < start + PageSet.pageByteCount {
          let kept = max(0, outcome.lowSize - start)
          unsafe UnsafeMutableRawBufferPointer(rebasing: old[kept...])
            .initializeMemory(as: UInt8.self, repeating: 0)
        }
        let mixed = outcome.isUncut ? outcome.lowSize - start : PageSet.pageByteCount
        unsafe Self.mix(new, into: old, before: mixed, style, using: &generator)
        let bytes = unsafe UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(old)[..<count])
        try left.memory.reserve(through: start + count, path: path)
        unsafe left.memory.put(bytes, at: start)
        if style != .keepAll {
          try left.durable.reserve(through: start + count, path: path)
          unsafe left.durable.put(bytes, at: start)
        }
      }
    }
    if style == .keepAll {
      try copyDurability(to: &left, path: path)
    } else {
      left.durableSize = left.size
      left.lowSize = left.size
    }
    return left
  }

  /// Hands on what a killed process does not change: what is durable and what is still to be synced.
  private borrowing func copyDurability(
    to left: inout SimulatedContents, path: String
  ) throws(DiskError) {
    for page in allocated.union(unsynced).elements {
      let start = page * PageSet.pageByteCount
      let end = min(start + PageSet.pageByteCount, durableSize)
      guard start < end else { break }
      try left.durable.reserve(through: end, path: path)
      // SAFETY: the block ends with the closure.
      unsafe withUnsafeTemporaryAllocation(byteCount: end - start, alignment: 16) { bytes in
        unsafe durable.get(bytes, at: start)
        unsafe left.durable.put(UnsafeRawBufferPointer(bytes), at: start)
      }
    }
    left.durableSize = durableSize
    left.lowSize = lowSize
    left.isSizeDirty = isSizeDirty
    left.dirty = dirty
    left.unsynced = unsynced
    left.dropped = dropped
  }

  private struct SizeOutcome {
    var size: Int
    /// Where the durable bytes end that no truncation since the last sync cut.
    var lowSize: Int
    /// Such a truncation did not reach the disk: behind `lowSize` all is as it was.
    var isUncut: Bool
  }

  private borrowing func sizeAfterCrash(
    _ style: CrashStyle, using generator: inout some RandomNumberGenerator
  ) -> SizeOutcome {
    let uncut = SizeOutcome(size: durableSize, lowSize: lowSize, isUncut: true)
    switch style {
    case .loseAllUnsynced: return uncut
    case .keepAll: return SizeOutcome(size: size, lowSize: lowSize, isUncut: false)
    case .random, .randomTorn: break
    }
    if lowSize < durableSize, Bool.random(using: &generator) { return uncut }
    let sizes = [lowSize, size, Int.random(in: lowSize...size, using: &generator)]
    let chosen = sizes[Int.random(in: 0..<3, using: &generator)]
    return SizeOutcome(size: chosen, lowSize: lowSize, isUncut: false)
  }

  /// Lets parts of the new page take the place of the old one's.
  private static func mix(
    _ new: UnsafeMutableRawBufferPointer, into old: UnsafeMutableRawBufferPointer,
    before limit: Int, _ style: CrashStyle, using generator: inout some RandomNumberGenerator
  ) {
    let sectorByteCount = 512
    for start in stride(from: 0, to: min(limit, old.count), by: sectorByteCount) {
      let end = min(start + sectorByteCount, limit)
      let kept: Int
      switch style {
      case .loseAllUnsynced: kept = 0
      case .keepAll: kept = end - start
      case .random: kept = Bool.random(using: &generator) ? end - start : 0
      case .randomTorn:
        kept =
          switch Int.random(in: 0..<3, using: &generator) {
          case 0: 0
          case 1: end - start
          default: Int.random(in: 0...(end - start), using: &generator)
          }
      }
      // SAFETY: both pages hold the range.
      unsafe UnsafeMutableRawBufferPointer(rebasing: old[start..<start + kept])
        .copyMemory(from: UnsafeRawBufferPointer(rebasing: new[start..<start + kept]))
    }
  }
}

/// Two pages of scratch memory.
private func withPages(
  _ body: (UnsafeMutableRawBufferPointer, UnsafeMutableRawBufferPointer) throws(DiskError) -> Void
) throws(DiskError) {
  let count = PageSet.pageByteCount
  let pages = UnsafeMutableRawBufferPointer.allocate(byteCount: 2 * count, alignment: 16)
  // SAFETY: freed on every way out, and nobody keeps it.
  defer { unsafe pages.deallocate() }
  try unsafe body(
    UnsafeMutableRawBufferPointer(rebasing: pages[..<count]),
    UnsafeMutableRawBufferPointer(rebasing: pages[count...]))
}
