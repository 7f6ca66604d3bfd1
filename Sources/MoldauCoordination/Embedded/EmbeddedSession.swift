import Synchronization

/// A session with an embedded tree.
package final class EmbeddedSession: CoordinationSession {
  /// As `SessionEvent.connected` tells it.
  package let id: Int64
  private let tree: EmbeddedTree
  private let chroot: Chroot
  private let carrier: any TreeCarrier
  private let isClosed = Atomic<Bool>(false)

  init(tree: EmbeddedTree, id: Int64, chroot: Chroot, carrier: any TreeCarrier) {
    self.tree = tree
    self.id = id
    self.chroot = chroot
    self.carrier = carrier
  }

  package func perform(
    _ request: CoordinationRequest,
    _ completion: @escaping @Sendable (Result<CoordinationAnswer, CoordinationError>) -> Void
  ) {
    let entry = TreeSession.Request(
      request: chroot.absolute(request), refusal: request.refusal,
      completion: { [chroot] in completion($0.map(chroot.relative)) })
    let isTaken = tree.step { [id] in $0.submit(entry, of: id) }
    guard !isTaken else { return }
    let error: CoordinationError = isClosed.load(ordering: .acquiring) ? .closed : .sessionExpired
    carrier.carryAnswer(to: id) { completion(.failure(error)) }
  }

  package func close() {
    isClosed.store(true, ordering: .releasing)
    tree.step { [id] in $0.close(id) }
  }
}
