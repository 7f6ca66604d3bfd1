import MoldauFormat
import MoldauProtocol
import Testing

@testable import MoldauCluster

/// Rules 5 and 18: what a broker's new registration does to its replicas.
struct RegistrationEffectTests {
  private let orders = TopicPartition(topic: "orders", partition: 0)

  private func bench(_ rules: ReplicationRules = .all) -> ControllerBench {
    let bench = ControllerBench()
    bench.rules = rules
    bench.start([1, 2, 3])
    bench.create("orders", [[2, 3]], ["min.insync.replicas": "2"])
    return bench
  }

  @Test("a leader that registers anew before its death is seen is elected again, in another epoch")
  func registersAnew() throws {
    let bench = bench()
    bench.register(2)
    bench.settle()
    let state = try #require(bench.state("orders"))
    #expect(state.leader == 2)
    #expect(state.isr == [2, 3])
    #expect(state.leaderEpoch == 1)
    #expect(bench.image.brokers[2]?.brokerEpoch == 1)
  }

  @Test("a broker that has lost something leaves before the image has its registration")
  func unclean() throws {
    let bench = bench()
    let position = bench.image.position
    let update = Shared<ImageUpdate?>(nil)
    _ = bench.controller.image(after: position, nodeID: 2, brokerEpoch: 0) { update.value = $0 }
    bench.settle()
    bench.register(2, survives: false)
    bench.settle()
    guard case .delta(let delta)? = update.value else {
      Issue.record("no delta")
      return
    }
    #expect(delta.brokers[2]?.brokerEpoch == 1)
    let state = try #require(delta.topics["orders"]?.partitions[0])
    #expect((state.leader, state.isr, state.elr) == (3, [3], []))
  }

  @Test("a survivor comes back as eligible replica, and leads when nobody else is in sync")
  func eligible() throws {
    let bench = bench()
    bench.kill(3)
    bench.kill(2)
    bench.settle()
    let offline = try #require(bench.state("orders"))
    #expect((offline.leader, offline.isr, offline.elr) == (-1, [], [2, 3]))
    bench.restart(3)
    let state = try #require(bench.state("orders"))
    #expect((state.leader, state.isr, state.elr) == (3, [3], [2]))
    bench.restart(2, survives: false)
    #expect(bench.state("orders")?.elr == [])
  }

  @Test("only the replicas that were lost leave")
  func lost() throws {
    let bench = bench()
    bench.create("others", [[2, 3]])
    bench.restart(2, lost: [orders])
    #expect(bench.state("orders")?.isr == [3])
    bench.restart(3)
    let state = try #require(bench.state("orders"))
    #expect((state.leader, state.isr, state.elr) == (3, [3], []))
  }

  @Test("a loss that no controller has seen counts when the broker registers once more")
  func unseenLoss() throws {
    let bench = bench()
    // Both registrations take place before the controller looks.
    bench.register(2, survives: false)
    bench.register(2, survives: true)
    bench.settle()
    let state = try #require(bench.state("orders"))
    #expect((state.leader, state.isr, state.elr) == (3, [3], []))
    #expect(bench.image.brokers[2]?.brokerEpoch == 2)
  }

  @Test("when all have lost something nobody leads, but by an election that says so")
  func nobodyLeft() throws {
    let bench = bench()
    bench.kill(3)
    bench.settle()
    bench.restart(2, survives: false)
    let waiting = try #require(bench.state("orders"))
    #expect((waiting.leader, waiting.isr, waiting.elr) == (-1, [], [3]))
    bench.restart(3, survives: false)
    let nobody = try #require(bench.state("orders"))
    #expect((nobody.leader, nobody.isr, nobody.elr) == (-1, [], []))
    #expect(nobody.lastKnownLeader == 3)
    bench.restart(3)
    #expect(bench.state("orders")?.leader == -1)
    let elected = bench.wait {
      bench.controller.electLeaders(.unclean, of: [orders], $0)
    }
    #expect(try elected?.get().allSatisfy { $0.1 == nil } == true)
    let state = try #require(bench.state("orders"))
    #expect((state.leader, state.isr, state.lastKnownLeader) == (3, [3], -1))
  }

