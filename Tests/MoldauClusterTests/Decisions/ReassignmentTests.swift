import MoldauFormat
import MoldauProtocol
import Testing

@testable import MoldauCluster

/// Rule 22, with preferred leaders, unclean elections and controlled shutdown.
struct ReassignmentTests {
  private func state(
    _ replicas: [Int32], leader: Int32, isr: [Int32], elr: [Int32] = []
  ) -> PartitionImage {
    var state = PartitionImage(
      replicas: replicas, leader: leader, leaderEpoch: 5, partitionEpoch: 8, isr: isr)
    state.elr = elr
    for id in isr + elr { state.brokerEpochs[id] = 1 }
    return state
  }

  private let allUp = AllCases.circumstances([
    1: .same, 2: .same, 3: .same, 4: .same, 5: .same, 6: .same,
  ])

  @Test("replicas move by adding, waiting until all have joined, and dropping")
  func moves() throws {
    let before = state([1, 2, 3], leader: 1, isr: [1, 2, 3])
    var moving = try before.moving(to: [4, 5, 3], allUp).get()
    #expect(moving.replicas == [4, 5, 3, 1, 2])
    #expect(moving.adding == [4, 5])
    #expect(moving.removing == [1, 2])
    #expect(moving.leader == 1)
    #expect((moving.leaderEpoch, moving.partitionEpoch) == (5, 9))
    #expect(moving.arrived(allUp) == nil)
    moving.isr = [1, 2, 3, 4]
    #expect(moving.arrived(allUp) == nil)
    moving.isr = [1, 2, 3, 4, 5]
    let arrived = try #require(moving.arrived(allUp))
    #expect(arrived.replicas == [4, 5, 3])
    #expect(arrived.isr == [3, 4, 5])
    #expect(arrived.leader == 4)
    #expect(!arrived.isMoving)
    #expect((arrived.leaderEpoch, arrived.partitionEpoch) == (6, 10))
  }

  @Test("a replica that only joins raises no leader epoch; nothing to wait for is done at once")
  func grows() throws {
    let before = state([1], leader: 1, isr: [1])
    let moving = try before.moving(to: [1, 2], allUp).get()
    #expect((moving.replicas, moving.adding, moving.removing) == ([1, 2], [2], []))
    #expect(moving.leaderEpoch == 5)
    let shrunk = try state([1, 2, 3], leader: 3, isr: [1, 2, 3]).moving(to: [1, 2], allUp).get()
    #expect((shrunk.replicas, shrunk.isr, shrunk.leader) == ([1, 2], [1, 2], 1))
    #expect((shrunk.leaderEpoch, shrunk.partitionEpoch) == (6, 9))
    #expect(!shrunk.isMoving)
    let reordered = try state([1, 2], leader: 1, isr: [1, 2]).moving(to: [2, 1], allUp).get()
    #expect((reordered.replicas, reordered.leader) == ([2, 1], 1))
    #expect((reordered.leaderEpoch, reordered.partitionEpoch) == (5, 9))
    #expect(try before.moving(to: [1], allUp).get() == before)
  }

  @Test("the leader that is dropped hands over to one that stays")
  func leaderGoes() throws {
    var moving = try state([1, 2], leader: 1, isr: [1, 2]).moving(to: [3, 4], allUp).get()
    moving.isr = [1, 2, 3, 4]
    for id: Int32 in [3, 4] { moving.brokerEpochs[id] = 1 }
    let arrived = try #require(moving.arrived(allUp))
    #expect((arrived.replicas, arrived.isr, arrived.leader) == ([3, 4], [3, 4], 3))
  }

  @Test("a move that is cancelled goes back, and drops what had joined")
  func cancels() throws {
    let before = state([1, 2], leader: 1, isr: [1, 2])
    #expect(before.movingBack(allUp).code == .noReassignmentInProgress)
    var moving = try before.moving(to: [3, 2], allUp).get()
    moving.isr = [1, 2, 3]
    let back = try moving.movingBack(allUp).get()
    #expect(Set(back.replicas) == [1, 2])
    #expect(Set(back.isr) == [1, 2])
    #expect(!back.isMoving)
    #expect((back.leaderEpoch, back.partitionEpoch) == (6, 10))
  }

