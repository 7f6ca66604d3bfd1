import ArgumentParser
import MoldauCommands
import MoldauFormat

/// `moldau cluster reassign`
struct ReassignPartitions: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reassign",
    abstract: "Move partitions' replicas to other brokers; without arguments, show the moves.",
    discussion: """
      TOPIC:PARTITION=1,2,3 names all replicas that there are to be, the preferred leader first. \
      Those that are new copy the partition before the others go; moldau cluster status and this \
      command without arguments show how far it is.
      """)

  @Argument(help: "TOPIC:PARTITION=BROKER,BROKER… or, with --cancel, TOPIC:PARTITION.")
  var moves: [String] = []

  @Flag(help: "Call moves off.")
  var cancel = false

  @OptionGroup var client: ClientOptions

  func validate() throws {
    guard !cancel || !moves.isEmpty else {
      throw ValidationError("--cancel: name the partitions")
    }
  }

  func run() throws {
    try client.run { context in
      let changes = ReassignmentChanges(context)
      guard !moves.isEmpty else { return try changes.list() }
      if try !changes.run(try parsed()) { throw ExitCode.failure }
    }
  }

  private func parsed() throws -> [(partition: TopicPartition, replicas: [Int32]?)] {
    try moves.map { text in
      if cancel { return (try PartitionText.partition(text), nil) }
      let move = try PartitionText.move(text)
      return (move.partition, move.replicas)
    }
  }
}
