import MoldauLog
import Synchronization
import Testing

@testable import MoldauBroker

struct BlockingWorkTests {
  /// What became of the jobs, in order.
  private final class Fates: Sendable {
    let list = Mutex<[String]>([])

    func note(_ fate: String) { list.withLock { $0.append(fate) } }
  }

  @Test("a stop waits for the job that has begun and refuses those that wait for their turn")
  func stopping() {
    let work = BlockingWork(name: "test")
    let fates = Fates()
    let areAdded = WakeSignal()
    let isTaken = work.add(
      {
        for name in ["second", "third"] {
          let isTaken = work.add(
            { fates.note("\(name) done") }, refusal: { fates.note("\(name) refused") })
          #expect(isTaken)
        }
        areAdded.wake()
        work.beginStopping()
        fates.note("first done")
      }, refusal: { fates.note("first refused") })
    #expect(isTaken)
    areAdded.sleep()
    work.stop()
    #expect(fates.list.withLock { $0 } == ["first done", "second refused", "third refused"])
    let isTakenLate = work.add({ fates.note("late") }, refusal: { fates.note("late") })
    #expect(!isTakenLate)
  }
}
