import Foundation
import MoldauDisk
import MoldauFormat
import MoldauLog

/// Writes the directories of Tests/Fixtures with this build.
enum FixtureWriter {
  /// The part of a batch that the killed directory ends with.
  static let tornByteCount = 50
  /// The zeros that are kept of a window or a journal, in bytes.
  private static let zeroByteCount = 64

  static func write() throws {
    let disk = SimulatedDisk(isCrashable: false)
    let clock = FixedClock()
    let store = try FixtureContent.open(disk, clock)
    try FixtureContent.fill(store, clock)
    let expected = try FixturePartition.all(of: store)
    let killed = try kill(disk.storeFiles())
    try store.closeBlocking()
    try write(killed, to: "\(Fixture.folder)/killed")
    try write(try disk.storeFiles(), to: "\(Fixture.folder)/clean")
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let lines = try expected.map { String(decoding: try encoder.encode($0), as: UTF8.self) }
    try Data("[\n\(lines.joined(separator: ",\n"))\n]\n".utf8)
      .write(to: URL(filePath: "\(Fixture.folder)/expected.json"))
  }

  /// What a kill in the middle of a write, and a power cut that took a batch, would have left; most
  /// of the zeros that wait for bytes are cut off, to keep the files small.
  private static func kill(_ files: [String: [UInt8]]) throws -> [String: [UInt8]] {
    var files = files
    for (name, bytes) in files where name.hasSuffix(".log") || name.hasPrefix("moldau-journal-") {
      let end = (bytes.lastIndex { $0 != 0 } ?? -1) + 1
      files[name] = Array(bytes.prefix(end + zeroByteCount))
    }
    let torn = "codecs-0/00000000000000000000.log"
    files[torn] = files[torn].map { trimmed($0) + $0.prefix(tornByteCount) }
    let cut = "keyed-0/00000000000000000000.log"
    if let bytes = files[cut] {
      files[cut] = Array(bytes.prefix(try lastBatch(of: trimmed(bytes))))
    }
    return files
  }

  private static func trimmed(_ bytes: [UInt8]) -> [UInt8] {
    Array(bytes.prefix((bytes.lastIndex { $0 != 0 } ?? -1) + 1))
  }

  /// Where the last batch begins.
  private static func lastBatch(of bytes: [UInt8]) throws -> Int {
    var (position, next) = (0, 0)
    while next + RecordBatchHeader.byteCount <= bytes.count {
      position = next
      next += try unsafe RecordBatchHeader(
        parsing: bytes.span.bytes.extracting(droppingFirst: position)
      ).batchByteCount
    }
    return position
  }

  private static func write(_ files: [String: [UInt8]], to folder: String) throws {
    if FileManager.default.fileExists(atPath: folder) {
      try FileManager.default.removeItem(atPath: folder)
    }
    for (name, bytes) in files where name != ".lock" {
      let url = URL(filePath: "\(folder)/\(name)")
      try FileManager.default.createDirectory(
        at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(bytes).write(to: url)
    }
  }
}
