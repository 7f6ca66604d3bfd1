/// A growing buffer of frames, with places held open for record batches that are sent from
/// elsewhere.
///
/// One writer serves a connection for its life: `reset` keeps the memory. Writing cannot fail.
/// One thread.
@safe
package struct ProtocolWriter: ~Copyable {
  /// A place in the bytes at which `count` bytes from elsewhere are to be sent.
  package struct Cut: Equatable, Sendable {
    /// How many of the writer's bytes go before.
    package let position: Int
    /// Which of the caller's slices belongs here: the index given in `Records.outOfBand`.
    package let slice: Int
    /// The bytes of that slice.
    package let count: Int
  }

  /// What to send next.
  package enum Segment: Equatable, Sendable {
    /// These of the writer's own bytes.
    case bytes(Range<Int>)
    /// The caller's slice number `index`, of `count` bytes.
    case slice(index: Int, count: Int)
  }

  private var base: UnsafeMutableRawPointer?
  private var capacity = 0
  /// The bytes written so far, slices not counted.
  package private(set) var byteCount = 0
  /// The places of the slices, in ascending order.
  package private(set) var cuts: [Cut] = []
  private var slicedByteCount = 0
  /// The first error that was written since the last `reset`.
  package private(set) var firstError: ErrorCode?

  /// - Parameter capacity: the bytes to reserve at once; 0 reserves none.
  package init(capacity: Int = 0) {
    if capacity > 0 { grow(by: capacity) }
  }

  deinit {
    // SAFETY: the only owner lets go of what `grow` allocated.
    unsafe base?.deallocate()
  }

  /// The bytes written so far, slices left out.
  package var bytes: RawSpan {
    @_lifetime(borrow self)
    borrowing get {
      // SAFETY: the first `byteCount` bytes are initialised and live as long as this borrow.
      let buffer = unsafe UnsafeRawBufferPointer(start: base, count: byteCount)
      return unsafe _overrideLifetime(buffer.bytes, borrowing: self)
    }
  }

  /// Calls `body` with the bytes written so far, slices left out.
  package borrowing func withUnsafeBytes<R, E: Error>(
    _ body: (UnsafeRawBufferPointer) throws(E) -> R
  ) throws(E) -> R {
    // SAFETY: the first `byteCount` bytes are initialised and live throughout the call.
    try unsafe body(UnsafeRawBufferPointer(start: base, count: byteCount))
  }

  /// Calls `body` with each segment in the order in which it goes to the socket.
  package borrowing func forEachSegment<E: Error>(
    _ body: (Segment) throws(E) -> Void
  ) throws(E) {
    var start = 0
    for cut in cuts {
      if cut.position > start { try body(.bytes(start..<cut.position)) }
      try body(.slice(index: cut.slice, count: cut.count))
      start = cut.position
    }
    if byteCount > start { try body(.bytes(start..<byteCount)) }
  }

  /// Forgets what was written; keeps the memory.
  package mutating func reset() {
    byteCount = 0
    slicedByteCount = 0
    firstError = nil
    cuts.removeAll(keepingCapacity: true)
  }

  /// Takes note of an error that a message says.
  mutating func note(_ error: ErrorCode) {
    if firstError == nil, error != .none { firstError = error }
  }

  // MARK: Frames

  /// A frame that was begun: where its size stands.
  package struct OpenFrame: Sendable {
    let position: Int
    let slicedByteCount: Int
  }

  /// Begins a frame; its size is filled in by `endFrame`.
  package mutating func beginFrame() -> OpenFrame {
    let frame = OpenFrame(position: byteCount, slicedByteCount: slicedByteCount)
    integer(Int32(0))
    return frame
  }

  /// Ends `frame`: its size counts the slices too.
  package mutating func endFrame(_ frame: OpenFrame) {
    let written = byteCount - frame.position - MemoryLayout<Int32>.size
    let size = Int32(written + slicedByteCount - frame.slicedByteCount)
    // SAFETY: `beginFrame` reserved four bytes at `position`.
    unsafe base.unsafelyUnwrapped
      .storeBytes(of: size.bigEndian, toByteOffset: frame.position, as: Int32.self)
  }

  // MARK: Values

  /// Writes a fixed-width integer, big-endian.
  @inline(__always)
  package mutating func integer<I: FixedWidthInteger & BitwiseCopyable>(_ value: I) {
    let start = reserve(MemoryLayout<I>.size)
    // SAFETY: `reserve` made the room.
    unsafe base.unsafelyUnwrapped
      .storeBytes(of: value.bigEndian, toByteOffset: start, as: I.self)
  }

  /// Writes an unsigned variable-length integer.
  package mutating func unsignedVarint(_ value: UInt32) {
    var rest = value
    while rest >= 0x80 {
      integer(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest &>>= 7
    }
    integer(UInt8(truncatingIfNeeded: rest))
  }

  /// Writes the length of a string, or of null for nil.
  package mutating func stringLength(_ length: Int?, isCompact: Bool) {
    if isCompact {
      unsignedVarint(UInt32((length ?? -1) + 1))
    } else {
      integer(Int16(length ?? -1))
    }
  }

  /// Writes the length of bytes or records, or the count of an array, or null for nil.
  package mutating func bytesLength(_ length: Int?, isCompact: Bool) {
    if isCompact {
      unsignedVarint(UInt32((length ?? -1) + 1))
    } else {
      integer(Int32(length ?? -1))
    }
  }

  /// Writes a string with its length.
  ///
  /// A text above `Limits.stringByteCount` is cut at a character: names are never that long,
  /// since decoding refuses them, and an explanation for a person is better cut than lost.
  package mutating func string(_ value: String, isCompact: Bool) {
    var text = value
    text.makeContiguousUTF8()
    if text.utf8.count > Limits.stringByteCount { text = Self.cut(text) }
    stringLength(text.utf8.count, isCompact: isCompact)
    // SAFETY: the view is read within the call.
    unsafe text.utf8.span.bytes.withUnsafeBytes { utf8 in unsafe append(utf8) }
  }

  private static func cut(_ text: String) -> String {
    var end = text.startIndex
    var byteCount = 0
    for index in text.indices {
      byteCount += text[index].utf8.count
      guard byteCount <= Limits.stringByteCount else { break }
      end = text.index(after: index)
    }
    return String(text[..<end])
  }

  /// Appends a copy of `source`.
  package mutating func append(_ source: UnsafeRawBufferPointer) {
    // SAFETY: `reserve` makes the room; the caller's buffer is not the writer's own.
    guard let from = source.baseAddress else { return }
    let count = source.count
    let start = reserve(count)
    unsafe base?.advanced(by: start).copyMemory(from: from, byteCount: count)
  }

  /// Holds a place open for `count` bytes of the caller's slice `slice`.
  package mutating func cut(slice: Int, count: Int) {
    precondition(count >= 0, "a slice has a length")
    guard count > 0 else { return }
    cuts.append(Cut(position: byteCount, slice: slice, count: count))
    slicedByteCount += count
  }

  // MARK: Tagged fields

  /// Puts the size of what was written since `start` in front of it, as a varint.
  mutating func insertSize(at start: Int) {
    precondition(cuts.last.map { $0.position <= start } ?? true, "no slice in a tagged field")
    let size = UInt32(byteCount - start)
    let end = byteCount
    unsignedVarint(size)
    let width = byteCount - end
    // SAFETY: all offsets are below `byteCount`, which is within the storage; `copyMemory`
    // allows the regions to overlap.
    unsafe withUnsafeTemporaryAllocation(byteCount: 5, alignment: 1) { varint in
      let base = unsafe base.unsafelyUnwrapped
      unsafe varint.baseAddress.unsafelyUnwrapped
        .copyMemory(from: base.advanced(by: end), byteCount: width)
      unsafe base.advanced(by: start + width)
        .copyMemory(from: base.advanced(by: start), byteCount: end - start)
      unsafe base.advanced(by: start)
        .copyMemory(from: varint.baseAddress.unsafelyUnwrapped, byteCount: width)
    }
  }

  /// Replaces the byte at `position`.
  mutating func overwrite(at position: Int, with byte: UInt8) {
    precondition(position < byteCount, "only written bytes are replaced")
    // SAFETY: the byte is one of those written.
    unsafe base.unsafelyUnwrapped.storeBytes(of: byte, toByteOffset: position, as: UInt8.self)
  }

  // MARK: Memory

  /// Makes room for `count` more bytes and returns where they start.
  @inline(__always)
  private mutating func reserve(_ count: Int) -> Int {
    let start = byteCount
    if count > capacity &- start { grow(by: count) }
    byteCount = start &+ count
    return start
  }

  @inline(never)
  private mutating func grow(by count: Int) {
    let larger = max(capacity * 2, byteCount + count, 256)
    let memory = UnsafeMutableRawPointer.allocate(byteCount: larger, alignment: 8)
    // SAFETY: the old bytes are copied before the old memory is freed; nobody else has it.
    if let old = unsafe base {
      unsafe memory.copyMemory(from: old, byteCount: byteCount)
      unsafe old.deallocate()
    }
    unsafe base = unsafe memory
    capacity = larger
  }
}
