/// The bytes that came from the socket and were not consumed yet; keeps its memory.
@safe
struct ReceiveBuffer: ~Copyable {
  // INVARIANT: 0 <= start <= end <= storage.count.
  private var storage: UnsafeMutableRawBufferPointer
  private var start = 0
  private var end = 0

  init(capacity: Int) {
    unsafe storage = .allocate(byteCount: capacity, alignment: 16)
  }

  deinit { unsafe storage.deallocate() }

  var byteCount: Int { end - start }

  /// The bytes not consumed yet.
  var bytes: RawSpan {
    @_lifetime(borrow self)
    borrowing get {
      // SAFETY: `start..<end` was received; the borrow keeps the memory as it is.
      let received = unsafe UnsafeRawBufferPointer(rebasing: storage[start..<end])
      return unsafe _overrideLifetime(received.bytes, borrowing: self)
    }
  }

  /// Forgets the first `count` bytes.
  mutating func consume(_ count: Int) {
    precondition(count <= byteCount, "only what was received is consumed")
    start += count
    if start == end {
      start = 0
      end = 0
    }
  }

  /// Receives until `count` bytes are there; throws `.closed` when the other end closes before.
  mutating func fill(
    to count: Int, from socket: borrowing SystemSocket
  ) throws(SystemSocket.Failure) {
    if unsafe count > storage.count - start { makeRoom(for: count) }
    while byteCount < count {
      // SAFETY: the free part of the storage is written by the call alone.
      let received = try unsafe socket.receive(
        into: UnsafeMutableRawBufferPointer(rebasing: storage[end...]))
      guard received > 0 else { throw .closed }
      end += received
    }
  }

  /// Moves the bytes to the front, into larger memory when `count` would not fit.
  private mutating func makeRoom(for count: Int) {
    let kept = byteCount
    var target = unsafe storage
    if unsafe count > storage.count {
      unsafe target = .allocate(byteCount: max(count, storage.count * 2), alignment: 16)
    }
    // SAFETY: both have room for what is kept; `memmove` semantics allow the overlap.
    unsafe target.copyMemory(from: UnsafeRawBufferPointer(rebasing: storage[start..<end]))
    if unsafe target.baseAddress != storage.baseAddress {
      unsafe storage.deallocate()
      unsafe storage = target
    }
    start = 0
    end = kept
  }
}
