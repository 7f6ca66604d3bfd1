import Synchronization
import Testing

@testable import MoldauCoordination

struct GatheringTests {
  @Test("results come in the order of the requests, when all are there")
  func order() {
    let told = Mutex<[[Int]]>([])
    let gathering = Gathering<Int>(count: 3) { all in told.withLock { $0.append(all) } }
    gathering.put(30, at: 2)
    gathering.put(10, at: 0)
    #expect(told.withLock { $0 } == [])
    gathering.put(20, at: 1)
    #expect(told.withLock { $0 } == [[10, 20, 30]])
  }
}
