import ArgumentParser
import MoldauInspect

/// `moldau inspect`
struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Show what a data directory, a partition or one of their files holds.",
    discussion: """
      Reads only, so that it may run beside a store that has the directory open. PATH is a data \
      directory, a partition's folder, or a file of one: .log, .index, .timeindex, .txnindex, \
      .snapshot, a checkpoint, meta.properties, partition.metadata, moldau-topics, moldau-journal-N.

      Exit codes: 0 all could be read; 1 something is damaged, or PATH is none of these; \
      64 the command line is wrong.
      """)

  @Flag(help: "Show every batch with its records: keys, values and headers as text or hexadecimal.")
  var records = false

  @Flag(help: "Show the entries of offset and time indexes, each held against the log.")
  var index = false

  @Flag(help: "Print a JSON object a line instead of tables.")
  var json = false

  @Argument(help: "A data directory, a partition's folder, or a file of one.", completion: .file())
  var path: String

  func run() throws {
    let report = ReportPrinter(json: json)
    var inspector = Inspector(
      options: Inspector.Options(showsRecords: records, showsIndex: index)
    ) { report.add($0) }
    do throws(InspectError) { try inspector.run(path) } catch {
      report.finish()
      throw CommandFailure("\(error)")
    }
    report.finish()
    if inspector.problemCount > 0 { throw ExitCode.failure }
  }
}