  @Test("a move that is replaced by another keeps where it came from")
  func replaces() throws {
    var moving = try state([1, 2], leader: 1, isr: [1, 2]).moving(to: [3, 4], allUp).get()
    moving.isr = [1, 2, 3]
    let other = try moving.moving(to: [5, 2], allUp).get()
    #expect(other.replicas == [5, 2, 1])
    #expect((other.adding, other.removing) == ([5], [1]))
    #expect(other.isr == [1, 2])
    #expect(other.leaderEpoch == 6)
    #expect(other.origin == [2, 1])
  }

  @Test("what would drop all that have the records is refused, as are targets that cannot be")
  func refuses() throws {
    var moving = try state([1, 2], leader: 1, isr: [1, 2]).moving(to: [3, 4], allUp).get()
    moving.isr = [3]
    moving.leader = 3
    #expect(moving.movingBack(allUp).code == .invalidReplicaAssignment)
    moving.isr = []
    moving.elr = [3]
    moving.leader = -1
    #expect(moving.movingBack(allUp).code == .invalidReplicaAssignment)
    let before = state([1, 2], leader: 1, isr: [1, 2])
    for target: [Int32] in [[], [1, 1], [1, 9]] {
      #expect(before.moving(to: target, allUp).code == .invalidReplicaAssignment)
    }
  }

  @Test("a move does not end below the replicas that must be in sync")
  func keepsMinimum() throws {
    let circumstances = AllCases.circumstances(
      [1: .same, 2: .same, 3: .same, 4: .same], minInSync: 2)
    var moving = try state([1, 2], leader: 1, isr: [1, 2]).moving(to: [2, 3], circumstances).get()
    moving.isr = [1, 3]
    #expect(moving.arrived(circumstances) == nil)
    moving.isr = [1, 2, 3]
    #expect(moving.arrived(circumstances)?.isr == [2, 3])
  }

  @Test("the preferred leader leads when it is in sync and stays")
  func preferred() throws {
    let before = state([1, 2], leader: 2, isr: [1, 2])
    let next = try before.preferringLeader(allUp).get()
    #expect((next.leader, next.leaderEpoch, next.partitionEpoch) == (1, 6, 9))
    #expect(next.preferringLeader(allUp).code == .electionNotNeeded)
    #expect(
      state([1, 2], leader: 2, isr: [2]).preferringLeader(allUp).code
        == .preferredLeaderNotAvailable)
    let stopping = AllCases.circumstances([1: .shuttingDown, 2: .same])
    #expect(before.preferringLeader(stopping).code == .preferredLeaderNotAvailable)
  }

  @Test("an unclean election takes any live replica, and only where nobody leads")
  func unclean() throws {
    #expect(state([1, 2], leader: 2, isr: [2]).electingUnclean(allUp).code == .electionNotNeeded)
    let offline = state([1, 2], leader: -1, isr: [], elr: [1])
    let circumstances = AllCases.circumstances([1: .dead, 2: .lost])
    let next = try offline.electingUnclean(circumstances).get()
    #expect((next.leader, next.isr, next.elr) == (2, [2], []))
    #expect((next.leaderEpoch, next.brokerEpochs) == (6, [2: 2]))
    let nobody = AllCases.circumstances([1: .dead, 2: .dead])
    #expect(offline.electingUnclean(nobody).code == .eligibleLeadersNotAvailable)
  }

  @Test("a broker that is about to stop is released where another can take its place")
  func release() throws {
    let stopping = AllCases.circumstances(
      [1: .shuttingDown, 2: .same, 3: .same], minInSync: 2)
    let led = try #require(
      state([1, 2, 3], leader: 1, isr: [1, 2, 3]).released(from: 1, stopping))
    #expect((led.leader, led.isr, led.leaderEpoch) == (2, [2, 3], 6))
    let followed = try #require(state([2, 1], leader: 2, isr: [1, 2]).released(from: 1, stopping))
    #expect((followed.leader, followed.isr, followed.elr) == (2, [2], [1]))
    #expect(followed.leaderEpoch == 5)
    #expect(state([1, 2], leader: 1, isr: [1]).released(from: 1, stopping) == nil)
    #expect(state([1, 2], leader: 2, isr: [2]).released(from: 1, stopping) == nil)
    let both = AllCases.circumstances([1: .shuttingDown, 2: .shuttingDown])
    #expect(state([1, 2], leader: 1, isr: [1, 2]).released(from: 1, both) == nil)
  }
}
