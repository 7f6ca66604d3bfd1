import MoldauFormat
import Testing

@testable import moldau_simulate

/// The checks of the invariants can fail: they notice what is wrong on purpose.
struct CheckTests {
  private func violation(
    _ scenario: Scenario = Scenario(), seed: UInt64 = 1, _ prepare: (ClusterRun) -> Void = { _ in }
  ) -> Violation? {
    let run = ClusterRun(seed: seed, scenario)
    prepare(run)
    run.run()
    return run.history.violation
  }

  @Test("a list of epochs that says another thing than the batches is noticed")
  func epochs() {
    var scenario = Scenario()
    scenario.script = { run in
      run.at(500) { run in
        for node in run.nodes {
          guard let found = run.inspector.replica(of: run.partitions[0], on: node),
            case .leader(let epoch) = found.role
          else { continue }
          found.log.beginLeaderEpoch(epoch + 1)
        }
      }
    }
    #expect(violation(scenario)?.law == "I8")
  }

  @Test(
    "the list of epochs grows, and says what the batches say",
    arguments: [
      ([(1, 0), (3, 10)], nil), ([(1, 0), (3, 10), (4, 20)], nil),
      ([(1, 0), (3, 10), (4, 21)], "epoch 4 begins at 21"), ([(3, 10), (1, 12)], "comes behind"),
      ([(1, 0), (3, 0)], "comes behind"), ([(1, 0), (3, 9)], "it says"), ([(1, 0)], "it says"),
      ([], "it says"),
    ] as [([(Int32, Int64)], String?)])
  func list(list: [(epoch: Int32, start: Int64)], fault: String?) {
    var runs = EpochRuns()
    for offset in 0..<20 as Range<Int64> {
      runs.add(epoch: offset < 10 ? 1 : 3, at: Offset(rawValue: offset))
    }
    let entries = list.map {
      EpochRuns.Entry(epoch: $0.epoch, startOffset: Offset(rawValue: $0.start))
    }
    let found = runs.fault(of: entries, start: .zero, end: Offset(rawValue: 20))
    #expect(found?.contains(fault ?? "") == (fault == nil ? nil : true), "\(found ?? "nothing")")
  }

  @Test("two owners in one generation are noticed")
  func owners() {
    let found = violation { run in
      for case let member as ClassicMember in run.classicMembers { member.sharesTwice = true }
    }
    #expect(found?.law == "I9")
  }

  @Test("a commit of an earlier generation is noticed")
  func commits() {
    let found = violation { run in
      for member in run.classicMembers { member.saysOtherGeneration = true }
    }
    #expect(found?.law == "I9")
  }

  @Test("a partition that another member holds is noticed")
  func holdings() {
    // Members that have to give something back are needed, and none that is silent meanwhile.
    let found = (0..<40 as Range<UInt64>).lazy.compactMap { seed in
      violation(seed: seed) { run in
        for case let member as ConsumerMember in run.consumerMembers { member.keepsAll = true }
      }
    }.first
    #expect(found?.law == "I9")
  }

  @Test(
    "an old epoch, a hole and a repetition of a producer are noticed",
    arguments: [
      ([(0, 0, 2), (0, 3, 3), (1, 0, 0)], nil),
      ([(0, 0, 2), (1, 0, 0), (0, 3, 3)], "of its epoch 0"),
      ([(0, 0, 2), (0, 4, 4)], "begins with its number 4"),
      ([(0, 0, 2), (0, 2, 2)], "begins with its number 2"),
      ([(0, 0, 2), (1, 3, 3)], "begins with its number 3"),
    ] as [([(Int16, Int32, Int32)], String?)])
  func producers(batches: [(epoch: Int16, first: Int32, last: Int32)], fault: String?) {
    var order = ProducerOrder()
    var found: String?
    for (index, batch) in batches.enumerated() {
      var record = LoggedRecord(leaderEpoch: 1, checksum: 0, base: Int64(index))
      record.producerID = 7
      record.producerEpoch = batch.epoch
      record.firstSequence = batch.first
      record.lastSequence = batch.last
      found = found ?? order.add(record)
    }
    #expect(found?.contains(fault ?? "") == (fault == nil ? nil : true), "\(found ?? "nothing")")
  }
}
