import NIOCore
import Testing

@testable import MoldauServer

/// The buffer that is lent to the socket.
struct FrameMemoryTests {
  private let allocator = ByteBufferAllocator()

  private func receive(_ bytes: [UInt8], _ memory: FrameMemory) -> Bool {
    var lent = memory.lend(allocator)
    lent.writeBytes(bytes)
    return memory.takeBack(lent)
  }

  @Test("there is room for the whole frame once its size is known")
  func room() {
    let memory = FrameMemory()
    #expect(receive([0, 0x10], memory))
    #expect(memory.nextFrame() == .incomplete)
    #expect(receive([0, 0], memory))
    #expect(memory.nextFrame() == .incomplete)
    let lent = memory.lend(allocator)
    #expect(lent.writableBytes >= 0x10_0000)
    #expect(lent.readableBytes == 4)
    #expect(memory.takeBack(lent))
  }

  @Test("what comes behind a frame stays")
  func rest() {
    let memory = FrameMemory()
    #expect(receive([0, 0, 0, 2, 7, 8, 0, 0], memory))
    #expect(memory.nextFrame() == .frame(2))
    var frame: [UInt8] = []
    memory.takeFrame(2) { bytes in frame = unsafe bytes.withUnsafeBytes { unsafe Array($0) } }
    #expect(frame == [7, 8])
    #expect(memory.nextFrame() == .incomplete)
    #expect(receive([0, 0], memory))
    #expect(memory.nextFrame() == .frame(0))
  }

  @Test("a buffer that the socket does not give back is noticed")
  func loss() {
    let memory = FrameMemory()
    #expect(receive([0, 0, 0, 9], memory))
    _ = memory.lend(allocator)
    #expect(!receive([1], memory))
  }
}
