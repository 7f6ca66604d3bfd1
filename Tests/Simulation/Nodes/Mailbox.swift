import MoldauBroker
import MoldauCluster
import Synchronization

/// What a broker hands to the world while it handles an event. The numbers are the world's.
enum Mail: Sendable {
  typealias PeerAnswer = @Sendable (RawSpan?) -> Void

  case wake(connection: Int, sequence: UInt64)
  case sendToPeer(Int, BrokerRegistration.Endpoint, [UInt8], PeerAnswer)
  case closePeer(Int)
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

/// Something that is so or not, as one thread says and another asks; here both are one.
final class Flag: Sendable {
  private let value = Atomic<Bool>(false)

  var isSet: Bool { value.load(ordering: .relaxed) }

  func set(to isSet: Bool = true) { value.store(isSet, ordering: .relaxed) }
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
