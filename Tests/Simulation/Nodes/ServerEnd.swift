import MoldauBroker
import MoldauLog

/// A node's end of a connection: hands frames to the broker and sends the answers in the order of the
/// requests, as the server's `ConnectionHandler` does.
final class ServerEnd {
  private enum Slot {
    case waiting(any PendingRequest)
    case ready([UInt8]?)
  }

  let number: Int
  private let connection: Connection
  private let life: NodeLife
  private let client: ClientConnection
  private let waker: ConnectionWaker
  private var slots: [Slot] = []
  private var firstSequence: UInt64 = 0
  private var isClosed = false

  init(_ number: Int, _ connection: Connection, _ life: NodeLife) {
    self.number = number
    self.connection = connection
    self.life = life
    client = ClientConnection(
      advertisedHost: life.node.hostName, advertisedPort: 9092,
      address: "host-\(connection.client):1", host: "host-\(connection.client)",
      isPeer: connection.isPeer)
    waker = ConnectionWaker(connection: number, life.mailbox)
  }

  private var node: Node { life.node }

  func receive(_ frame: [UInt8]) {
    guard !isClosed else { return }
    if connection.isPeer {
      let waiting = firstSequence..<firstSequence + UInt64(slots.count)
      for sequence in waiting { resume(sequence, .overtaken) }
    }
    let sequence = firstSequence + UInt64(slots.count)
    var reply = Reply()
    do throws(RequestFailure) {
      let outcome = try life.broker.handle(
        frame.rawSpan, from: client, waker: RequestWaker(target: waker, sequence: sequence),
        into: &reply)
      switch outcome {
      case .answered: slots.append(.ready(bytes(of: reply)))
      // There is no answer to wait for, so it has no place.
      case .unanswered: return
      case .pending(let request, let milliseconds):
        slots.append(.waiting(request))
        if let milliseconds { arrangeTimeout(sequence, Int64(milliseconds)) }
      }
    } catch {
      node.world.note("node \(node.id) refuses a frame of \(connection.client): \(error)")
      return connection.reset(after: 0)
    }
    sendReady()
  }

  func resume(_ sequence: UInt64, _ reason: ResumeReason) {
    guard !isClosed, sequence >= firstSequence else { return }
    let index = Int(sequence - firstSequence)
    guard index < slots.count, case .waiting(let request) = slots[index] else { return }
    var reply = Reply()
    guard request.resume(reason, into: &reply) else { return }
    slots[index] = .ready(bytes(of: reply))
    sendReady()
  }

  /// The connection is gone.
  func close() {
    guard !isClosed else { return }
    isClosed = true
    for case .waiting(let request) in slots { request.cancel() }
    slots = []
    life.forget(self)
  }

  /// The node has died: the client hears of it in a while, and the broker nothing.
  func breakOff() {
    isClosed = true
    for case .waiting(let request) in slots { request.cancel() }
    slots = []
    connection.reset(after: 1_000)
  }

  private func arrangeTimeout(_ sequence: UInt64, _ milliseconds: Int64) {
    node.after(milliseconds * 1000) { [weak self] in self?.resume(sequence, .timeIsUp) }
  }

  private func sendReady() {
    while case .ready(let answer)? = slots.first {
      slots.removeFirst()
      firstSequence += 1
      if let answer { connection.answer(answer) }
    }
  }

  /// What would go to the socket, the size in front taken off; nil when a slice cannot be read, which
  /// ends the connection.
  private func bytes(of reply: borrowing Reply) -> [UInt8]? {
    // SAFETY: the array copies the writer's bytes.
    let own = unsafe reply.writer.withUnsafeBytes { unsafe [UInt8]($0) }
    let slices = reply.slices
    var all: [UInt8] = []
    var failure: LogError?
    reply.writer.forEachSegment { segment in
      switch segment {
      case .bytes(let range): all += own[range]
      case .slice(let index, _):
        do throws(LogError) { all += try slices[index].copyBytes() } catch { failure = error }
      }
    }
    if let failure {
      node.world.note("node \(node.id) cannot read what it is to send: \(failure)")
      connection.reset(after: 0)
      return nil
    }
    return Array(all.dropFirst(4))
  }
}
