import MoldauBroker
import MoldauCluster
import MoldauCoordination
import Synchronization

/// What a broker hands to the world while it handles an event. The numbers are the world's.
enum Mail: Sendable {
  typealias PeerAnswer = @Sendable (RawSpan?) -> Void
  typealias CoordinationResult = Result<CoordinationAnswer, CoordinationError>

  case wake(connection: Int, sequence: UInt64)
  case sendToPeer(Int, BrokerRegistration.Endpoint, [UInt8], PeerAnswer)
  case closePeer(Int)
  case openSession(Int, timeoutMilliseconds: Int32, @Sendable (SessionEvent) -> Void)
  case perform(Int, CoordinationRequest, @Sendable (CoordinationResult) -> Void)
  case closeSession(Int)
}

/// Where things are put that one thread hands to another; here both are one.
final class Mailbox<Content: Sendable>: Sendable {
  private let contents = Mutex<[Content]>([])

  func put(_ content: Content) {
    contents.withLock { $0.append(content) }
  }

  func takeAll() -> [Content] {
    contents.withLock { contents in
      defer { if !contents.isEmpty { contents = [] } }
      return contents
    }
  }
}

/// Wakes a request of a connection.
final class ConnectionWaker: WakeTarget {
  private let connection: Int
  private let mailbox: Mailbox<Mail>

  init(connection: Int, _ mailbox: Mailbox<Mail>) {
    self.connection = connection
    self.mailbox = mailbox
  }

  func wake(_ sequence: UInt64) {
    mailbox.put(.wake(connection: connection, sequence: sequence))
  }
}
