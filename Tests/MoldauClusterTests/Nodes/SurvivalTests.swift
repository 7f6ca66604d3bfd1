import MoldauFormat
import Testing

@testable import MoldauCluster

struct SurvivalTests {
  private let orders = TopicPartition(topic: "orders", partition: 0)
  private let others = TopicPartition(topic: "others", partition: 0)

  private func registration(
    _ epoch: Int64, since survivedSince: Int64, lost: [BrokerRegistration.LostReplica] = []
  ) -> BrokerRegistration {
    BrokerRegistration(
      nodeID: 1, brokerEpoch: epoch, directoryID: .zero, endpoints: [],
      replication: .init(name: "R", host: "h", port: 1), survivedSince: survivedSince, lost: lost)
  }

  private func node(
    since survivedSince: Int64, lost: [BrokerRegistration.LostReplica]
  ) -> BrokerEpochNode {
    BrokerEpochNode(
      directoryID: .zero, bootID: nil, incarnation: nil, brokerEpoch: 6,
      survivedSince: survivedSince, directorySince: 2, lost: lost)
  }

  @Test("a replica has kept what it had in a registration from which on the broker has survived")
  func kept() {
    let broker = registration(7, since: 5, lost: [.init(partition: orders, brokerEpoch: 6)])
    #expect(!broker.hasKept(others, since: 4))
    #expect(broker.hasKept(others, since: 5))
    #expect(!broker.hasKept(orders, since: 5))
    #expect(broker.hasKept(orders, since: 6))
    #expect(broker.hasSurvived)
    #expect(!registration(7, since: 7).hasSurvived)
  }

  @Test("the first registration, and one after a loss, begin the chain anew")
  func begins() {
    let previous = node(since: 3, lost: [.init(partition: orders, brokerEpoch: 4)])
    let cases: [(BrokerEpochNode?, Survival, Int64)] = [
      (nil, .all, 6), (previous, .damaged, 2), (previous, .nothing, 6),
    ]
    for (previous, survival, directorySince) in cases {
      let chain = SurvivalChain(
        brokerEpoch: 6, previous: previous, survival: survival, lost: [orders]
      ) { _, _ in true }
      #expect(chain.survivedSince == 6)
      #expect(chain.directorySince == directorySince)
      #expect(chain.lost == [])
    }
  }

  @Test("older losses are carried on while a state still counts on the replica")
  func carriesOn() {
    let previous = node(
      since: 3,
      lost: [
        .init(partition: orders, brokerEpoch: 4), .init(partition: others, brokerEpoch: 4),
      ])
    let lostNow = TopicPartition(topic: "now", partition: 2)
    let chain = SurvivalChain(
      brokerEpoch: 6, previous: previous, survival: .all, lost: [lostNow]
    ) { partition, epoch in partition == orders && epoch == 4 }
    #expect(chain.survivedSince == 3)
    #expect(chain.directorySince == 2)
    #expect(
      chain.lost == [
        .init(partition: orders, brokerEpoch: 4), .init(partition: lostNow, brokerEpoch: 6),
      ])
  }

  @Test("a process that runs on has everything, whatever its opening found and its file says")
  func runsOn() {
    var last = node(since: 3, lost: [])
    last.incarnation = "second"
    var history = DirectoryHistory(
      directoryID: .zero, clusterID: nil, bootID: nil, cleanStopEpoch: nil, incarnations: ["first"],
      isDamaged: true)
    #expect(history.survival(since: last) == .nothing)
    // Of a registration whose answer was lost nothing is known but that it was tried.
    history.triedIncarnations = ["second"]
    #expect(history.survival(since: last) == .running)
    last.directoryID = TopicID(high: 3, low: 3).base64
    #expect(history.survival(since: last) == .nothing)
  }
}
