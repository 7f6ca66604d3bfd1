package import MoldauLog
import Synchronization

/// A coordination service in this process's memory, with ZooKeeper's semantics: for a cluster of one,
/// for brokers of one process, for tests and the simulation.
///
/// `open` keeps it in a log; else it is gone with the object.
///
/// Deterministic: it has no thread and no clock but those handed in, and carries requests out in the
/// order in which they arrive, one after another. Answers and events of a session arrive in their
/// order. A session is alive while it is connected; it is disconnected only by the calls of
/// `EmbeddedTree+Faults.swift`, and then expires after its timeout if there is a scheduler. Thread-safe.
package final class EmbeddedTree: CoordinationService {
  let server: Mutex<TreeServer>
  let storage: TreeStorage?
  private let scheduler: Scheduler?
  private let carrier: any TreeCarrier
  private let timers = Mutex<[Int64: Scheduler.Timer]>([:])
  private let clientCount = Atomic<Int>(0)

  /// - Parameters:
  ///   - carrier: brings requests and answers of clients that have no other.
  ///   - scheduler: lets sessions expire; nil: only `expire` does.
  package convenience init(carrier: any TreeCarrier, scheduler: Scheduler?) {
    self.init(carrier: carrier, scheduler: scheduler, tree: NodeTree(), storage: nil)
  }

  init(
    carrier: any TreeCarrier, scheduler: Scheduler?, tree: NodeTree, storage: TreeStorage?
  ) {
    server = Mutex(TreeServer(tree: tree, storage: storage, expires: scheduler != nil))
    self.carrier = carrier
    self.scheduler = scheduler
    self.storage = storage
  }

  /// Requests are carried out on the caller's thread, answers and events told on `queue`.
  package convenience init(queue: SerialQueue, scheduler: Scheduler? = nil) {
    self.init(carrier: QueueCarrier(queue: queue), scheduler: scheduler)
  }

  /// A process of its own that uses the tree: it can be cut off from it, with all its sessions.
  ///
  /// - Parameter chroot: the part of the tree that it sees; made when it is not there.
  package func client(
    chroot: Chroot = .none, carrier: (any TreeCarrier)? = nil
  ) -> EmbeddedClient {
    step { $0.make(chroot) }
    let number = clientCount.add(1, ordering: .relaxed).newValue
    return EmbeddedClient(
      tree: self, number: number, chroot: chroot, carrier: carrier ?? self.carrier)
  }

  /// Opens a session of the client 0.
  package func connect(
    timeoutMilliseconds: Int32, onEvent: @escaping @Sendable (SessionEvent) -> Void
  ) -> any CoordinationSession {
    open(
      client: 0, chroot: .none, carrier: carrier, timeoutMilliseconds: timeoutMilliseconds,
      onEvent: onEvent)
  }

  func open(
    client: Int, chroot: Chroot, carrier: any TreeCarrier, timeoutMilliseconds: Int32,
    onEvent: @escaping @Sendable (SessionEvent) -> Void
  ) -> EmbeddedSession {
    let id = step { server in
      server.open(
        client: client, timeoutMilliseconds: timeoutMilliseconds, carrier: carrier,
        onEvent: { onEvent(chroot.relative($0)) })
    }
    return EmbeddedSession(tree: self, id: id, chroot: chroot, carrier: carrier)
  }

  // MARK: - Steps

  /// Changes the state, and then does what follows from it outside the lock.
  func step<Value: Sendable>(_ body: (inout sending TreeServer) -> sending Value) -> Value {
    let (value, effects) = server.withLock { server in
      let value = body(&server)
      return (value, server.takeEffects())
    }
    carryOut(effects)
    return value
  }

  private func carryOut(_ effects: TreeEffects) {
    for (id, deadline) in effects.timers { setTimer(of: id, deadline) }
    for (id, carrier) in effects.requests {
      carrier.carryRequest(of: id) { [self] in
        step { $0.takeRequest(of: id, now: now) }
      }
    }
    guard !effects.messages.isEmpty else { return }
    guard let storage else { return carry(effects.messages) }
    // Nobody hears of what may get lost. Which message a call carries is seen when it arrives, so it
    // does not matter that those of several steps may be told to come in another order.
    storage.whenDurable { [self] error in
      if let error { fail(error) }
      carry(effects.messages)
    }
  }

  private func carry(_ messages: [(sessionID: Int64, carrier: any TreeCarrier)]) {
    for (id, carrier) in messages {
      carrier.carryAnswer(to: id) { [self] in
        let tell = step { $0.takeMessage(to: id) }
        tell?()
      }
    }
  }

  /// Milliseconds of the scheduler's clock.
  var now: Int64 { scheduler?.clock.nowMilliseconds() ?? 0 }

  private func setTimer(of id: Int64, _ deadline: Int64?) {
    guard let scheduler else { return }
    let timer = timers.withLock { timers in
      guard deadline != nil else { return timers.removeValue(forKey: id) }
      if let timer = timers[id] { return timer }
      let timer = scheduler.timer { [weak self] in
        guard let self else { return }
        step { $0.expireIfDue(id, now: self.now) }
      }
      timers[id] = timer
      return timer
    }
    guard let timer else { return }
    if let deadline { scheduler.set(timer, at: deadline) } else { scheduler.cancel(timer) }
  }
}
