#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The bytes of one simulated file: zeros up to its end, wherever nothing was put.
///
/// A small file is a buffer that grows by moving. A large or mapped one lives in reserved memory
/// that takes up room only where it is written and never moves, so that maps can point into it.
@safe
struct SimulatedMemory: ~Copyable {
  /// The largest file; a segment's positions are 32-bit numbers too.
  static let byteLimit = 1 << 31
  /// From this size on a file gets reserved memory.
  static let movingByteLimit = 64 << 10

  private var base: UnsafeMutableRawPointer?
  private var capacity = 0
  private var isFixed = false

  init() {
    unsafe base = nil
  }

  deinit {
    // SAFETY: the memory is ours, and maps keep the file that owns it.
    guard let base = unsafe base else { return }
    if isFixed {
      unsafe SystemCalls.unmap(base, capacity)
    } else {
      unsafe base.deallocate()
    }
  }

  /// Makes room for the bytes before `end`.
  mutating func reserve(through end: Int, path: String) throws(DiskError) {
    precondition(end <= Self.byteLimit, "the caller checks the limit")
    guard end > capacity else { return }
    if end > Self.movingByteLimit {
      try unsafe fix(path: path)
      return
    }
    var grown = max(capacity * 2, 256)
    while grown < end { grown *= 2 }
    let moved = UnsafeMutableRawPointer.allocate(byteCount: grown, alignment: 16)
    // SAFETY: the block was just allocated with this size.
    unsafe memset(moved, 0, grown)
    unsafe take(moved, grown, isFixed: false)
  }

  /// Moves the bytes to where they stay for good; returns the address of byte 0.
  @discardableResult
  mutating func fix(path: String) throws(DiskError) -> UnsafeMutableRawPointer {
    if let base = unsafe base, isFixed { return unsafe base }
    let reserved = unsafe try SystemCalls.reserveMemory(Self.byteLimit, path: path)
    unsafe take(reserved, Self.byteLimit, isFixed: true)
    return unsafe reserved
  }

  /// Goes over to zeroed memory that holds at least as much.
  private mutating func take(
    _ moved: UnsafeMutableRawPointer, _ count: Int, isFixed willBeFixed: Bool
  ) {
    // SAFETY: `count` is at least `capacity`, and the old memory is ours.
    if let base = unsafe base {
      precondition(!isFixed && count >= capacity, "only moving memory moves, and only to grow")
      unsafe moved.copyMemory(from: base, byteCount: capacity)
      unsafe base.deallocate()
    }
    unsafe base = moved
    capacity = count
    isFixed = willBeFixed
  }

  /// Puts `bytes` at `position`, where there is room.
  mutating func put(_ bytes: UnsafeRawBufferPointer, at position: Int) {
    guard let source = bytes.baseAddress, bytes.count > 0 else { return }
    precondition(position + bytes.count <= capacity, "reserve first")
    guard let base = unsafe base else { return }
    // SAFETY: the range lies within the capacity; a map of this very file may be the source.
    unsafe memmove(base + position, source, bytes.count)
  }

  /// Fills `buffer` with the bytes from `position`, with zeros where there are none.
  func get(_ buffer: UnsafeMutableRawBufferPointer, at position: Int) {
    guard let destination = buffer.baseAddress else { return }
    let available = max(0, min(buffer.count, capacity - position))
    // SAFETY: `available` bytes exist from `position` on, and the rest is within the buffer.
    if available > 0, let base = unsafe base {
      unsafe memmove(destination, base + position, available)
    }
    if available < buffer.count {
      unsafe memset(destination + available, 0, buffer.count - available)
    }
  }

  /// Sets `range` to zeros again.
  mutating func clear(_ range: Range<Int>) {
    let range = min(range.lowerBound, capacity)..<min(range.upperBound, capacity)
    guard let base = unsafe base, !range.isEmpty else { return }
    let page = SystemCalls.pageByteCount
    let firstWhole = (range.lowerBound + page - 1) / page * page
    // SAFETY: the range lies within the capacity.
    guard isFixed, firstWhole < range.upperBound else {
      unsafe memset(base + range.lowerBound, 0, range.count)
      return
    }
    unsafe memset(base + range.lowerBound, 0, firstWhole - range.lowerBound)
    // Nothing but zeros lies behind the range's end: it is the end of the file.
    unsafe SystemCalls.discardMemory(base + firstWhole, range.upperBound - firstWhole)
  }
}

extension SimulatedMemory {
  /// Whether a page here is not the same as that of `other`.
  func differs(from other: borrowing SimulatedMemory, inPage page: Int) -> Bool {
    let count = PageSet.pageByteCount
    // SAFETY: the block ends with the closure, which splits it in two halves.
    return unsafe withUnsafeTemporaryAllocation(byteCount: 2 * count, alignment: 16) { pages in
      let mine = unsafe UnsafeMutableRawBufferPointer(rebasing: pages[..<count])
      let others = unsafe UnsafeMutableRawBufferPointer(rebasing: pages[count...])
      unsafe get(mine, at: page * count)
      unsafe other.get(others, at: page * count)
      guard let left = mine.baseAddress, let right = others.baseAddress else { return false }
      return unsafe memcmp(left, right, count) != 0
    }
  }

  func hash(ofPage page: Int) -> Int {
    // SAFETY: the block ends with the closure.
    unsafe withUnsafeTemporaryAllocation(byteCount: PageSet.pageByteCount, alignment: 16) { bytes in
      unsafe get(bytes, at: page * PageSet.pageByteCount)
      var hasher = Hasher()
      unsafe hasher.combine(bytes: UnsafeRawBufferPointer(bytes))
      return hasher.finalize()
    }
  }
}
