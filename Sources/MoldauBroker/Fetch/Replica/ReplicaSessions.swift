import MoldauLog
import MoldauProtocol
import Synchronization

/// The fetch sessions of the brokers that follow this one: a bounded number of each. Thread-safe.
final class ReplicaSessions: Sendable {
  /// Of one broker, the oldest first.
  private let sessions = Mutex<[Int32: [ReplicaSession]]>([:])
  private let random: RandomSource

  init(random: RandomSource) {
    self.random = random
  }

  /// A session that goes on; nil when it is not known.
  func session(_ id: Int32, of nodeID: Int32, brokerEpoch: Int64) -> ReplicaSession? {
    sessions.withLock { $0[nodeID]?.first { $0.id == id && $0.brokerEpoch == brokerEpoch } }
  }

  /// Begins a session. Those of an earlier incarnation of the broker end, and its oldest when it has
  /// too many.
  func begin(
    of nodeID: Int32, brokerEpoch: Int64, usesTopicIDs: Bool, now: Int64
  ) -> ReplicaSession {
    var generator = random
    let (session, ended) = sessions.withLock { sessions in
      let all = sessions[nodeID] ?? []
      var kept = all.filter { $0.brokerEpoch == brokerEpoch }
      kept.removeFirst(max(0, kept.count - Limits.replicaSessionsPerBroker + 1))
      var id = Int32.random(in: 1...Int32.max, using: &generator)
      while kept.contains(where: { $0.id == id }) {
        id = Int32.random(in: 1...Int32.max, using: &generator)
      }
      let session = ReplicaSession(
        id: id, nodeID: nodeID, brokerEpoch: brokerEpoch, usesTopicIDs: usesTopicIDs, now: now)
      let ended = all.filter { old in !kept.contains { $0 === old } }
      sessions[nodeID] = kept + [session]
      return (session, ended)
    }
    for session in ended { session.close() }
    return session
  }

  func end(_ id: Int32, of nodeID: Int32) {
    let ended = sessions.withLock { sessions in
      let ended = sessions[nodeID]?.first { $0.id == id }
      sessions[nodeID]?.removeAll { $0.id == id }
      return ended
    }
    ended?.close()
  }
}