  @Test("the topic's opt-in elects whoever is up, also when it is given later")
  func uncleanOptIn() throws {
    let bench = bench()
    bench.kill(3)
    bench.settle()
    bench.restart(2, survives: false)
    #expect(bench.state("orders")?.leader == -1)
    let values = bench.wait {
      bench.controller.alterConfiguration(
        of: .topic("orders"), .alter(["unclean.leader.election.enable": "true"]),
        validatesOnly: false, $0)
    }
    #expect(
      try values?.get() == [
        "min.insync.replicas": "2", "unclean.leader.election.enable": "true",
      ])
    #expect(bench.state("orders")?.leader == 2)
  }

  @Test("a lower minimum clears the eligible replicas before a leader hears of it")
  func lowerMinimum() throws {
    let bench = bench()
    _ = bench.alter("orders", isr: [2])
    #expect(bench.state("orders")?.elr == [3])
    let position = bench.image.position
    let update = Shared<ImageUpdate?>(nil)
    _ = bench.controller.image(after: position, nodeID: 2, brokerEpoch: 0) { update.value = $0 }
    _ = bench.wait {
      bench.controller.alterConfiguration(
        of: .topic("orders"), .alter(["min.insync.replicas": "1"]), validatesOnly: false, $0)
    }
    guard case .delta(let delta)? = update.value else {
      Issue.record("no delta")
      return
    }
    #expect(delta.topics["orders"]?.configuration == ["min.insync.replicas": "1"])
    #expect(delta.topics["orders"]?.partitions[0]?.elr == [])
  }

  @Test("19: what is set for all brokers holds for topics that say nothing, at once and both ways")
  func minimumOfAllBrokers() throws {
    let bench = ControllerBench()
    bench.start([1, 2, 3])
    bench.create("orders", [[2, 3]], [:])
    bench.create("own", [[2, 3]], ["min.insync.replicas": "1"])
    func set(_ count: String?) {
      _ = bench.wait {
        bench.controller.alterConfiguration(
          of: .broker(nil), .alter(["min.insync.replicas": count]), validatesOnly: false, $0)
      }
    }
    set("2")
    _ = bench.alter("orders", isr: [2])
    _ = bench.alter("own", isr: [2])
    #expect(bench.state("orders")?.elr == [3])
    #expect(bench.state("own")?.elr == [])
    let topic = try #require(bench.image.topics["orders"])
    #expect(bench.image.minInSyncReplicas(of: topic, default: 1) == 2)
    set(nil)
    #expect(bench.state("orders")?.elr == [])
    #expect(bench.image.minInSyncReplicas(of: topic, default: 1) == 1)
  }

  @Test("a replica does not join in a registration that has ended while the request was under way")
  func joinsInTime() throws {
    let bench = bench()
    _ = bench.alter("orders", isr: [2])
    let change = try #require(bench.change("orders", isr: [2, 3]))
    let result = Shared<[Result<PartitionImage, ClusterRefusal>]?>(nil)
    // The request is planned before the controller hears of the new registration, which the write
    // sees.
    bench.controller.alterPartitions([change], from: 2, brokerEpoch: 0) { result.value = $0 }
    bench.tree.set(ClusterPath.brokerEpoch(3))
    bench.settle()
    #expect(result.value?.map { $0.code } == [.ineligibleReplica])
    #expect(bench.state("orders")?.isr == [2])
  }

  @Test("without leaveAfterLoss a broker that has lost something stays in sync")
  func withoutLeaving() throws {
    let bench = bench(.all.subtracting(.leaveAfterLoss))
    bench.register(2, survives: false)
    bench.settle()
    #expect(bench.state("orders")?.isr == [2, 3])
  }

  @Test("without eligibleReplicas the last one stays in sync")
  func withoutEligible() throws {
    let bench = bench(.all.subtracting(.eligibleReplicas))
    bench.kill(3)
    bench.kill(2)
    bench.settle()
    let state = try #require(bench.state("orders"))
    #expect((state.leader, state.elr) == (-1, []))
    #expect(!state.isr.isEmpty)
  }
}
