import MoldauProtocol
import Testing

@testable import MoldauBroker

/// What an idempotent producer has sent behind a batch that was refused, when the reason is gone as it
/// comes.
@Suite("What follows a refused batch")
struct RefusedBatchTests {
  private typealias State = ClusterBroker

  private func send(_ sequence: Int32, to cluster: ClusterBroker) throws -> Call<ProduceRequest> {
    try cluster.produce(acks: -1, sequence: sequence)
  }

  @Test("too few were in sync, and are enough again", arguments: [true, false])
  func minISR(isKnown: Bool) throws {
    let cluster = try ClusterBroker()
    try cluster.createTopic(minISR: 2)
    let partition = try cluster.partition()
    let first = isKnown ? try send(0, to: cluster) : nil
    partition.lead(State.state(partitionEpoch: 6, isr: [1]), minInSyncReplicas: 2)
    let next: Int32 = isKnown ? 1 : 0
    if let first { #expect(try first.code() == .notEnoughReplicasAfterAppend) }
    for sequence in next...next + 1 {
      #expect(try send(sequence, to: cluster).code() == .notEnoughReplicas)
    }
    // The one that is there is refused as well when it comes again.
    if isKnown { #expect(try send(0, to: cluster).code() == .notEnoughReplicas) }
    partition.lead(State.state(partitionEpoch: 7), minInSyncReplicas: 2)
    // Were it told that these are out of order, it would send the first in a new epoch, where nobody
    // knows that it is there.
    for sequence in [next + 1, next + 2, next + 4] {
      #expect(try send(sequence, to: cluster).code() == .kafkaStorageError)
    }
    if isKnown { _ = try send(0, to: cluster) }
    for sequence in next...next + 2 { #expect(try send(sequence, to: cluster).code() == nil) }
    #expect(partition.log.endOffset.rawValue == Int64(next) + 3)
  }

  @Test("what was refused and is in the log keeps nothing behind it from being taken")
  func refusedAgain() throws {
    let cluster = try ClusterBroker()
    try cluster.createTopic(minISR: 2)
    let partition = try cluster.partition()
    _ = try send(0, to: cluster)
    partition.lead(State.state(partitionEpoch: 6, isr: [1]), minInSyncReplicas: 2)
    #expect(try send(0, to: cluster).code() == .notEnoughReplicas)
    partition.lead(State.state(partitionEpoch: 7), minInSyncReplicas: 2)
    #expect(try send(1, to: cluster).code() == nil)
    #expect(try send(2, to: cluster).code() == nil)
    #expect(partition.log.endOffset.rawValue == 3)
  }

  @Test("another led, and this broker does by now")
  func leads() throws {
    let cluster = try ClusterBroker()
    try cluster.createTopic()
    let partition = try cluster.partition()
    _ = try send(0, to: cluster)
    partition.follow(State.state(leader: 2, epoch: 4, partitionEpoch: 6))
    for sequence in [0, 1] as [Int32] {
      #expect(try send(sequence, to: cluster).code() == .notLeaderOrFollower)
    }
    partition.lead(State.state(epoch: 5, partitionEpoch: 7), minInSyncReplicas: 1)
    #expect(try send(2, to: cluster).code() == .kafkaStorageError)
    for sequence in 0...2 as ClosedRange<Int32> {
      #expect(try send(sequence, to: cluster).code() == nil)
    }
    #expect(partition.log.endOffset.rawValue == 3)
  }

  @Test("what has not come again by the next leadership is given up")
  func givenUp() throws {
    let cluster = try ClusterBroker()
    try cluster.createTopic()
    let partition = try cluster.partition()
    _ = try send(0, to: cluster)
    partition.follow(State.state(leader: 2, epoch: 4, partitionEpoch: 6))
    #expect(try send(1, to: cluster).code() == .notLeaderOrFollower)
    partition.lead(State.state(epoch: 5, partitionEpoch: 7), minInSyncReplicas: 1)
    #expect(try send(2, to: cluster).code() == .kafkaStorageError)
    partition.lead(State.state(epoch: 6, partitionEpoch: 8), minInSyncReplicas: 1)
    #expect(try send(2, to: cluster).code() == .outOfOrderSequenceNumber)
  }
}
