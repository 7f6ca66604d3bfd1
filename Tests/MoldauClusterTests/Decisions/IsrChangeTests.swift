import MoldauFormat
import MoldauProtocol
import Testing

@testable import MoldauCluster

/// Rules 15, 16 and 19: what the controller makes of a leader's change.
struct IsrChangeTests {
  private func state(isr: [Int32], elr: [Int32] = []) -> PartitionImage {
    var state = PartitionImage(
      replicas: [1, 2, 3], leader: 1, leaderEpoch: 5, partitionEpoch: 8, isr: isr)
    state.elr = elr
    for id in isr + elr { state.brokerEpochs[id] = 1 }
    return state
  }

  private func change(
    _ members: [Int32], epochs: [Int32: Int64] = [:], leaderEpoch: Int32 = 5,
    partitionEpoch: Int32 = 8
  ) -> IsrChange {
    IsrChange(
      partition: AllCases.partition, topicID: .zero, leaderEpoch: leaderEpoch,
      partitionEpoch: partitionEpoch,
      isr: members.map { .init(nodeID: $0, brokerEpoch: epochs[$0] ?? 1) })
  }

  private let allUp: [Int32: Fate] = [1: .same, 2: .same, 3: .same]

  @Test("a shrink below the minimum makes those that leave eligible, and an expansion clears them")
  func shrinkAndExpand() throws {
    let circumstances = AllCases.circumstances(allUp, minInSync: 2)
    let shrunk = try state(isr: [1, 2, 3]).changed(by: change([1]), from: 1, circumstances).get()
    #expect(shrunk.joining == [])
    #expect(shrunk.state.isr == [1])
    #expect(shrunk.state.elr == [2, 3])
    #expect(shrunk.state.partitionEpoch == 9)
    #expect(shrunk.state.leaderEpoch == 5)
    let grown = try state(isr: [1], elr: [2, 3])
      .changed(by: change([1, 3]), from: 1, circumstances).get()
    #expect(grown.joining.map(\.nodeID) == [3])
    #expect(grown.state.isr == [1, 3])
    #expect(grown.state.elr == [])
  }

  @Test("a replica joins in the registration of its broker, which the state keeps")
  func registration() throws {
    let circumstances = AllCases.circumstances([1: .same, 2: .same, 3: .lost])
    let decision = try state(isr: [1, 2])
      .changed(by: change([1, 2, 3], epochs: [3: 2]), from: 1, circumstances).get()
    #expect(decision.state.brokerEpochs == [1: 1, 2: 1, 3: 2])
    #expect(decision.joining == [.init(nodeID: 3, brokerEpoch: 2)])
  }

  @Test("a leader that leaves itself out is followed by the first of the others that stays")
  func handOver() throws {
    let circumstances = AllCases.circumstances(allUp, minInSync: 2)
    let decision = try state(isr: [1, 2, 3])
      .changed(by: change([2, 3]), from: 1, circumstances).get()
    #expect((decision.state.leader, decision.state.leaderEpoch) == (2, 6))
    #expect(decision.state.isr == [2, 3])
    #expect(decision.state.partitionEpoch == 9)
    #expect(decision.joining == [])
    let last = try state(isr: [1, 3]).changed(by: change([3]), from: 1, circumstances).get()
    #expect((last.state.leader, last.state.isr, last.state.elr) == (3, [3], [1]))
    for members in [[], [3], [2, 3]] as [[Int32]] {
      let refused = state(isr: [1, 2]).changed(by: change(members), from: 1, circumstances)
      #expect(throws: ClusterRefusal.self, "\(members) are not in sync") { try refused.get() }
    }
  }

  @Test("the same in-sync replicas are no change")
  func same() throws {
    let before = state(isr: [1, 2])
    let decision =
      try before
      .changed(by: change([2, 1]), from: 1, AllCases.circumstances(allUp)).get()
    #expect(decision.state == before)
  }

  struct Refused: Sendable {
    var change: IsrChange
    var node: Int32 = 1
    var fates: [Int32: Fate] = [1: .same, 2: .same, 3: .same]
    var code: ErrorCode
  }

  private func refused() -> [Refused] {
    [
      Refused(change: change([1], leaderEpoch: 4), code: .fencedLeaderEpoch),
      Refused(change: change([1], leaderEpoch: 6), code: .notController),
      Refused(change: change([1], partitionEpoch: 7), code: .invalidUpdateVersion),
      Refused(change: change([1], partitionEpoch: 9), code: .notController),
      Refused(change: change([1]), node: 2, code: .invalidRequest),
      Refused(change: change([3]), code: .invalidRequest),
      Refused(change: change([]), code: .invalidRequest),
      Refused(change: change([1, 1]), code: .invalidRequest),
      Refused(change: change([1, 4]), code: .invalidRequest),
      Refused(
        change: change([1, 2, 3]), fates: [1: .same, 2: .same, 3: .dead], code: .ineligibleReplica),
      Refused(
        change: change([1, 2, 3]), fates: [1: .same, 2: .same, 3: .shuttingDown],
        code: .ineligibleReplica),
      Refused(
        change: change([1, 2, 3]), fates: [1: .same, 2: .same, 3: .survived],
        code: .ineligibleReplica),
      Refused(
        change: change([1, 2, 3], epochs: [3: -1]), code: .ineligibleReplica),
      Refused(
        change: change([1, 2, 3], epochs: [3: 2]), fates: [1: .same, 2: .survived, 3: .survived],
        code: .ineligibleReplica),
    ]
  }

  @Test("what is not the leader's current view, or takes in who cannot be in sync, is refused")
  func refusals() {
    for refused in refused() {
      let result = state(isr: [1, 2]).changed(
        by: refused.change, from: refused.node, AllCases.circumstances(refused.fates))
      #expect(result.code == refused.code, "\(refused)")
    }
  }

  @Test("a member that is about to stop may stay, and a member of unknown registration too")
  func staying() {
    let circumstances = AllCases.circumstances([1: .same, 2: .shuttingDown, 3: .same])
    let result = state(isr: [1, 2]).changed(
      by: change([1, 2, 3], epochs: [1: -1, 2: -1]), from: 1, circumstances)
    #expect(result.code == .none)
  }

  @Test("without compareAndSet an older view passes, without checkBrokerEpoch another registration")
  func switches() {
    let withoutCompare = AllCases.circumstances(allUp, rules: .all.subtracting(.compareAndSet))
    #expect(
      state(isr: [1, 2]).changed(by: change([1], partitionEpoch: 7), from: 1, withoutCompare).code
        == .none)
    let withoutCheck = AllCases.circumstances(
      [1: .same, 2: .same, 3: .lost], rules: .all.subtracting(.checkBrokerEpoch))
    #expect(
      state(isr: [1, 2]).changed(by: change([1, 2, 3]), from: 1, withoutCheck).code == .none)
  }
}
