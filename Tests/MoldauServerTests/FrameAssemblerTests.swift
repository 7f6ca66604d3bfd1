import NIOCore
import Testing

@testable import MoldauServer

struct FrameAssemblerTests {
  /// Cuts a stream into pieces of `step` bytes and returns the frames that come out.
  private static func frames(_ stream: [UInt8], step: Int, limit: Int) throws -> [[UInt8]] {
    var assembler = FrameAssembler(limit: limit)
    var frames: [[UInt8]] = []
    for start in stride(from: 0, to: stream.count, by: step) {
      var incoming = ByteBuffer(bytes: stream[start..<min(start + step, stream.count)])
      loop: while true {
        switch try assembler.next(from: &incoming) {
        case .frame(let frame): frames.append(Array(frame.readableBytesView))
        case .incomplete: break loop
        case .needsMemory: assembler.grantMemory()
        }
      }
      #expect(incoming.readableBytes == 0)
    }
    #expect(!assembler.isWithinFrame)
    return frames
  }

  private static func bytes(of size: Int32) -> [UInt8] {
    stride(from: 24, through: 0, by: -8).map { UInt8(truncatingIfNeeded: size >> $0) }
  }

  @Test(
    "however the stream is cut, the same frames come out",
    arguments: [1, 2, 3, 4, 5, 7, 64, 1 << 20])
  func cuts(step: Int) throws {
    let large = step < 64 ? 300 : Limits.unreservedFrameBytes + 1
    let frames = [0, 1, 4, 3, large, 0, 17].map { count in
      (0..<count).map { UInt8(truncatingIfNeeded: $0) }
    }
    let stream = frames.flatMap { frame in
      Self.bytes(of: Int32(frame.count)) + frame
    }
    #expect(try Self.frames(stream, step: step, limit: 1 << 20) == frames)
  }

  @Test("a size out of range is an error before any memory is taken", arguments: [-1, 101, .max])
  func sizes(size: Int32) throws {
    let stream = Self.bytes(of: size)
    #expect(throws: FrameError.sizeOutOfRange(Int(size), limit: 100)) {
      try Self.frames(stream, step: 4, limit: 100)
    }
  }
}
