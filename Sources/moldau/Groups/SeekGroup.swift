import ArgumentParser
import MoldauCommands

/// `moldau groups seek`
struct SeekGroup: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "seek", abstract: "Set how far a group that has no members has read.",
    discussion: """
      POSITION is earliest, latest, latest-10 (so many before the end), an offset, or a time as in \
      2026-01-31T12:00:00Z, "10m ago" or @1767225600000 (the first record at or after it). \
      Prints where each partition was and is. A move forward leaves records unread and needs \
      --yes; without it nothing is changed.
      """)

  @Argument(help: "The group's name.")
  var group: String

  @Option(help: ArgumentHelp("Where to.", valueName: "position"), transform: parsePosition)
  var to: Position?

  @Option(help: "How many records on; a negative number goes back, as in --by=-100.")
  var by: Int64?

  @Option(
    help: "A topic; may be given several times (default: those the group has committed).",
    completion: .custom(topicNames))
  var topic: [String] = []

  @Option(help: "A partition; may be given several times (default: all).")
  var partition: [Int32] = []

  @Flag(help: "Records may be left unread.")
  var yes = false

  @Flag(help: "Print what would be done, and do nothing.")
  var dryRun = false

  @OptionGroup var client: ClientOptions

  func validate() throws {
    guard (to == nil) != (by == nil) else { throw ValidationError("say either --to or --by") }
  }

  func run() throws {
    let target = to.map { GroupSeek.Target.position($0) } ?? .shift(by ?? 0)
    var options = GroupSeek.Options(group: group, target: target)
    options.topics = topic
    options.partitions = partition
    options.skipsRecords = yes
    options.isDryRun = dryRun
    try client.run { context in try GroupSeek(context).run(options) }
  }
}
