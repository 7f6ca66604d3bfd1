/// A connection from a host to a node's listener, as both ends see it.
///
/// It is opened by the first message. Whoever waits for an answer for too long breaks it, as does a
/// node that dies, of which the other end hears later.
final class Connection {
  let network: Network
  let client: Host
  let server: Node
  let isPeer: Bool
  private let there: Pipe
  private let back: Pipe
  private var serverEnd: ServerEnd?
  private(set) var isBroken = false
  /// An answer, its size taken off.
  var onAnswer: ([UInt8]) -> Void = { _ in }
  var onLost: () -> Void = {}

  init(_ network: Network, from client: Host, to server: Node, isPeer: Bool) {
    self.network = network
    self.client = client
    self.server = server
    self.isPeer = isPeer
    there = Pipe(network, from: client, to: server.host)
    back = Pipe(network, from: server.host, to: client)
    network.opened(self)
  }

  /// Sends a frame, its size taken off.
  func send(_ frame: [UInt8]) {
    guard !isBroken else { return }
    network.world.detail(
      "\(client) to \(server.id)\(isPeer ? " as peer" : ""): \(frame.prefix(8)) \(frame.count)")
    let breaks = network.breaksOneIn.map { network.world.oneIn($0) } ?? false
    // The message itself comes, or does not.
    if breaks, network.world.oneIn(2) { return reset(after: 0) }
    there.send { [self] in arrive(frame) }
    if breaks { reset(after: network.world.number(0...2_000)) }
  }

  private func arrive(_ frame: [UInt8]) {
    server.whenRunning { [self] in
      // What comes late of a connection that is closed is handled all the same, and not answered.
      guard !isBroken || network.lateness != nil else { return }
      if serverEnd == nil {
        // Nobody listens: the other end hears of it.
        guard let new = server.accept(self) else { return reset(after: 500) }
        serverEnd = new
      }
      serverEnd?.receive(frame)
    } orElse: { [self] in
      reset(after: 500)
    }
  }

  /// Sends an answer; by the server's end.
  func answer(_ frame: [UInt8]) {
    network.world.detail("\(server.id) answers \(client): \(frame.count)")
    back.send { [self] in if !isBroken { onAnswer(frame) } }
  }

  /// Lets the connection break in a while.
  func reset(after microseconds: Int64) {
    network.world.after(microseconds) { [self] in close(tells: true) }
  }

  /// The client's end closes it, or hears that it is broken.
  func close(tells: Bool) {
    guard !isBroken else { return }
    isBroken = true
    there.breakOff()
    back.breakOff()
    network.closed(self)
    if let serverEnd, network.lateness == nil {
      self.serverEnd = nil
      network.world.after(network.transit(from: client, to: server.host)) { serverEnd.close() }
    }
    let onLost = onLost
    onAnswer = { _ in }
    self.onLost = {}
    if tells { onLost() }
  }

  /// The world is over.
  func end() {
    isBroken = true
    there.forget()
    back.forget()
    serverEnd = nil
    onAnswer = { _ in }
    onLost = {}
  }
}
