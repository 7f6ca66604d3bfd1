import MoldauDisk
import MoldauFormat

/// Learns the leader epochs of a log from its batches, where the file that has them is missing or
/// damaged.
///
/// A replica without them could not tell that its log goes another way than its leader's. Reads a
/// header of each segment, and all of those in which an epoch begins.
struct EpochRecovery {
  let directory: PartitionDirectory
  /// Batches from here on may be damaged, and are looked at by whoever checks them.
  let limit: Offset

  /// - Parameter baseOffsets: of the log's segments, rising.
  func run(_ baseOffsets: [Offset]) throws(LogError) -> LeaderEpochs {
    var epochs = LeaderEpochs()
    let bases = baseOffsets.filter { $0 < limit }
    var firstEpochs: [Int32?] = []
    for base in bases { firstEpochs.append(try firstEpoch(of: base)) }
    for (index, base) in bases.enumerated() {
      guard let epoch = firstEpochs[index] else { continue }
      let isWhole = firstEpochs.indices.contains(index + 1) && firstEpochs[index + 1] == epoch
      if isWhole, epoch == epochs.latest { continue }
      try learn(from: base, &epochs)
    }
    return epochs
  }

  /// The epoch of a segment's first batch; nil when it has none.
  private func firstEpoch(of base: Offset) throws(LogError) -> Int32? {
    let (file, byteCount) = try open(base)
    var reader = BatchReader(
      file: file, from: 0, to: min(byteCount, RecordBatchHeader.byteCount), checksChecksums: false)
    return try reader.nextHeader()?.partitionLeaderEpoch
  }

  private func learn(from base: Offset, _ epochs: inout LeaderEpochs) throws(LogError) {
    let (file, byteCount) = try open(base)
    var reader = BatchReader(file: file, from: 0, to: byteCount, checksChecksums: true)
    while case .batch(let header, _) = try reader.next(), header.baseOffset < limit {
      epochs.note(header.partitionLeaderEpoch, from: header.baseOffset)
    }
  }

  private func open(_ base: Offset) throws(LogError) -> (file: any DiskFile, byteCount: Int) {
    let path = directory.path(SegmentFileName(baseOffset: base, kind: .log))
    let file = try directory.open(path, .readOnly)
    do throws(DiskError) { return (file, try file.size()) } catch { throw LogError(error) }
  }
}
