import MoldauBroker
import MoldauCluster
import Synchronization

typealias BrokerEndpoint = BrokerRegistration.Endpoint

/// How a simulated broker reaches the others: the world carries what it sends.
final class SimulatedPeers: PeerNetwork {
  private let mailbox: Mailbox<Mail>
  private let count = Atomic<Int>(0)

  init(_ mailbox: Mailbox<Mail>) {
    self.mailbox = mailbox
  }

  func connection(to endpoint: BrokerEndpoint) -> any PeerConnection {
    SimulatedPeer(count.add(1, ordering: .relaxed).newValue, endpoint, mailbox)
  }
}

final class SimulatedPeer: PeerConnection {
  private let number: Int
  private let endpoint: BrokerEndpoint
  private let mailbox: Mailbox<Mail>

  init(_ number: Int, _ endpoint: BrokerEndpoint, _ mailbox: Mailbox<Mail>) {
    self.number = number
    self.endpoint = endpoint
    self.mailbox = mailbox
  }

  func send(_ request: [UInt8], _ completion: @escaping @Sendable (RawSpan?) -> Void) {
    mailbox.put(.sendToPeer(number, endpoint, request, completion))
  }

  func close() { mailbox.put(.closePeer(number)) }
}

/// The world's side of a `SimulatedPeer`.
final class PeerLink {
  /// When a connection that hears nothing is given up.
  private static let patienceMicroseconds: Int64 = 30_000_000

  private let node: Node
  private var connection: Connection?
  private var waiting: [(number: Int, completion: Mail.PeerAnswer)] = []
  private var lastNumber = 0

  init(_ node: Node) {
    self.node = node
  }

  func send(_ request: [UInt8], to server: Node, _ completion: @escaping Mail.PeerAnswer) {
    let connection = connection ?? connect(to: server)
    lastNumber += 1
    let number = lastNumber
    waiting.append((number, completion))
    connection.send(request)
    node.after(Self.patienceMicroseconds) { [weak self] in
      if self?.waiting.first?.number == number { self?.connection?.close(tells: true) }
    }
  }

  private func connect(to server: Node) -> Connection {
    let new = Connection(node.network, from: node.host, to: server, isPeer: true)
    new.onAnswer = { [weak self] frame in self?.take(frame) }
    new.onLost = { [weak self] in
      guard let self else { return }
      connection = nil
      failAll()
    }
    connection = new
    return new
  }

  private func take(_ frame: [UInt8]) {
    guard !waiting.isEmpty else { return }
    // Whose answer it is does not change while the node stands still.
    let completion = waiting.removeFirst().completion
    node.whenRunning { completion(frame.rawSpan) }
  }

  private func failAll() {
    let lost = waiting
    waiting = []
    for (_, completion) in lost {
      node.whenRunning { completion(nil) }
    }
  }

  /// The broker lets it go: requests without an answer get nil.
  func close() {
    let last = connection
    connection = nil
    last?.close(tells: false)
    let lost = waiting
    waiting = []
    for (_, completion) in lost { node.after(10) { completion(nil) } }
  }

  /// The broker is dead: nobody wants to hear anything.
  func abandon() {
    waiting = []
    let last = connection
    connection = nil
    last?.close(tells: false)
  }
}

extension [UInt8] {
  var rawSpan: RawSpan {
    @_lifetime(borrow self)
    get {
      // SAFETY: bytes have no padding between them.
      unsafe span.bytes
    }
  }
}
