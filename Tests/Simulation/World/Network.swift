/// Whom messages go to and come from: nodes by their numbers from 1 on, clients from 101 on.
typealias Host = Int

/// The wires between all hosts: messages take their time, some directions may be blocked, and now and
/// then a connection breaks.
final class Network {
  struct Link: Hashable {
    var from: Host
    var to: Host
  }

  let world: World
  private(set) var blocked: Set<Link> = []
  /// How long a message takes, in microseconds.
  var delay: ClosedRange<Int64> = 50...400
  /// One message in so many breaks its connection; nil for none.
  var breaksOneIn: Int?
  /// Delays of single hosts that are added, in microseconds.
  var slowness: [Host: Int64] = [:]
  /// How much later what is still on its way arrives when the sender closes the connection, in
  /// microseconds; nil for never.
  var lateness: Int64?
  private(set) var deliveredCount = 0
  /// Those that are not broken.
  private var connections: [ObjectIdentifier: Connection] = [:]

  init(_ world: World) {
    self.world = world
  }

  func block(from: Host, to: Host) { blocked.insert(Link(from: from, to: to)) }
  func unblock(from: Host, to: Host) { blocked.remove(Link(from: from, to: to)) }
  func unblockAll() { blocked = [] }

  /// Whether nothing is blocked, and nobody slow.
  var isUntroubled: Bool { blocked.isEmpty && slowness.isEmpty }

  func isBlocked(from: Host, to: Host) -> Bool { blocked.contains(Link(from: from, to: to)) }

  func transit(from: Host, to: Host) -> Int64 {
    world.number(delay) + (slowness[from] ?? 0) + (slowness[to] ?? 0)
  }

  func noteDelivery() { deliveredCount += 1 }

  func opened(_ connection: Connection) {
    connections[ObjectIdentifier(connection)] = connection
  }

  func closed(_ connection: Connection) { connections[ObjectIdentifier(connection)] = nil }

  /// The world is over: nothing holds a connection any more, nor does it hold anything.
  func end() {
    for connection in connections.values { connection.end() }
    connections = [:]
  }
}

/// One direction of a connection: what was sent comes in order, or not at all.
final class Pipe {
  /// How long a blocked message waits until it is tried again.
  private static let retryMicroseconds: Int64 = 20_000

  private let network: Network
  private let from: Host
  private let to: Host
  private var waiting: [() -> Void] = []
  private var lastArrival: Int64 = 0
  private(set) var isBroken = false

  init(_ network: Network, from: Host, to: Host) {
    self.network = network
    self.from = from
    self.to = to
  }

  /// Lets `arrive` happen when what was sent has come.
  func send(_ arrive: @escaping () -> Void) {
    guard !isBroken else { return }
    waiting.append(arrive)
    lastArrival = max(network.world.now + network.transit(from: from, to: to), lastArrival)
    arrange(in: lastArrival - network.world.now)
  }

  private func arrange(in microseconds: Int64) {
    network.world.after(microseconds) { [self] in
      guard !isBroken, !waiting.isEmpty else { return }
      if network.isBlocked(from: from, to: to) { return arrange(in: Self.retryMicroseconds) }
      network.noteDelivery()
      waiting.removeFirst()()
    }
  }

  func forget() { waiting = [] }

  /// What is on its way is lost, or comes late.
  func breakOff() {
    isBroken = true
    let late = waiting
    waiting = []
    guard let lateness = network.lateness else { return }
    for arrive in late { network.world.after(lateness, arrive) }
  }
}
