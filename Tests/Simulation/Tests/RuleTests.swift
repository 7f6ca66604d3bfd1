import MoldauCluster
import MoldauLog
import Testing

@testable import moldau_simulate

/// Each rule of the protocol that can be taken out is one that is needed: without it, some schedule
/// breaks an invariant.
@Suite(.enabled(if: Seeds.ruleCount != nil, "MOLDAU_RULE_SCHEDULES says how many are tried"))
struct RuleTests {
  struct Removal: CustomTestStringConvertible, Sendable {
    var name: String
    var rule: ReplicationRules
    var change: @Sendable (inout Scenario) -> Void

    init(
      _ name: String, _ rule: ReplicationRules,
      _ change: @escaping @Sendable (inout Scenario) -> Void
    ) {
      self.name = name
      self.rule = rule
      self.change = change
    }

    var testDescription: String { name }
  }

  static let removals = [
    Removal("EARLYSHRINK", .lateShrink) {
      $0.minInSyncReplicas = 1
      $0.faults = [.blockBothWays, .blockBothWays, .blockOneWay, .kill, .cutFromEnsemble]
    },
    Removal("LATEEXPAND", .earlyExpand) {
      $0.minInSyncReplicas = 1
      $0.faults = [.blockBothWays, .blockOneWay, .kill, .cutFromEnsemble, .slowNode, .pause]
    },
    Removal("HWTRUNC", .truncateByEpoch) {
      $0.minInSyncReplicas = 1
      $0.faults = [.kill, .kill, .stop, .cutFromEnsemble]
    },
    Removal("KIP101", .epochWithEndOffset) { $0 = .thirdWay },
    Removal("NOEPOCHSTART", .joinFromEpochStart) {
      $0.minInSyncReplicas = 1
      $0.faults = [.kill, .kill, .cutFromEnsemble, .blockBothWays, .blockOneWay]
    },
    Removal("NOFENCE", .fenceLeaderEpoch) { $0 = .staleLeader },
    Removal("NOBROKEREPOCH", .checkBrokerEpoch) {
      $0.durability = .buffered
      $0.faults = [.powerCut, .powerCut, .slowNode, .blockOneWay]
    },
    Removal("KEEPINISR", .leaveAfterLoss) {
      $0.durability = .buffered
      $0.faults = [.powerCut]
    },
    Removal("NOSYNC", .syncBeforeFetch) { $0.faults = [.powerCut, .powerCut, .kill] },
    Removal("NOELR", .eligibleReplicas) { $0 = .lastInSync },
    Removal("NOMINISR", .minInSyncReplicas) {
      $0.faults = [.kill, .blockBothWays, .pause, .cutFromEnsemble]
    },
    Removal("NOCAS", .compareAndSet) { $0 = .lateExpansion },
  ]

  @Test("with the rules nothing breaks, in the same schedules", arguments: removals)
  func rules(removal: Removal) {
    var scenario = Scenario.replication
    removal.change(&scenario)
    for seed in 0..<2 as Range<UInt64> {
      let run = ClusterRun(seed: seed, scenario)
      run.run()
      guard let violation = run.history.violation else { continue }
      Issue.record("\(removal.name): seed \(seed): \(violation)")
      for line in run.world.trace.last(Seeds.lineCount) { print(line) }
    }
  }

  @Test("without a rule an invariant breaks", arguments: removals)
  func removal(removal: Removal) {
    var scenario = Scenario.replication
    removal.change(&scenario)
    scenario.rules = ReplicationRules.all.subtracting(removal.rule)
    let count = Seeds.ruleCount ?? 0
    for seed in 0..<count {
      let run = ClusterRun(seed: seed, scenario)
      run.run()
      guard let violation = run.history.violation, violation.law != "liveness" else { continue }
      print("\(removal.name): seed \(seed): \(violation)")
      return
    }
    Issue.record("\(removal.name): nothing breaks in \(count) schedules")
  }
}
