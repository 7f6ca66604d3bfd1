import ArgumentParser
import MoldauClient
import MoldauCommands

/// `moldau consume`
struct ConsumeCommand: ParsableCommand {
  enum IsolationLevel: String, ExpressibleByArgument, CaseIterable {
    case readCommitted = "read-committed"
    case readUncommitted = "read-uncommitted"
  }

  static let configuration = CommandConfiguration(
    commandName: "consume",
    abstract: "Print the records of a topic.",
    discussion: """
      Prints until it is stopped, or until --count, --to or --until-end end it. POSITION is \
      earliest, latest, latest-10 (so many before the end, of each partition), an offset, or a \
      time as in 2026-01-31T12:00:00Z, "10m ago" or @1767225600000 (the first record at or after \
      it).

      With --group the process is a member of that group: it reads the partitions that the group \
      gives to it from where the group has committed, commits what it has printed once a second, \
      and leaves the group when it ends.

      FORMAT is value, key-value (with --key-separator between), or text with fields in braces: \
      {topic} {partition} {offset} {key} {value} {headers} {header:NAME} {time} {timestamp} \
      {key-size} {value-size}; {{ is a brace, and \\n, \\t, \\0 and \\xHH may be used.
      """)

  @Argument(help: "The topic.", completion: .custom(topicNames))
  var topic: String

  @Option(
    name: [.long, .customShort("p")],
    help: "A partition; may be given several times (default: all).")
  var partition: [Int32] = []

  @Option(
    help: ArgumentHelp("Where to begin (default: earliest).", valueName: "position"),
    transform: parsePosition)
  var from = Position.earliest

  @Option(
    help: ArgumentHelp("End before this position.", valueName: "position"), transform: parsePosition
  )
  var to: Position?

  @Flag(name: [.long, .customShort("e")], help: "End where the topic ends now: --to latest.")
  var untilEnd = false

  @Option(name: [.long, .customShort("n")], help: "End after so many records.")
  var count: Int?

  @Option(name: [.long, .customShort("g")], help: "Read as a member of this group.")
  var group: String?

  @Option(
    help: ArgumentHelp(
      "A member of which nothing is heard for so long loses its partitions.",
      valueName: "duration"), transform: parseDuration)
  var sessionTimeout: Int64 = 45_000

  @Option(
    name: [.long, .customShort("f")],
    help: "What to print of a record (default: value).")
  var format: String?

  @Option(help: "What to print between key and value (default: a tab).", transform: parseEscaped)
  var keySeparator: [UInt8] = [0x09]

  @Option(help: "What to print behind a record (default: a new line).", transform: parseEscaped)
  var delimiter: [UInt8] = [0x0A]

  @Option(
    help: ArgumentHelp(
      "What to print of a key or value that is null (default: nothing).", valueName: "text"),
    transform: parseEscaped)
  var null: [UInt8] = []

  @Option(help: "Whether records of open and aborted transactions are read.")
  var isolation = IsolationLevel.readCommitted

  @OptionGroup var client: ClientOptions

  func validate() throws {
    if let count, count < 1 { throw ValidationError("--count: at least 1") }
    if untilEnd, to != nil { throw ValidationError("say either --to or --until-end") }
    if group != nil, !partition.isEmpty {
      throw ValidationError("--partition: a group decides which partitions its members read")
    }
    if client.json, format != nil { throw ValidationError("say either --format or --json") }
    guard (10...1_800_000).contains(sessionTimeout) else {
      throw ValidationError("--session-timeout: it is outside 10ms to 30m")
    }
    _ = try recordFormat()
  }

  private func recordFormat() throws -> RecordFormat {
    if client.json { return .json }
    let template: RecordTemplate
    switch format {
    case nil, "value": template = .value(null: null)
    case "key-value": template = .keyAndValue(separator: keySeparator, null: null)
    case let text?:
      guard text.contains("{") else {
        throw ValidationError("--format: \"\(text)\" is none of value, key-value and {FIELD}…")
      }
      do {
        template = try RecordTemplate(text, null: null)
      } catch {
        throw ValidationError("--format: \(error)")
      }
    }
    return .text(template, delimiter: delimiter)
  }

  func run() throws {
    let stop = StopFlag()
    let bar = ProgressBar(title: "reading")
    let options = try options()
    try client.run { context in
      let output = context.output as? StandardOutput
      let showsProgress = output.map { !$0.isTerminal } ?? false
      output?.progress = bar
      let run = ConsumeRun(
        context, options, shouldStop: { stop.isSet },
        onProgress: { if showsProgress { bar.show($0, of: nil) } })
      defer { bar.finish() }
      try run.run()
    }
  }

  private func options() throws -> ConsumeRun.Options {
    var options = ConsumeRun.Options(topic: topic)
    options.partitions = partition
    options.from = from
    options.to = untilEnd ? .latest : to
    options.count = count
    options.group = group
    options.sessionTimeoutMilliseconds = Int32(sessionTimeout)
    options.isolation = isolation == .readCommitted ? .readCommitted : .readUncommitted
    options.format = try recordFormat()
    return options
  }
}
