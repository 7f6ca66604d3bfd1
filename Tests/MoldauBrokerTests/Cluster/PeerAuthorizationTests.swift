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

  @Test("how the groups' topic is made is not a client's to say, through whichever broker it asks")
  func groupsTopic() throws {
    let broker = try ClusterBroker().broker
    var asked = CreateTopicsRequest.Topic()
    asked.name = "__consumer_offsets"
    asked.partitionCount = 1
    asked.replicationFactor = 1
    var setting = CreateTopicsRequest.Configuration()
    setting.name = "cleanup.policy"
    setting.value = "delete"
    asked.configurations = [setting]
    let creation = try broker.creation(asked, isOfBroker: true)
    #expect(creation.partitionCount == 50)
    #expect(creation.replicationFactor == 3)
    #expect(creation.configuration["cleanup.policy"] == "compact")
    #expect(throws: AdministrationRefusal.self) {
      try broker.creation(asked, isOfBroker: false)
    }
  }

  @Test("a broker that has just registered is not taken for one that has been silent")
  func newlyRegistered() throws {
    let cluster = try ClusterBroker()
    let member = try #require(cluster.broker.member)
    cluster.clock.advance(50_000)
    var image = cluster.replicas.image
    image.brokers[2]?.brokerEpoch += 1
    member.apply(image, changed: [])
    member.noteContact(with: 99)
    let contact = member.state.withLock { $0.contact }
    #expect(contact.silence(of: 2, now: 50_000) == 0)
    #expect(contact.silence(of: 3, now: 50_000) == 50_000)
    #expect(contact.heard[99] == nil, "it is no broker of the cluster")
  }
}
