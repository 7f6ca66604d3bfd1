import MoldauBroker
import MoldauLog
import NIOCore

extension ConnectionHandler {
  // MARK: Answers in order

  /// Takes the answer that the broker has just written to the loop's reply.
  func send() {
    guard let context else { return }
    guard slots.isEmpty else {
      var held = Output()
      if let error = append(to: &held) { return breakOff(error) }
      heldBytes += held.byteCount
      slots.append(.ready(held))
      return
    }
    firstSequence &+= 1
    if let error = append(to: &output) { return breakOff(error) }
    if output.byteCount > Limits.highWaterBytes { write(to: context) }
  }

  /// Keeps the place of a request that waits.
  func wait(
    _ request: any PendingRequest, _ milliseconds: Int32?, _ time: RequestTime,
    _ share: RequestShare
  ) {
    let deadline = milliseconds.map { NIODeadline.now() + .milliseconds(Int64($0)) }
    slots.append(.waiting(request, deadline: deadline, time, share))
    if let deadline { setTimer(deadline) }
  }

  /// Looks again at request number `sequence`; `flush` sends what comes of it.
  func wake(_ sequence: UInt64) {
    let place = sequence &- firstSequence
    guard place < UInt64(slots.count) else { return }
    resume(at: Int(place), .woken)
    sendReady()
  }

  /// The server stops: requests that only wait for more to come are answered with what there is.
  func hurryAll() {
    for place in 0..<slots.count { resume(at: place, .serverStops) }
    sendReady()
  }

  /// Another broker has sent its next request: those before it that only wait for more to come are
  /// answered with what there is, since the answers keep their order.
  func overtake() {
    for place in 0..<slots.count { resume(at: place, .overtaken) }
    sendReady()
  }

  /// Does nothing when the place is gone: an answer that cannot be read ends the connection at once,
  /// and all its slots with it.
  private func resume(at place: Int, _ reason: ResumeReason) {
    guard place < slots.count else { return }
    let index = slots.index(slots.startIndex, offsetBy: place)
    guard case .waiting(let request, let deadline, let time, let share) = slots[index] else {
      return
    }
    memory.reply.reset()
    guard request.resume(reason, into: &memory.reply) else {
      if !request.holdsRequest {
        slots[index] = .waiting(request, deadline: deadline, time, RequestShare())
        giveBack(share)
      }
      return
    }
    note(time, memory.reply.firstError)
    var answer = Output()
    if let error = append(to: &answer) { return breakOff(error) }
    heldBytes += answer.byteCount
    slots[index] = .ready(answer)
    giveBack(share)
  }

  /// Moves the answers at the front to the output.
  private func sendReady() {
    guard let context else { return }
    while case .ready(let answer)? = slots.first {
      slots.removeFirst()
      firstSequence &+= 1
      heldBytes -= answer.byteCount
      output.append(answer, context.channel.allocator)
    }
  }

  /// Copies the loop's reply; returns what went wrong.
  private func append(to output: inout Output) -> LogError? {
    guard let context else { return .closed }
    do throws(LogError) {
      try output.append(memory.reply, context.channel.allocator)
      return nil
    } catch {
      return error
    }
  }

  /// Ends the connection at once, and all that it holds: the size of an answer is out, and its bytes
  /// cannot follow.
  private func breakOff(_ error: LogError) {
    guard let context else { return }
    services.logger.error("\(client.address): closing the connection: \(error)")
    context.close(promise: nil)
  }

  // MARK: Writing

  /// Sends what is ready.
  func flush() {
    guard let context else { return }
    if !output.isEmpty { write(to: context) }
    if hasUnflushed {
      hasUnflushed = false
      context.flush()
    }
    closeWhenDone(context)
  }

  private func write(to context: ChannelHandlerContext) {
    hasUnflushed = true
    for piece in output.takeAll() {
      switch piece {
      case .bytes(let bytes):
        memory.statistics.sentBytes &+= UInt64(bytes.readableBytes)
        context.write(wrapOutboundOut(.byteBuffer(bytes)), promise: nil)
      case .file(let slice):
        memory.statistics.sentBytes &+= UInt64(slice.count)
        do throws(LogError) {
          try FileTransfer.write(slice, to: context)
        } catch {
          return breakOff(error)
        }
      }
    }
  }

  // MARK: Time

  /// Makes sure that the timer fires at `deadline` or before.
  ///
  /// One timer for all requests of the connection, which is not moved when a request is answered:
  /// most requests never see it.
  private func setTimer(_ deadline: NIODeadline) {
    if let timer, timer.deadline <= deadline { return }
    guard let context else { return }
    timer?.task.cancel()
    let task = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) {
      self.timerFired()
    }
    timer = (deadline, task)
  }

  private func timerFired() {
    timer = nil
    let now = NIODeadline.now()
    var next: NIODeadline?
    // An answer that cannot be read ends the connection at once, and all its slots with it.
    for place in 0..<slots.count where place < slots.count {
      let slot = slots[slots.index(slots.startIndex, offsetBy: place)]
      guard case .waiting(_, let deadline?, _, _) = slot else { continue }
      if deadline <= now {
        resume(at: place, .timeIsUp)
      } else {
        next = min(next ?? deadline, deadline)
      }
    }
    sendReady()
    if let next { setTimer(next) }
    flush()
    goOn()
  }
}
