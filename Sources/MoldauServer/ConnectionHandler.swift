import Logging
import MoldauBroker
import MoldauLog
import MoldauProtocol
import NIOCore

/// One connection: cuts the stream into requests, has the broker handle each where it stands, and
/// sends the answers in the order of the requests.
///
/// Requests are handled on the event loop as they are read; what a read has brought is answered
/// with one write. A request that waits keeps its place in `slots`, and answers behind it are held.
/// Lives on its event loop. The reading half is here, the writing half in
/// `ConnectionHandler+Answers.swift`.
///
/// INVARIANT: `slots` is empty or begins with a request that waits.
final class ConnectionHandler: ChannelDuplexHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundIn = Never
  typealias OutboundOut = IOData

  /// A request whose answer has not gone out yet.
  enum Slot {
    case waiting(any PendingRequest, deadline: NIODeadline?, RequestTime, RequestShare)
    case ready(Output)
  }

  /// The memory of a request that waits.
  struct RequestShare {
    /// The bytes that are kept of it.
    var byteCount = 0
    /// Its share of the request memory.
    var reservedBytes = 0
  }

  let services: ServerServices
  let loop: LoopResources
  let memory: LoopResources.Memory
  let client: ClientConnection
  let reference: ConnectionReference
  private(set) var context: ChannelHandlerContext?

  private var assembler: FrameAssembler
  /// What was received and not looked at yet.
  private var incoming = ByteBuffer()
  /// Whether `incoming` is the buffer of the event loop, which others need too.
  private var holdsLoopsBuffer = false
  /// The share of the request memory that the frame being received has.
  private var reservedBytes = 0
  private var awaitsMemory = false
  private var wantsRead = false
  private var isHandling = false
  /// Whether no more requests are taken: the connection ends when the last answer has gone.
  private var isEnding = false
  private var isClosing = false
  private var stall: Scheduled<Void>?
  private var idleWatch: Scheduled<Void>?
  /// When something last came from the client, or last went to it.
  private var lastUse = NIODeadline.now()

  var slots = CircularBuffer<Slot>()
  /// The number of the request in the first slot, or of the next one when there is none.
  var firstSequence: UInt64 = 0
  /// The bytes of answers that wait in slots.
  var heldBytes = 0
  /// The bytes of requests that wait in slots.
  var waitingBytes = 0
  var output = Output()
  /// Whether something was written to the channel and not flushed yet.
  var hasUnflushed = false
  var timer: (deadline: NIODeadline, task: Scheduled<Void>)?

  init(_ services: ServerServices, _ loop: LoopResources, _ client: ClientConnection) {
    self.services = services
    self.loop = loop
    self.client = client
    memory = loop.memory.value
    reference = ConnectionReference(loop, isPeer: client.isPeer)
    assembler = FrameAssembler(limit: services.configuration.maxRequestBytes)
  }

  // MARK: Life

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    reference.handler.value = self
    watchForIdleness()
  }

  func channelInactive(context: ChannelHandlerContext) {
    release()
    context.fireChannelInactive()
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    release()
  }

  /// Lets go of all that the connection holds. Idempotent.
  private func release() {
    reference.handler.value = nil
    context = nil
    for case .waiting(let request, _, _, let share) in slots {
      request.cancel()
      giveBack(share)
    }
    slots.removeAll()
    timer?.task.cancel()
    timer = nil
    stall?.cancel()
    stall = nil
    idleWatch?.cancel()
    idleWatch = nil
    if awaitsMemory { services.memory.cancel(ObjectIdentifier(self)) }
    releaseMemory()
    incoming = ByteBuffer()
    output = Output()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    services.logger.debug("\(client.address): connection failed: \(error)")
    context.close(promise: nil)
  }

  /// Takes no more requests; ends the connection when those taken are answered.
  func end() {
    guard !isEnding else { return }
    isEnding = true
    hurryAll()
    flush()
  }

  func closeWhenDone(_ context: ChannelHandlerContext) {
    guard isEnding, !isClosing, slots.isEmpty, output.isEmpty else { return }
    isClosing = true
    // What was written before goes out first: an empty write is done when all before it is.
    context.writeAndFlush(NIOAny(IOData.byteBuffer(ByteBuffer())))
      .assumeIsolated().whenComplete { _ in context.close(promise: nil) }
  }

  // MARK: Reading

  /// Whether nothing is to be read: answers, memory or the end have to come first.
  private var isPaused: Bool {
    isEnding || awaitsMemory || slots.count >= Limits.inFlightRequestCount
      || heldBytes >= Limits.heldAnswerBytes || waitingBytes >= Limits.waitingRequestBytes
      || context?.channel.isWritable != true
  }

  func read(context: ChannelHandlerContext) {
    if isPaused {
      wantsRead = true
    } else {
      context.read()
    }
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var bytes = unwrapInboundIn(data)
    guard !isEnding else { return }
    memory.statistics.receivedBytes &+= UInt64(bytes.readableBytes)
    lastUse = .now()
    if incoming.readableBytes == 0 {
      incoming = bytes
      holdsLoopsBuffer = true
    } else {
      incoming.writeBuffer(&bytes)
      memory.receive.giveBack(bytes)
    }
    handleRequests()
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    flush()
    context.fireChannelReadComplete()
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    goOn()
    context.fireChannelWritabilityChanged()
  }

  /// Handles what is there and reads again, if a pause is over.
  func goOn() {
    guard !isHandling, !isPaused else { return }
    if incoming.readableBytes > 0 {
      handleRequests()
      flush()
    }
    if !isPaused, wantsRead {
      wantsRead = false
      context?.read()
    }
  }

  /// Handles the requests that have come whole.
  private func handleRequests() {
    isHandling = true
    defer {
      isHandling = false
      giveBackBuffer()
    }
    do throws(FrameError) {
      while !isPaused {
        switch try assembler.next(from: &incoming) {
        case .frame(let frame):
          handle(frame)
          releaseMemory()
        case .incomplete:
          watchForStall()
          return
        case .needsMemory(let byteCount):
          reserveMemory(byteCount)
        }
      }
    } catch {
      fail("\(error)")
    }
  }

  /// Keeps what was not handled yet in memory of the connection's own.
  private func giveBackBuffer() {
    if holdsLoopsBuffer {
      holdsLoopsBuffer = false
      let lent = incoming
      incoming = ByteBuffer()
      if lent.readableBytes > 0, let context {
        incoming = context.channel.allocator.buffer(capacity: lent.readableBytes)
        incoming.writeImmutableBuffer(lent)
      }
      memory.receive.giveBack(lent)
    } else if incoming.readableBytes == 0 {
      incoming = ByteBuffer()
    }
  }

  private func handle(_ frame: ByteBuffer) {
    if client.isPeer { overtake() }
    let sequence = firstSequence &+ UInt64(slots.count)
    // It came with the last bytes, or had to wait for the request before it.
    let time = RequestTime(of: frame, begun: lastUse)
    memory.reply.reset()
    do throws(RequestFailure) {
      let outcome = try services.broker.handle(
        frame.readableBytesSpan, from: client,
        waker: RequestWaker(target: reference, sequence: sequence), into: &memory.reply)
      switch outcome {
      case .answered:
        note(time, memory.reply.firstError)
        send()
      case .unanswered: note(time, nil)
      case .pending(let request, let milliseconds):
        let share = request.holdsRequest ? takeShare(of: frame) : RequestShare()
        wait(request, milliseconds, time, share)
      }
    } catch {
      note(time, error.code)
      fail(error.description)
    }
  }

  /// Counts a request that has its answer.
  func note(_ time: RequestTime, _ failure: ErrorCode?) {
    lastUse = .now()
    memory.statistics.record(
      time.api, nanoseconds: (lastUse - time.begun).nanoseconds, failure)
  }

  /// Ends a connection whose bytes make no sense; answers to what came before still go out.
  private func fail(_ reason: String) {
    services.logger.warning("\(client.address): closing the connection: \(reason)")
    end()
  }

  // MARK: Memory for large requests

  private func reserveMemory(_ byteCount: Int) {
    let isThere = services.memory.reserve(byteCount, for: ObjectIdentifier(self)) {
      [services, reference] in
      reference.loop.eventLoop.execute {
        guard let handler = reference.handler.value else {
          return services.memory.release(byteCount)
        }
        handler.awaitsMemory = false
        handler.takeMemory(byteCount)
        handler.goOn()
      }
    }
    if isThere { takeMemory(byteCount) } else { awaitsMemory = true }
  }

  private func takeMemory(_ byteCount: Int) {
    reservedBytes = byteCount
    assembler.grantMemory()
  }

  /// Leaves the memory of a request to it, until it is answered.
  private func takeShare(of frame: ByteBuffer) -> RequestShare {
    let share = RequestShare(byteCount: frame.readableBytes, reservedBytes: reservedBytes)
    reservedBytes = 0
    waitingBytes += share.byteCount
    return share
  }

  /// The request is answered, or gone.
  func giveBack(_ share: RequestShare) {
    waitingBytes -= share.byteCount
    services.memory.release(share.reservedBytes)
  }

  private func releaseMemory() {
    services.memory.release(reservedBytes)
    reservedBytes = 0
  }

  // MARK: Time

  /// Ends the connection when it was not used for `idleTimeout`, unless a request of it waits.
  ///
  /// One timer for the connection's life, which looks again when there was use in between.
  private func watchForIdleness() {
    guard let timeout = services.configuration.idleTimeout, let context else { return }
    let patience = TimeAmount(timeout)
    let due = slots.isEmpty ? lastUse + patience : .now() + patience
    idleWatch = context.eventLoop.assumeIsolated().scheduleTask(deadline: due) {
      guard self.slots.isEmpty, .now() - self.lastUse >= patience else {
        return self.watchForIdleness()
      }
      self.services.logger.debug("\(self.client.address): closing the connection: it is idle")
      self.memory.statistics.idleClosedCount &+= 1
      self.end()
    }
  }

  /// Ends the connection if its frame stays as it is.
  private func watchForStall() {
    stall?.cancel()
    stall = nil
    guard assembler.isWithinFrame, let context else { return }
    stall = context.eventLoop.assumeIsolated().scheduleTask(in: .seconds(Limits.stallSeconds)) {
      self.fail("no more bytes of a request for \(Limits.stallSeconds) s")
    }
  }
}

@available(*, unavailable)
extension ConnectionHandler: Sendable {}
