/// Runs rows one after the other, each in a directory of its own.
enum BenchmarkRun {
  /// Runs the rows and returns what they found; all data is removed again.
  static func run(
    _ rows: [any BenchmarkRow.Type], rounds: Int, inside parent: String?, showsProgress: Bool,
    broker: BrokerChoice = .none
  ) async throws -> BenchmarkReport {
    let directory = try WorkingDirectory(inside: parent)
    let progress = ProgressLine(isWanted: showsProgress)
    do {
      let report = try await run(rows, rounds, in: directory, progress, broker)
      try directory.remove()
      progress.clear()
      return report
    } catch {
      try directory.remove()
      throw error
    }
  }

  private static func run(
    _ rows: [any BenchmarkRow.Type], _ rounds: Int, in directory: WorkingDirectory,
    _ progress: ProgressLine, _ broker: BrokerChoice
  ) async throws -> BenchmarkReport {
    let machine = MachineDescription(dataDirectory: directory.path)
    let runner = RowRunner(rounds: rounds, progress: progress)
    let start = ContinuousClock.now
    var results: [RowResult] = []
    for row in rows {
      let path = try directory.makeDirectory(row.description.name)
      let rowStart = ContinuousClock.now
      let context = RowContext(directory: path, earlier: results, broker: broker)
      var result = try await runner.run(row, context)
      let rowSeconds = rowStart.duration(to: .now).inNanoseconds / 1e9
      result.figures.append(.init("rowSeconds", .number(rowSeconds)))
      results.append(result)
      if !row.description.leavesManyFiles { try directory.removeDirectory(path) }
    }
    progress.show("removing the data")
    let seconds = start.duration(to: .now).inNanoseconds / 1e9
    return BenchmarkReport(machine: machine, results: results, seconds: seconds)
  }
}
