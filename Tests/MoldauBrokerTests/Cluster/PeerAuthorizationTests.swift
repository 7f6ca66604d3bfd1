import MoldauProtocol
import Testing

@testable import MoldauBroker

@Suite("What only brokers ask")
struct PeerAuthorizationTests {
  @Test("clients cannot ask it, and a broker that is not the controller says so")
  func authorization() throws {
    let cluster = try ClusterBroker()
    for (isPeer, code) in [(false, ErrorCode.clusterAuthorizationFailed), (true, .notController)] {
      let altered = try cluster.ask(AlterPartitionRequest(), version: 3, isPeer: isPeer)
      #expect(try altered.answer()?.errorCode == code)
      let stopped = try cluster.ask(ControlledShutdownRequest(), version: 3, isPeer: isPeer)
      #expect(try stopped.answer()?.errorCode == code)
      let fetched = try cluster.ask(FetchClusterImageRequest(), version: 0, isPeer: isPeer)
      #expect(try fetched.answer()?.errorCode == code)
    }
  }
}
