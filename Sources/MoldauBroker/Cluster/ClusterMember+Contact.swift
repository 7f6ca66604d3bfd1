import MoldauCluster
import MoldauLog

/// Who was heard of last, of those that this broker is to hear of.
struct Contact: Sendable {
  var timer: Scheduler.Timer?
  /// When the present controller became known: nobody is silent for longer.
  var since: Int64 = 0
  /// By number, in milliseconds of the steady clock.
  var heard: [Int32: Int64] = [:]

  func silence(of nodeID: Int32, now: Int64) -> Int64 { now - max(since, heard[nodeID] ?? since) }
}

/// A broker that reaches the coordination service and not the other brokers keeps its session, and
/// with it what it leads and its office, though it is of no use to anyone. So it gives the session up
/// and stays away for a while (docs/decisions/cluster-member.md). All on the queue.
extension ClusterMember {
  func watchContact() {
    let timer = scheduler.timer { [weak self, queue] in
      queue.add { [weak self] in self?.checkContact() }
    }
    state.withLock { $0.contact = Contact(timer: timer, since: scheduler.clock.nowMilliseconds()) }
    setContactTimer()
  }

  func dropContact() {
    let timer = state.withLock { state in
      defer { state.contact.timer = nil }
      return state.contact.timer
    }
    if let timer { scheduler.cancel(timer) }
  }

  /// Another broker has asked, or answered. From any thread.
  func noteContact(with nodeID: Int32) {
    guard replicas.image.brokers[nodeID] != nil else { return }
    let now = scheduler.clock.nowMilliseconds()
    state.withLock { $0.contact.heard[nodeID] = now }
  }

  /// Those that have registered since an earlier image are to be heard of from now on, not since this
  /// broker or the controller has begun.
  func noteRegistrations(in image: ClusterImage, since earlier: ClusterImage) {
    for (id, broker) in image.brokers where earlier.brokers[id]?.brokerEpoch != broker.brokerEpoch {
      noteContact(with: id)
    }
  }

  private func setContactTimer() {
    guard let timer = state.withLock({ $0.contact.timer }) else { return }
    let pause = max(1, Int64(settings.sessionTimeoutMilliseconds) / 8)
    scheduler.set(timer, at: scheduler.clock.nowMilliseconds() + pause)
  }

  private func checkContact() {
    setContactTimer()
    let (phase, hasRoles, isConnected, elected, contact) = state.withLock {
      ($0.phase, $0.hasRoles, $0.doubts == nil, $0.elected, $0.contact)
    }
    // Without the service nobody would notice that the session was given up.
    guard phase == .joined, hasRoles, isConnected, let elected else { return }
    let now = scheduler.clock.nowMilliseconds()
    let session = Int64(settings.sessionTimeoutMilliseconds)
    if elected.nodeID != nodeID {
      // Longer than the controller waits for the others, so that it goes before they do.
      guard contact.silence(of: elected.nodeID, now: now) > 2 * session + session / 2 else {
        return
      }
      giveUpSession("the controller, broker \(elected.nodeID)")
    } else if let controller = state.withLock({ $0.controller }), controller.isActive {
      let others = replicas.image.brokers.keys.filter { $0 != nodeID }
      // Those that are dead are not counted any more by then: the service ends sessions at its ticks,
      // of which each lasts half of a session at most.
      let silent = others.filter { contact.silence(of: $0, now: now) > 2 * session }.sorted()
      // With half of the brokers it stays: the other half gives way.
      guard 2 * silent.count > others.count + 1 else { return }
      giveUpSession("brokers \(silent.map(String.init).joined(separator: ", "))")
    }
  }

  private func giveUpSession(_ silent: String) {
    logger.error("nothing is heard of \(silent): this broker leaves, and comes back later")
    giveUpRoles()
    let session = state.withLock { state in
      defer { state.sessionNumber += 1 }
      return state.session
    }
    endSession()
    session?.close()
    state.withLock { $0.phase = .joining }
    // The controller sees that it is gone before it is there again.
    later(atLeast: Int64(settings.sessionTimeoutMilliseconds)) { [weak self] in
      self?.openSession()
    }
  }
}
