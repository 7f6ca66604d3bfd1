import MoldauDisk
import MoldauFormat
import Synchronization
import Testing

@testable import MoldauLog

/// The thread that does what no appender should wait for.
struct MaintenanceQueueTests {
  /// A piece of work that goes on until it is told to stop.
  private final class Endless: Sendable {
    let queue = MaintenanceQueue()
    let isOver = Atomic<Bool>(false)
    let ended = WakeSignal()

    func add() {
      queue.add { [self] in
        if isOver.load(ordering: .acquiring) { ended.wake() } else { add() }
      }
    }
  }

  @Test(
    "work that adds itself again and again does not keep the thread from what it does each second")
  func ticks() {
    let work = Endless()
    work.add()
    work.queue.start { work.isOver.store(true, ordering: .releasing) }
    work.ended.sleep()
    work.queue.stop()
  }

  @Test("the folders of a deleted topic go, however many they are")
  func folders() throws {
    let disk = SimulatedDisk(isCrashable: false)
    let store = try openStore(disk)
    let count = Limits.foldersRemovedTogether * 2 + 1
    _ = try store.createTopic("orders", TopicConfiguration(partitionCount: count))
    try store.removeTopic("orders")
    #expect(try disk.list("/store").filter { $0.kind == .directory }.count == count)
    store.runMaintenance()
    #expect(try disk.list("/store").filter { $0.kind == .directory }.isEmpty)
    try store.closeBlocking()
  }
}
