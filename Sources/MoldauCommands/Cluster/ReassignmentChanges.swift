import MoldauClient
package import MoldauFormat
import MoldauProtocol
import MoldauReport

/// `moldau cluster reassign`: moves replicas to other brokers, calls moves off, shows them.
package struct ReassignmentChanges {
  private let context: CommandContext

  package init(_ context: CommandContext) {
    self.context = context
  }

  /// Begins moves, or calls them off where the replicas are nil; returns whether all were taken.
  package func run(_ moves: [(partition: TopicPartition, replicas: [Int32]?)]) throws -> Bool {
    let outcomes = try context.cluster.controller().reassign(moves)
    let printer = context.printer()
    var isWell = true
    for outcome in outcomes {
      let name = "\(outcome.partition)"
      guard outcome.code == .none else {
        isWell = false
        printer.add(.problem(name, outcome.message ?? "\(outcome.code)"))
        continue
      }
      let replicas = moves.first { $0.partition == outcome.partition }?.replicas
      if let replicas {
        printer.add(
          .change("moves", name, [.init("replicas", .integers(replicas.map(Int64.init)))]),
          saying: "\(name) moves to \(replicas.map { "\($0)" }.joined(separator: ","))")
      } else {
        printer.add(.change("stays", name), saying: "\(name) stays where it was")
      }
    }
    try printer.finish()
    return isWell
  }

  /// Shows the moves that are not over.
  package func list() throws {
    let moves = try context.cluster.controller().reassignments()
    let printer = context.printer()
    for move in moves { printer.add(Self.row(of: move)) }
    try printer.finish()
    if moves.isEmpty, !context.json { context.output.note("Nothing moves.") }
  }

  static func row(of move: KafkaConnection.Reassignment) -> ReportRow {
    ReportRow(
      .reassignment,
      [
        .init("topic", .text(move.partition.topic)),
        .init("partition", .integer(Int64(move.partition.partition))),
        .init("replicas", .integers(move.replicas.map(Int64.init))),
        .init("adding", .integers(move.adding.map(Int64.init))),
        .init("removing", .integers(move.removing.map(Int64.init))),
      ])
  }
}
