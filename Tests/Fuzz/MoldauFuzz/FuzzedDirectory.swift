import MoldauDisk
import MoldauFormat

/// The files of a log directory out of one input.
///
/// The input is a row of sections: a byte that says which file, a big-endian 16-bit length, the
/// bytes; what is missing of the last is cut. Checksums are put right unless the first byte's
/// highest bit is set, since no mutation finds them.
struct FuzzedDirectory {
  /// Where the store is.
  static let path = "/store"

  /// By the low bits of a section's first byte.
  private static let names = [
    "t-0/00000000000000000000.log", "t-0/00000000000000000000.index",
    "t-0/00000000000000000000.timeindex", "t-0/00000000000000000000.txnindex",
    "t-0/00000000000000000004.log", "t-0/00000000000000000004.index",
    "t-0/00000000000000000004.timeindex", "t-0/00000000000000000004.snapshot",
    "t-0/leader-epoch-checkpoint", "t-0/partition.metadata",
    "recovery-point-offset-checkpoint", "log-start-offset-checkpoint", ".kafka_cleanshutdown",
    "moldau-topics", "moldau-journal-0", "moldau-journal-1", "moldau-sync-failed",
    "meta.properties", "t-0/00000000000000000008.log", "t-0/00000000000000000008.snapshot",
    "t-0/09223372036854775806.log",
  ]

  private(set) var files: [(name: String, bytes: [UInt8])] = []

  init(_ input: RawSpan) {
    var position = 0
    while input.byteCount - position >= 3 {
      let kind = byte(input, at: position)
      let length = Int(input.bigEndian(UInt16.self, at: position + 1))
      let rest = input.extracting(droppingFirst: position + 3)
      let name = Self.names[Int(kind & 0x7F) % Self.names.count]
      var bytes = copy(rest.extracting(first: length))
      if kind & 0x80 == 0 { Self.seal(&bytes, of: name) }
      files.append((name, bytes))
      position += 3 + min(length, rest.byteCount)
    }
  }

  /// Whether recovery has to look at every batch, since nothing says that some were synced.
  var isCheckedWhole: Bool {
    let trusted = [".kafka_cleanshutdown", "recovery-point-offset-checkpoint"]
    return !files.contains { trusted.contains($0.name) }
  }

  func write(to disk: SimulatedDisk) throws(DiskError) {
    try disk.makeDirectory(Self.path)
    try disk.makeDirectory("\(Self.path)/t-0")
    for (name, bytes) in files {
      let file = try disk.open("\(Self.path)/\(name)", .createEmpty)
      // SAFETY: the file copies the array's bytes.
      try unsafe bytes.rawSpan.withUnsafeBytes { (buffer) throws(DiskError) in
        try unsafe file.write(buffer, at: 0)
      }
    }
  }

  private static func seal(_ bytes: inout [UInt8], of name: String) {
    if name.hasSuffix(".log") {
      sealRow(&bytes, lengthAt: 8, headerByteCount: 12, checksumAt: 17, coveredFrom: 21)
    } else if name.hasPrefix("moldau-journal") {
      sealRow(&bytes, lengthAt: 16, headerByteCount: 24, checksumAt: 4, coveredFrom: 8)
    } else if name.hasSuffix(".snapshot"), bytes.count >= ProducerSnapshot.headerByteCount {
      let checksum = Checksum.crc32c(bytes.rawSpan.extracting(droppingFirst: 6))
      store(checksum, in: &bytes, at: 2)
    }
  }

  /// Puts the checksums of batches, or of journal frames, right as far as their lengths lead.
  private static func sealRow(
    _ bytes: inout [UInt8], lengthAt: Int, headerByteCount: Int, checksumAt: Int, coveredFrom: Int
  ) {
    var start = 0
    while bytes.count - start >= headerByteCount {
      let length = Int(bytes.rawSpan.bigEndian(Int32.self, at: start + lengthAt))
      let end = start + headerByteCount + length
      guard length >= 0, end <= bytes.count, end - start > coveredFrom else { return }
      let checksum = Checksum.crc32c(bytes.rawSpan.extracting(start + coveredFrom..<end))
      store(checksum, in: &bytes, at: start + checksumAt)
      start = end
    }
  }
}
