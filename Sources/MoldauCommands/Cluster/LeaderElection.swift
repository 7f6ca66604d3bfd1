import MoldauClient
package import MoldauFormat
import MoldauProtocol
import MoldauReport

/// `moldau cluster elect`: has leaders elected.
package struct LeaderElection {
  private let context: CommandContext

  package init(_ context: CommandContext) {
    self.context = context
  }

  /// Elects preferred leaders, or with `isUnclean` whoever is there; nil is all partitions.
  ///
  /// Returns whether each partition that was named has the leader that was asked for.
  package func run(_ partitions: [TopicPartition]?, isUnclean: Bool) throws -> Bool {
    let outcomes = try context.cluster.controller().electLeaders(
      of: partitions, isUnclean: isUnclean)
    let printer = context.printer()
    var isWell = true
    for outcome in outcomes {
      let name = "\(outcome.partition)"
      switch outcome.code {
      case .none:
        printer.add(.change("elected", name), saying: "\(name) has a new leader")
      case .electionNotNeeded:
        printer.add(.change("kept", name), saying: "\(name) keeps its leader")
      default:
        isWell = false
        printer.add(.problem(name, outcome.message ?? "\(outcome.code)"))
      }
    }
    try printer.finish()
    if outcomes.isEmpty, !context.json { context.output.note("All leaders stay.") }
    return isWell
  }
}
