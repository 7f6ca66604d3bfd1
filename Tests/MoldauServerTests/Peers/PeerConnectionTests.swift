import Dispatch
import MoldauBroker
import MoldauCluster
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import MoldauServer

/// Connections to other brokers, over the loopback.
struct PeerConnectionTests {
  /// Answers each request with as many bytes as it says.
  private static let counting: ScriptedPeer.Script = { channel, request in
    let count = request.reduce(0) { $0 << 8 | Int($1) }
    channel.writeAndFlush(framed(pattern(count, count)), promise: nil)
  }

  private func request(_ count: Int) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: count >> $0) }
  }

  @Test("answers of all sizes come whole, in order, over one connection")
  func sizes() async throws {
    let sizes = [
      0, 1, 3, 1_020, 1_021, 65_531, 65_532, 65_533, 70_000, 2 << 20, 5, 3 << 20, 7, 1 << 20,
    ]
    try await ScriptedPeer.run(PeerSettings(), Self.counting) { peer, network in
      let connection = network.connection(to: peer.endpoint)
      for size in sizes {
        #expect(await connection.ask(request(size)) == pattern(size, size), "\(size) bytes")
      }
      // All at once.
      let answers = Mutex<[Int]>([])
      await withCheckedContinuation { continuation in
        let left = Atomic<Int>(sizes.count)
        for size in sizes {
          connection.send(request(size)) { answer in
            let byteCount = if let answer { answer.byteCount } else { -1 }
            answers.withLock { $0.append(byteCount) }
            if left.subtract(1, ordering: .relaxed).newValue == 0 { continuation.resume() }
          }
        }
      }
      #expect(answers.withLock { $0 } == sizes)
      connection.close()
    }
  }

  @Test("a request from the event loop does not pass an earlier one of another thread")
  func order() async throws {
    try await ScriptedPeer.run(PeerSettings(), Self.counting) { peer, network in
      let connection = network.connection(to: peer.endpoint)
      let answers = Mutex<[Int]>([])
      await withCheckedContinuation { continuation in
        let note: @Sendable (RawSpan?) -> Void = { answer in
          let byteCount = if let answer { answer.byteCount } else { -1 }
          let count = answers.withLock { answers in
            answers.append(byteCount)
            return answers.count
          }
          if count == 2 { continuation.resume() }
        }
        connection.send(request(1)) { _ in
          // On the event loop, which has no time for the other thread's request before this ends.
          let isSent = DispatchSemaphore(value: 0)
          DispatchQueue.global().async {
            connection.send(request(2), note)
            isSent.signal()
          }
          isSent.wait()
          connection.send(request(3), note)
        }
      }
      #expect(answers.withLock { $0 } == [2, 3])
      connection.close()
    }
  }

  @Test("an answer that comes in pieces is put together, and the next one begins in the last")
  func pieces() async throws {
    let script: ScriptedPeer.Script = { channel, request in
      guard request == [2] else { return }
      // Two answers, cut where it hurts.
      var all = framed(pattern(100_000, 1))
      all.writeImmutableBuffer(framed(pattern(50, 2)))
      for cut in [1, 3, 996, 64 << 10, 34_000] {
        guard let piece = all.readSlice(length: min(cut, all.readableBytes)) else { return }
        channel.writeAndFlush(piece, promise: nil)
      }
      channel.writeAndFlush(all, promise: nil)
    }
    try await ScriptedPeer.run(PeerSettings(), script) { peer, network in
      let connection = network.connection(to: peer.endpoint)
      async let first = connection.ask([1])
      async let second = connection.ask([2])
      let answers = await [first, second]
      #expect(Set(answers) == [pattern(100_000, 1), pattern(50, 2)])
      connection.close()
    }
  }

  @Test(
    "requests without an answer are told when the other side closes; the next one connects anew")
  func closedByPeer() async throws {
    let script: ScriptedPeer.Script = { channel, request in
      if request == [0] { channel.close(promise: nil) } else { Self.counting(channel, request) }
    }
    try await ScriptedPeer.run(PeerSettings(), script) { peer, network in
      let connection = network.connection(to: peer.endpoint)
      #expect(await connection.ask(request(10)) == pattern(10, 10))
      #expect(await connection.ask([0]) == nil)
      #expect(await connection.ask(request(11)) == pattern(11, 11))
      connection.close()
    }
  }

  @Test("a request to nobody is told so")
  func refused() async throws {
    try await ScriptedPeer.run(PeerSettings(), Self.counting) { peer, network in
      try await peer.stopListening()
      let connection = network.connection(to: peer.endpoint)
      #expect(await connection.ask(request(1)) == nil)
      #expect(await connection.ask(request(1)) == nil)
      connection.close()
    }
  }

  @Test("a broker that takes requests and says nothing counts as lost")
  func silence() async throws {
    let settings = PeerSettings(answerMilliseconds: 50)
    try await ScriptedPeer.run(settings, { _, _ in }) { peer, network in
      let connection = network.connection(to: peer.endpoint)
      #expect(await connection.ask([1]) == nil)
      connection.close()
    }
  }

  @Test("a size that makes no sense, and an answer to nothing, end the connection")
  func nonsense() async throws {
    let script: ScriptedPeer.Script = { channel, request in
      if request == [1] {
        channel.writeAndFlush(ByteBuffer(bytes: [0xFF, 0xFF, 0xFF, 0xFF]), promise: nil)
      } else if request == [2] {
        channel.writeAndFlush(ByteBuffer(bytes: [0x7F, 0xFF, 0xFF, 0xFF]), promise: nil)
      } else {
        var two = framed([1])
        two.writeImmutableBuffer(framed([2]))
        channel.writeAndFlush(two, promise: nil)
      }
    }
    try await ScriptedPeer.run(PeerSettings(), script) { peer, network in
      let connection = network.connection(to: peer.endpoint)
      #expect(await connection.ask([1]) == nil)
      #expect(await connection.ask([2]) == nil)
      #expect(await connection.ask([3]) == [1])
      connection.close()
    }
  }

  @Test("closing answers those who wait, and is for good")
  func closing() async throws {
    try await ScriptedPeer.run(PeerSettings(), { _, _ in }) { peer, network in
      let connection = network.connection(to: peer.endpoint)
      async let waiting = connection.ask([1])
      connection.close()
      #expect(await waiting == nil)
      #expect(await connection.ask([1]) == nil)
      connection.close()
    }
  }
}
