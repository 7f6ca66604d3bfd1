import NIOCore

/// Sends requests to another broker, and hands each answer to who has asked, in their order.
///
/// Lives on its event loop, on which the answers are handled too.
final class PeerHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private struct Waiting {
    let completion: @Sendable (RawSpan?) -> Void
    let deadline: NIODeadline
  }

  private let memory: FrameMemory
  private let patience: TimeAmount
  private let wasLost: () -> Void
  private var context: ChannelHandlerContext?
  private var waiting = CircularBuffer<Waiting>()
  private var watch: Scheduled<Void>?
  private var hasEnded = false

  /// - Parameter wasLost: called once, when the connection has ended, before the requests without
  ///   an answer are told.
  init(_ memory: FrameMemory, _ settings: PeerSettings, _ wasLost: @escaping () -> Void) {
    self.memory = memory
    patience = .milliseconds(settings.answerMilliseconds)
    self.wasLost = wasLost
  }

  func send(_ request: PeerRequest) {
    guard let context, !hasEnded else { return request.completion(nil) }
    waiting.append(Waiting(completion: request.completion, deadline: .now() + patience))
    if watch == nil { watchForSilence() }
    var frame = context.channel.allocator.buffer(capacity: 4 + request.bytes.count)
    frame.writeInteger(Int32(request.bytes.count))
    frame.writeBytes(request.bytes)
    context.writeAndFlush(wrapOutboundOut(frame), promise: nil)
  }

  func close() {
    guard let context else { return end() }
    context.close(promise: nil)
  }

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
  }

  func channelInactive(context: ChannelHandlerContext) {
    end()
    context.fireChannelInactive()
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    end()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard !hasEnded, memory.takeBack(unwrapInboundIn(data)) else {
      return context.close(promise: nil)
    }
    while !hasEnded {
      switch memory.nextFrame() {
      case .incomplete: return
      case .malformed: return context.close(promise: nil)
      case .frame(let byteCount):
        guard let asked = waiting.popFirst() else { return context.close(promise: nil) }
        memory.takeFrame(byteCount, asked.completion)
      }
    }
  }

  /// Tells all who wait that there is no answer. Idempotent.
  private func end() {
    context = nil
    watch?.cancel()
    watch = nil
    guard !hasEnded else { return }
    hasEnded = true
    wasLost()
    while let asked = waiting.popFirst() { asked.completion(nil) }
  }

  /// Ends the connection when an answer does not come in time. One timer, which looks again as long
  /// as there are requests.
  private func watchForSilence() {
    watch = nil
    guard let context, let first = waiting.first else { return }
    watch = context.eventLoop.assumeIsolated().scheduleTask(deadline: first.deadline) {
      if let first = self.waiting.first, first.deadline <= .now() {
        self.context?.close(promise: nil)
      } else {
        self.watchForSilence()
      }
    }
  }
}

@available(*, unavailable)
extension PeerHandler: Sendable {}
