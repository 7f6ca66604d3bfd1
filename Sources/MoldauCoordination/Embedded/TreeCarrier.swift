package import MoldauLog

/// Brings requests to an embedded tree and answers to its clients: the network, as far as there is
/// one.
///
/// Each call hands in work that is to be done once, or never. Work of one session must be done in the
/// order in which it came, one after another, and answers not on the caller's stack; between sessions
/// any order will do. A simulation delays it.
package protocol TreeCarrier: Sendable {
  /// `arrive` carries out the next request of the session.
  func carryRequest(of sessionID: Int64, _ arrive: @escaping @Sendable () -> Void)

  /// `arrive` tells the client the next answer or event.
  func carryAnswer(to sessionID: Int64, _ arrive: @escaping @Sendable () -> Void)
}

/// Carries requests out at once, and tells answers and events on a queue.
package struct QueueCarrier: TreeCarrier {
  private let queue: SerialQueue

  package init(queue: SerialQueue) {
    self.queue = queue
  }

  package func carryRequest(of sessionID: Int64, _ arrive: @escaping @Sendable () -> Void) {
    arrive()
  }

  package func carryAnswer(to sessionID: Int64, _ arrive: @escaping @Sendable () -> Void) {
    queue.add(arrive)
  }
}
