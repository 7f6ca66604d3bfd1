package import MoldauLog
import Synchronization

/// What a broker runs on: its clocks, timers, threads and its chance. Handed in, so that a simulation
/// can have its own and run all brokers of a cluster on one thread.
package final class BrokerExecution: Sendable {
  package let clock: any WallClock
  package let scheduler: Scheduler
  package let random: RandomSource
  /// For work that waits for a disk.
  let blockingWork: BlockingWork
  /// For changes of topics, one after another: those of many partitions take long, and nobody else
  /// is to wait for them.
  let topicWork: BlockingWork
  let runsThreads: Bool
  private let queues = Mutex<[SerialQueue]>([])

  /// - Parameter runsThreads: whether work is done on threads of its own; without them `runNext` and
  ///   the scheduler's `runDue` must be called.
  package init(
    clock: any WallClock = SystemWallClock(), steadyClock: any SteadyClock = SystemSteadyClock(),
    random: RandomSource = RandomSource(), runsThreads: Bool = true
  ) {
    self.clock = clock
    self.random = random
    self.runsThreads = runsThreads
    scheduler = Scheduler(clock: steadyClock, runsThread: runsThreads)
    blockingWork = BlockingWork(name: "moldau-broker", runsThread: runsThreads)
    topicWork = BlockingWork(name: "moldau-topics", runsThread: runsThreads)
  }

  /// A queue of the broker's; whoever asks for it stops it, too.
  package func queue(_ name: String) -> SerialQueue {
    let queue = SerialQueue(name: name, runsThread: runsThreads)
    queues.withLock { $0.append(queue) }
    return queue
  }

  // MARK: Without threads

  /// Forgets all that was to be done, as the end of a process does: it may hold what holds this.
  package func abandon() {
    for queue in queues.withLock({ $0 }) { queue.stop() }
    scheduler.stop()
    blockingWork.abandon()
    topicWork.abandon()
  }

  /// How many queues there are that `runNext` may be asked for.
  package var queueCount: Int { queues.withLock { $0.count } + 2 }

  /// Whether something waits in a queue.
  package func hasWork(inQueue index: Int) -> Bool {
    switch index {
    case 0: !blockingWork.isEmpty
    case 1: !topicWork.isEmpty
    default: !queues.withLock { $0[index - 2] }.isEmpty
    }
  }

  /// Does the next piece of work of a queue, on the caller's thread; returns whether there was one.
  /// The queues are counted in the order in which they were made, those of every broker first.
  package func runNext(ofQueue index: Int) -> Bool {
    switch index {
    case 0: return blockingWork.runNext()
    case 1: return topicWork.runNext()
    default: return queues.withLock { $0[index - 2] }.runNext()
    }
  }
}
