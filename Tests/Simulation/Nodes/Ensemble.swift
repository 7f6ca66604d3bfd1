import MoldauCoordination
import MoldauLog

/// The coordination service: a tree on a host of its own, and the way to it.
final class Ensemble {
  /// Something on its way to or from the tree.
  fileprivate struct Letter: Sendable {
    var node: Int32
    /// Which life of the node has sent it, or is to get it.
    var life: Int
    var session: Int64
    var isAnswer: Bool
    var arrive: @Sendable () -> Void
  }

  private struct Way: Hashable {
    var node: Int32
    var life: Int
    var session: Int64
    var isAnswer: Bool
  }

  let tree: EmbeddedTree
  private let world: World
  private let scheduler: Scheduler
  private let mailbox = Mailbox<Letter>()
  private let nodes: () -> [Node]
  private var lastArrivals: [Way: Int64] = [:]
  private var arrangedTimer: Int64?
  /// How long a message takes, in microseconds.
  var delay: ClosedRange<Int64> = 100...1_500

  init(_ world: World, nodes: @escaping () -> [Node]) {
    self.world = world
    self.nodes = nodes
    scheduler = Scheduler(clock: NodeClock(world.time), runsThread: false)
    tree = EmbeddedTree(
      carrier: WorldCarrier(node: 0, life: 0, mailbox), scheduler: scheduler)
  }

  /// A way to the tree for a broker that is about to live on the node.
  func client(for node: Node) -> EmbeddedClient {
    tree.client(carrier: WorldCarrier(node: node.id, life: node.startCount, mailbox))
  }

  /// Takes up what was sent, and what is due.
  func poll() {
    while true {
      let letters = mailbox.takeAll()
      if letters.isEmpty { break }
      for letter in letters { carry(letter) }
    }
    guard let next = scheduler.nextDeadline else { return }
    if let arrangedTimer, arrangedTimer <= next { return }
    arrangedTimer = next
    world.after(next * 1000 - world.now) { [weak self] in
      guard let self else { return }
      if arrangedTimer == next { arrangedTimer = nil }
      scheduler.runDue()
    }
  }

  /// The world is over: no session holds who has opened it any more.
  func end() {
    for id in tree.sessionIDs { tree.expire(id) }
    scheduler.stop()
    _ = mailbox.takeAll()
  }

  private func carry(_ letter: Letter) {
    let way = Way(
      node: letter.node, life: letter.life, session: letter.session, isAnswer: letter.isAnswer)
    world.detail("letter of \(letter.node), session \(letter.session), \(letter.isAnswer)")
    let arrival = max(world.now + world.number(delay), lastArrivals[way] ?? 0)
    lastArrivals[way] = arrival
    world.after(arrival - world.now) { [weak self] in
      guard let self else { return }
      guard letter.isAnswer else { return letter.arrive() }
      // To a broker that is dead nothing is told.
      let node = nodes().first { $0.id == letter.node && $0.startCount == letter.life }
      node?.whenRunning { letter.arrive() }
    }
  }
}

/// Hands what a session sends, and what it is told, to the world.
private struct WorldCarrier: TreeCarrier {
  let node: Int32
  let life: Int
  let mailbox: Mailbox<Ensemble.Letter>

  init(node: Int32, life: Int, _ mailbox: Mailbox<Ensemble.Letter>) {
    self.node = node
    self.life = life
    self.mailbox = mailbox
  }

  func carryRequest(of sessionID: Int64, _ arrive: @escaping @Sendable () -> Void) {
    mailbox.put(
      .init(node: node, life: life, session: sessionID, isAnswer: false, arrive: arrive))
  }

  func carryAnswer(to sessionID: Int64, _ arrive: @escaping @Sendable () -> Void) {
    mailbox.put(
      .init(node: node, life: life, session: sessionID, isAnswer: true, arrive: arrive))
  }
}
