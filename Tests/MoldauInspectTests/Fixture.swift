import Foundation
import MoldauDisk
import MoldauFormat
import MoldauLog

/// A record as the expectations have it: bytes in hexadecimal.
struct FixtureRecord: Codable, Equatable {
  var offset: Int64
  var timestampMilliseconds: Int64
  var key: String?
  var value: String?
  var headers: [[String?]]

  init(_ record: borrowing RecordView) {
    func digits(_ bytes: RawSpan) -> String {
      // SAFETY: the bytes are read while they are borrowed.
      unsafe bytes.withUnsafeBytes { bytes in unsafe Self.digits([UInt8](bytes)) }
    }
    offset = record.offset.rawValue
    timestampMilliseconds = record.timestampMilliseconds
    if let bytes = record.key { key = digits(bytes) }
    if let bytes = record.value { value = digits(bytes) }
    headers = record.headers.map { [$0.name, $0.value.map(Self.digits)] }
  }

  private static func digits(_ bytes: [UInt8]) -> String {
    bytes.map { byte in
      let digits = String(byte, radix: 16)
      return digits.count == 1 ? "0" + digits : digits
    }.joined()
  }
}

/// What is to be read from a partition.
struct FixturePartition: Codable, Equatable {
  var name: String
  var startOffset: Int64
  var endOffset: Int64
  var lastStableOffset: Int64
  var leaderEpoch: Int32
  var aborted: [[Int64]]
  var records: [FixtureRecord]

  init(_ topic: Topic, _ partition: Int) throws {
    let log = topic.partitions[partition]
    name = log.identity.directoryName
    startOffset = log.startOffset.rawValue
    endOffset = log.endOffset.rawValue
    lastStableOffset = log.lastStableOffset.rawValue
    leaderEpoch = log.latestLeaderEpoch
    aborted = try log.abortedTransactions(from: log.startOffset, to: log.endOffset).map {
      [$0.producerID, $0.firstOffset.rawValue, $0.lastOffset.rawValue]
    }
    var found: [FixtureRecord] = []
    try topic.scan(from: .earliest, partition: partition) { found.append(FixtureRecord($0)) }
    records = found
  }

  /// All partitions of a store, in order.
  static func all(of store: LogStore) throws -> [FixturePartition] {
    try store.topics.flatMap { topic in
      try (0..<topic.partitionCount).map { try FixturePartition(topic, $0) }
    }
  }
}

/// The directories of this engine's own making in Tests/Fixtures.
enum Fixture {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Fixtures").path

  static func expected() throws -> [FixturePartition] {
    try JSONDecoder().decode(
      [FixturePartition].self, from: Data(contentsOf: URL(filePath: "\(folder)/expected.json")))
  }

  /// The files of a directory, by their path in it.
  static func files(_ state: String) throws -> [String: [UInt8]] {
    let root = "\(folder)/\(state)"
    var files: [String: [UInt8]] = [:]
    for name in try FileManager.default.subpathsOfDirectory(atPath: root) {
      let type = try FileManager.default.attributesOfItem(atPath: "\(root)/\(name)")[.type]
      guard type as? FileAttributeType == .typeRegular else { continue }
      files[name] = Array(try Data(contentsOf: URL(filePath: "\(root)/\(name)")))
    }
    return files
  }

  /// A disk in memory with a directory as `/store`.
  static func disk(_ state: String) throws -> SimulatedDisk {
    let disk = SimulatedDisk(isCrashable: false)
    try disk.makeDirectory("/store")
    for (name, bytes) in try files(state) {
      if let slash = name.firstIndex(of: "/") { try disk.makeDirectory("/store/\(name[..<slash])") }
      try disk.replaceFile(at: "/store/\(name)", with: bytes, isDurable: false)
    }
    return disk
  }
}

extension SimulatedDisk {
  /// The files of the store, by their path in it.
  func storeFiles() throws -> [String: [UInt8]] {
    var files: [String: [UInt8]] = [:]
    for entry in try list("/store") {
      if entry.kind == .file {
        files[entry.name] = try contents(of: "/store/\(entry.name)")
      } else {
        for file in try list("/store/\(entry.name)") {
          files["\(entry.name)/\(file.name)"] = try contents(
            of: "/store/\(entry.name)/\(file.name)")
        }
      }
    }
    return files
  }
}
