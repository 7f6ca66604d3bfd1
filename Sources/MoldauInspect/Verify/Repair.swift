package import MoldauReport
package import MoldauDisk
package import MoldauLog

/// Mends a data directory with the engine's own recovery.
///
/// Every segment is scanned, as if nothing had ever been synced: torn tails are cut, damaged bytes
/// move to quarantine files beside their segment, and indexes, snapshots and checkpoints are written
/// anew. No byte of a batch is lost, and nothing is deleted that retention would let go.
package enum Repair {
  /// Opens, mends and closes the store at `path`; `onProgress` gets the scanned bytes.
  ///
  /// `found` is what a check says. The ends of logs that it could make nothing of are copied to
  /// quarantine files first: recovery cuts them, since it takes them for unfinished writes, and here
  /// nobody knows what they were. Leader epochs that are wrong are read from the batches instead.
  ///
  /// - Throws: `corrupt` for a file about which recovery does not guess: `partition.metadata` and
  ///   `moldau-topics`.
  package static func run(
    _ path: String, found: VerifySummary = VerifySummary(), disk: any Disk = SystemDisk(),
    onProgress: @escaping @Sendable (RecoveryProgress) -> Void = { _ in }
  ) throws(InspectError) -> RecoveryReport {
    for tail in found.tails { try keep(tail, disk) }
    for path in found.wrongEpochs {
      try InspectError.wrap { () throws(DiskError) in try disk.remove(path) }
    }
    var configuration = StoreConfiguration(onRecoveryProgress: onProgress)
    configuration.runsMaintenance = false
    configuration.checksEverything = true
    do throws(LogError) {
      let store = try LogStore.open(
        at: path, configuration, disk: disk, clock: SystemWallClock())
      try store.closeBlocking()
      return store.recovery
    } catch {
      throw .log(error)
    }
  }

  private static func quarantinePath(of tail: VerifySummary.Tail) -> String {
    "\(tail.path).quarantine-\(tail.range.lowerBound)"
  }

  private static func keep(_ tail: VerifySummary.Tail, _ disk: any Disk) throws(InspectError) {
    try InspectError.wrap { () throws(DiskError) in
      let log = try disk.open(tail.path, .readOnly)
      let copy = try disk.open(quarantinePath(of: tail), .createEmpty)
      try log.copy(tail.range, to: copy, at: 0)
      try copy.sync()
      try disk.syncDirectory(disk.parent(of: tail.path))
    }
  }

  /// What a repair did, as rows of a report.
  package static func rows(
    of report: RecoveryReport, path: String, found: VerifySummary
  ) -> [ReportRow] {
    var lines = ["scanned \(report.scannedSegmentCount) segments, \(report.scannedByteCount) bytes"]
    if report.cutByteCount > 0 {
      lines.append("cut \(report.cutByteCount) bytes of unfinished writes")
    }
    if report.replayedBatchCount > 0 {
      lines.append("restored \(report.replayedBatchCount) batches from the commit journal")
    }
    lines.append("wrote the indexes of \(report.rebuiltIndexCount) segments anew")
    let kept = found.tails.map { tail in
      ReportRow.finding(
        .repair, tail.path, at: tail.range.lowerBound,
        "kept \(tail.range.count) bytes of the end in \(quarantinePath(of: tail))")
    }
    return lines.map { ReportRow.finding(.repair, path, at: nil, $0) } + kept
      + report.damages.map { damage in
        .finding(
          .repair, damage.path, at: damage.position.rawValue,
          "moved \(damage.byteCount) damaged bytes, offsets \(damage.offsets.lowerBound) to"
            + " \(damage.offsets.upperBound) (exclusive), to \(damage.quarantinePath)")
      }
  }
}
