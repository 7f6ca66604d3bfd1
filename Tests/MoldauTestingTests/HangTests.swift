import MoldauFormat
import Synchronization
import Testing

@testable import MoldauBroker
@testable import MoldauLog
@testable import MoldauServer
@testable import MoldauTesting

/// Brokers of which the cluster's part stands still, while all the rest of the process runs.
@Suite struct HangTests {
  /// Keeps a member's queue from going on.
  private struct Hold {
    private let release = WakeSignal()

    init(_ member: ClusterMember) async {
      await withCheckedContinuation { continuation in
        member.queue.add { [release] in
          continuation.resume()
          release.sleep()
        }
      }
    }

    func end() { release.wake() }
  }

  /// As often as it takes until a member that stands still is found to, and seldom enough that it is
  /// not lost.
  private static let looks = 17

  @Test("a controller that hangs makes way, nobody else leaves, and it comes back when it goes on")
  func controllerHangs() async throws {
    try await withCluster(nodes: 3) { cluster in
      let hung = try await cluster.controllerID()
      let server = try #require(cluster.server(hung))
      let member = try #require(server.broker.member)
      let epoch = try #require(member.brokerEpoch)
      let others = cluster.runningIDs.filter { $0 != hung }
      let epochs = others.map { cluster.broker($0)?.member?.brokerEpoch }
      let hold = await Hold(member)
      for _ in 0..<Self.looks { server.watch?.look() }
      for id in others {
        try await cluster.wait(for: id) { broker in
          guard let image = broker.member?.image else { return false }
          return image.controllerID != hung && image.brokers[hung] == nil
        }
      }
      #expect(others.map { cluster.broker($0)?.member?.brokerEpoch } == epochs)
      hold.end()
      try await cluster.wait(for: hung) { ($0.member?.brokerEpoch ?? epoch) > epoch }
      try await cluster.settle()
    }
  }

  @Test("a broker that is late and comes round keeps its session")
  func isLate() async throws {
    try await withCluster(nodes: 2) { cluster in
      let server = try #require(cluster.server(1))
      let member = try #require(server.broker.member)
      let session = try #require(member.sessionID)
      let hold = await Hold(member)
      for _ in 0..<Self.looks / 3 { server.watch?.look() }
      let round = member.roundCount
      hold.end()
      while member.roundCount == round {
        try await Task.sleep(for: .milliseconds(2))
      }
      for _ in 0..<Self.looks / 3 { server.watch?.look() }
      #expect(member.sessionID == session)
    }
  }

  @Test("a broker that is alone keeps its session, and its process is told when it is lost")
  func isLost() async throws {
    try await withCluster(nodes: 1) { cluster in
      let server = try #require(cluster.server(1))
      let member = try #require(server.broker.member)
      let session = try #require(member.sessionID)
      let told = WakeSignal()
      let watch = MemberWatch(
        member, sessionMilliseconds: 6_000, whenLost: { told.wake() }, logger: server.logger)
      let hold = await Hold(member)
      for _ in 0..<200 { watch.look() }
      try await onOwnThread { told.sleep() }
      hold.end()
      #expect(member.sessionID == session)
    }
  }
}
