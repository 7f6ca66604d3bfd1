/// A process that uses an embedded tree, as far as the tree can tell processes from each other.
package final class EmbeddedClient: CoordinationService {
  private let tree: EmbeddedTree
  let number: Int
  private let chroot: Chroot
  private let carrier: any TreeCarrier

  init(tree: EmbeddedTree, number: Int, chroot: Chroot, carrier: any TreeCarrier) {
    self.tree = tree
    self.number = number
    self.chroot = chroot
    self.carrier = carrier
  }

  package func connect(
    timeoutMilliseconds: Int32, onEvent: @escaping @Sendable (SessionEvent) -> Void
  ) -> any CoordinationSession {
    tree.open(
      client: number, chroot: chroot, carrier: carrier, timeoutMilliseconds: timeoutMilliseconds,
      onEvent: onEvent)
  }

  /// Disconnects all sessions of the client, and those that it opens from now on, until `restore`.
  package func cutOff(_ requests: LostRequests = .dropped) {
    tree.step { [number, tree] server in
      for id in server.sessionIDs where server.sessions[id]?.client == number {
        server.sessions[id]?.requestsOnTheWay = requests
      }
      server.cutClients.insert(number)
      server.settleAll(now: tree.now)
    }
  }

  /// Ends `cutOff`: sessions are connected again, or hear that they have expired.
  package func restore() {
    tree.step { [number, tree] server in
      server.cutClients.remove(number)
      server.settleAll(now: tree.now)
    }
  }

  /// The process is gone without a word: nothing is told any more, not even answers that are on their
  /// way, requests that are on their way get lost, and its sessions expire after their timeout.
  package func abandon() {
    tree.step { [number, tree] server in server.abandon(client: number, now: tree.now) }
  }
}
