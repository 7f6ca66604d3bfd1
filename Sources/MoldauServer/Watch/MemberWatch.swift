import Logging
import MoldauBroker
import MoldauLog
import Synchronization

/// Watches that a member of a cluster goes on (docs/decisions/cluster-member.md).
///
/// A thread of its own, which waits for nothing but the time: what may wait is done by another.
final class MemberWatch: Sendable {
  private let member: ClusterMember
  private let whenLost: @Sendable () -> Void
  private let logger: Logger
  private let pauseMilliseconds: Int64
  private let watch: Mutex<RoundWatch>
  private let isStopping = Atomic(false)
  private let signal = WakeSignal()

  /// - Parameter whenLost: as in `ServerCluster`.
  init(
    _ member: ClusterMember, sessionMilliseconds: Int64, whenLost: @escaping @Sendable () -> Void,
    logger: Logger
  ) {
    self.member = member
    self.whenLost = whenLost
    self.logger = logger
    let pause = max(1, sessionMilliseconds / 8)
    pauseMilliseconds = pause
    let hangs = Limits.hangingSessions * sessionMilliseconds
    let lost = max(Limits.lostSessions * sessionMilliseconds, Limits.lostMilliseconds)
    watch = Mutex(RoundWatch(hangs: Int(hangs / pause), isLost: Int(lost / pause)))
  }

  func start() {
    // Twice as often as it is looked.
    member.countRounds(everyMilliseconds: max(1, pauseMilliseconds / 2))
    EngineThread.detached(name: "moldau-watch") { [self] in
      while !isStopping.load(ordering: .acquiring) {
        signal.sleep(milliseconds: pauseMilliseconds)
        look()
      }
    }
  }

  func stop() {
    isStopping.store(true, ordering: .releasing)
    signal.wake()
  }

  /// What the thread does after each pause.
  func look() {
    let round = member.roundCount
    let finding = watch.withLock { $0.look(atRound: round) }
    guard !isStopping.load(ordering: .acquiring) else { return }
    switch finding {
    case .comesRound, .isLate: break
    case .hangs(let round):
      elsewhere { [member, logger] in
        guard member.letGoOfSession(atRound: round) else { return }
        logger.error("broker \(member.nodeID) hangs: it gives up its session, and others lead")
      }
    case .isLost:
      elsewhere { [member, logger] in
        logger.critical("broker \(member.nodeID) has hung for too long, and does not go on")
      }
      elsewhere { [whenLost] in
        // The line before it may have come out by then; where logs go may be what hangs.
        WakeSignal().sleep(milliseconds: Limits.lastWordMilliseconds)
        whenLost()
      }
    }
  }

  private func elsewhere(_ body: @escaping @Sendable () -> Void) {
    EngineThread.detached(name: "moldau-hung", body)
  }
}
