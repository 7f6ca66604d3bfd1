import ArgumentParser
import MoldauInspect
import MoldauLog

/// `moldau verify`
struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Check every byte of a data directory, and mend it if asked to.",
    discussion: """
      Offline: a directory that is in use is refused. Checks the header, checksum and records of \
      every batch, sealed segments too, that offsets rise, and that indexes, snapshots and \
      checkpoints agree with the log.

      With --repair torn tails are cut, damaged bytes move to .quarantine-POSITION files beside \
      their segment, and all derived files are written anew; then everything is checked again.

      Exit codes: 0 all is well (after the repair, if asked for); 1 there are problems; 64 the \
      command line is wrong.
      """)

  @Flag(help: "Mend what can be mended. No byte is lost: damage is kept in quarantine files.")
  var repair = false

  @Flag(help: "Print a JSON object a line instead of text.")
  var json = false

  @Argument(help: "The data directory.", completion: .directory)
  var dir: String

  func run() throws {
    let report = ReportPrinter(json: json)
    let problemCount: Int
    do throws(InspectError) { problemCount = try work(report) } catch {
      report.finish()
      throw CommandFailure("\(error)")
    }
    report.finish()
    if problemCount > 0 { throw ExitCode.failure }
  }

  /// Returns the number of problems that are left.
  private func work(_ report: ReportPrinter) throws(InspectError) -> Int {
    var summary = try check(report)
    if repair, summary.problemCount > 0 || !summary.wasClosedCleanly {
      report.add(summary.row)
      try mend(report, summary)
      summary = try check(report)
    }
    report.add(summary.row)
    return summary.problemCount
  }

  private func check(_ report: ReportPrinter) throws(InspectError) -> VerifySummary {
    let bar = ProgressBar(title: "checking")
    defer { bar.finish() }
    var verifier = Verifier(onProgress: { bar.show($0.checkedByteCount, of: $0.byteCount) }) {
      row in
      bar.clear()
      report.add(row)
    }
    return try verifier.run(dir)
  }

  private func mend(
    _ report: ReportPrinter, _ found: VerifySummary
  ) throws(InspectError) {
    let bar = ProgressBar(title: "mending")
    defer { bar.finish() }
    let done = try Repair.run(dir, found: found) { bar.show($0.scannedByteCount, of: nil) }
    bar.clear()
    for row in Repair.rows(of: done, path: dir, found: found) { report.add(row) }
  }
}
