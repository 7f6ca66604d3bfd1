import NIOCore

/// The buffer into which the connections of one event loop receive, one after the other.
///
/// A connection that has nothing to say holds none, however many there are.
final class ReceiveMemory {
  /// Without storage while a connection reads into it.
  private var buffer = ByteBuffer()

  /// Lends the buffer, empty.
  func take(_ allocator: ByteBufferAllocator) -> ByteBuffer {
    guard buffer.capacity > 0 else { return allocator.buffer(capacity: Limits.receiveBytes) }
    var lent = buffer
    buffer = ByteBuffer()
    lent.clear()
    return lent
  }

  /// Takes the buffer back, once all in it was handled.
  func giveBack(_ lent: ByteBuffer) {
    if lent.capacity >= Limits.receiveBytes { buffer = lent }
  }
}

/// Hands a connection's reads the buffer of its event loop.
///
/// NIO keeps the first buffer of a channel for the channel's life, so that one is small. It must
/// read once at a time (`maxMessagesPerRead` of 1): it would keep further buffers else.
struct ReceiveAllocator: RecvByteBufferAllocator {
  private final class State {
    let memory: ReceiveMemory
    var hasBegun = false

    init(_ memory: ReceiveMemory) {
      self.memory = memory
    }
  }

  private let state: NIOLoopBound<State>

  /// On the event loop.
  init(_ memory: ReceiveMemory, _ eventLoop: any EventLoop) {
    state = NIOLoopBound(State(memory), eventLoop: eventLoop)
  }

  func buffer(allocator: ByteBufferAllocator) -> ByteBuffer {
    let state = state.value
    guard state.hasBegun else {
      state.hasBegun = true
      return allocator.buffer(capacity: Limits.firstReceiveBytes)
    }
    return state.memory.take(allocator)
  }

  /// Says that the next buffer may be larger: NIO would read into the first one again else.
  mutating func record(actualReadBytes: Int) -> Bool { true }
}
