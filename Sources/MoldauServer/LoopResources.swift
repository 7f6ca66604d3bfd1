import MoldauBroker
import NIOCore
import Synchronization

/// What the connections of one event loop share: the memory for answers, and the wakes that other
/// threads have for them.
///
/// Only `post` and `close` may be called from other threads.
final class LoopResources: Sendable {
  private struct Wake: Sendable {
    let connection: ConnectionReference
    let sequence: UInt64
  }

  private struct Mail: Sendable {
    var wakes: [Wake] = []
    var isClosed = false
  }

  /// The loop's own.
  final class Memory {
    var reply = Reply()
    let receive = ReceiveMemory()
    var statistics = RequestStatistics()
  }

  let eventLoop: any EventLoop
  let memory: NIOLoopBoundBox<Memory>
  private let mail = Mutex(Mail())

  init(_ eventLoop: any EventLoop) {
    self.eventLoop = eventLoop
    memory = .makeBoxSendingValue(Memory(), eventLoop: eventLoop)
  }

  /// Lets the loop look at a request again, soon; many wakes cost one hop.
  func post(_ connection: ConnectionReference, _ sequence: UInt64) {
    let isFirst = mail.withLock { mail in
      guard !mail.isClosed else { return false }
      mail.wakes.append(Wake(connection: connection, sequence: sequence))
      return mail.wakes.count == 1
    }
    if isFirst { eventLoop.execute { [self] in deliver() } }
  }

  /// A copy of what the loop has counted.
  func statistics() -> EventLoopFuture<RequestStatistics> {
    eventLoop.submit { [memory] in memory.value.statistics }
  }

  /// No more wakes: the loop is about to end.
  func close() {
    mail.withLock { $0.isClosed = true }
  }

  private func deliver() {
    let wakes = mail.withLock { mail in
      defer { mail.wakes = [] }
      return mail.wakes
    }
    for wake in wakes { wake.connection.handler.value?.wake(wake.sequence) }
    // All answers of a connection leave in one write.
    for wake in wakes {
      guard let handler = wake.connection.handler.value else { continue }
      handler.flush()
      handler.goOn()
    }
  }
}

/// A connection as other threads know it.
final class ConnectionReference: WakeTarget {
  let loop: LoopResources
  /// nil when the connection has ended.
  let handler: NIOLoopBoundBox<ConnectionHandler?>
  /// Whether another broker is at its other end.
  let isPeer: Bool

  init(_ loop: LoopResources, isPeer: Bool) {
    self.loop = loop
    self.isPeer = isPeer
    handler = .makeEmptyBox(valueType: ConnectionHandler.self, eventLoop: loop.eventLoop)
  }

  func wake(_ sequence: UInt64) {
    loop.post(self, sequence)
  }
}
