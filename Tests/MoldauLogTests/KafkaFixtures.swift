import Foundation
import MoldauChildProcess
import MoldauFormat
import Testing

/// A record as the expectations have it.
struct ExpectedRecord: Equatable {
  var offset: Int64
  /// 1 CreateTime, 2 LogAppendTime.
  var timestampType: Int
  var timestampMilliseconds: Int64
  var key: String?
  var valueHash: String?
  var valueByteCount: Int
  var headers: [[String?]]
}

extension ExpectedRecord {
  init(_ record: borrowing RecordView, isLogAppendTime: Bool) {
    func bytes(_ span: RawSpan) -> [UInt8] { unsafe span.withUnsafeBytes { unsafe Array($0) } }
    offset = record.offset.rawValue
    timestampType = isLogAppendTime ? 2 : 1
    timestampMilliseconds = record.timestampMilliseconds
    if let key = record.key { self.key = hexadecimal(bytes(key)) }
    valueByteCount = 0
    if let value = record.value {
      valueHash = String(hexadecimal(SHA256.hash(bytes(value))).prefix(16))
      valueByteCount = value.byteCount
    }
    headers = record.headers.map { [$0.name, $0.value.map(hexadecimal)] }
  }

  init(_ json: [Any]) throws {
    let time = try #require(json[1] as? [NSNumber])
    offset = try #require(json[0] as? NSNumber).int64Value
    timestampType = time[0].intValue
    timestampMilliseconds = time[1].int64Value
    key = json[2] as? String
    valueHash = json[3] as? String
    valueByteCount = (json[4] as? NSNumber)?.intValue ?? 0
    headers = try #require(json[5] as? [[Any]]).map { $0.map { $0 as? String } }
  }
}

func hexadecimal(_ bytes: [UInt8]) -> String {
  bytes.map { byte in
    let text = String(byte, radix: 16)
    return text.count == 1 ? "0" + text : text
  }.joined()
}

struct ExpectedPartition {
  var low: Int64
  var high: Int64
  var records: [ExpectedRecord]
}

struct ExpectedDirectory {
  var partitions:
    [(name: (partition: TopicPartition, isCommitted: Bool), content: ExpectedPartition)]
  /// The committed offsets of `fixture-group` in `two.parts` by partition.
  var committed: [Int32: Int64]
}

/// Finds and unpacks directories that a Kafka broker wrote.
enum KafkaFixtures {
  /// The folder of one Kafka version's directories.
  static let folder: String? = {
    guard let root = ProcessInfo.processInfo.environment["MOLDAU_KAFKA_FIXTURES"],
      let paths = FileManager.default.subpaths(atPath: root)
    else { return nil }
    return paths.sorted().last { $0.hasPrefix("kafka-") && !$0.contains("/") }
      .map { "\(root)/\($0)" }
  }()

  /// Calls `body` with a fresh copy of a directory and what is to be read from it.
  static func withDirectory(
    _ state: String, _ body: (String, ExpectedDirectory) async throws -> Void
  ) async throws {
    let folder = try #require(folder)
    let path = FileManager.default.temporaryDirectory.path + "/moldau-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    defer { remove(path) }
    try run(["tar", "--zstd", "-xf", "\(folder)/\(state).tar.zst", "-C", path])
    let expected = path + ".json"
    defer { remove(expected) }
    try run(["zstd", "-dqf", "\(folder)/expected.json.zst", "-o", expected])
    try await body(path, try parse(Data(contentsOf: URL(filePath: expected))))
  }

  /// The index and snapshot files of data topics, by their path in the directory.
  static func derivedFiles(in path: String) throws -> [String: Data] {
    var files: [String: Data] = [:]
    for name in try FileManager.default.subpathsOfDirectory(atPath: path)
    where [".index", ".timeindex", ".txnindex"].contains(where: name.hasSuffix) {
      files[name] = try Data(contentsOf: URL(filePath: "\(path)/\(name)"))
    }
    return files
  }

  /// Tells the store the index interval and segment size that the fixtures' topics have.
  static func writeTopicConfigurations(in path: String) throws {
    var text = "0\n"
    for topic in try Set(
      FileManager.default.contentsOfDirectory(atPath: path).compactMap(
        TopicPartition.init(directoryName:)
      ).map(\.topic)
    ).sorted() where !topic.hasPrefix("_") {
      text += "\(topic) retention.ms=-1 retention.bytes=-1 index.interval.bytes=512\n"
    }
    try Data(text.utf8).write(to: URL(filePath: "\(path)/moldau-topics"))
  }

  private static func remove(_ path: String) {
    do { try FileManager.default.removeItem(atPath: path) } catch {
      Issue.record("\(path) was left behind: \(error)")
    }
  }

  private static func run(_ command: [String]) throws {
    let process = try ChildProcess("/usr/bin/env", command)
    let ending = process.wait()
    try #require(
      ending == .exited(0), "\(command.joined(separator: " ")): \(ending): \(process.errorText)")
  }

  private static func parse(_ data: Data) throws -> ExpectedDirectory {
    let root = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    var directory = ExpectedDirectory(partitions: [], committed: [:])
    for (key, value) in root.sorted(by: { $0.key < $1.key }) {
      guard let slash = key.firstIndex(of: "/") else {
        directory.committed = try committedOffsets(value)
        continue
      }
      let partition = try #require(TopicPartition(directoryName: String(key[..<slash])))
      let content = try #require(value as? [String: Any])
      let records = try #require(content["records"] as? [[Any]])
      directory.partitions.append(
        (
          (partition, key.hasSuffix("read_committed")),
          ExpectedPartition(
            low: try #require(content["low"] as? NSNumber).int64Value,
            high: try #require(content["high"] as? NSNumber).int64Value,
            records: try records.map(ExpectedRecord.init))
        ))
    }
    return directory
  }

  private static func committedOffsets(_ json: Any) throws -> [Int32: Int64] {
    var offsets: [Int32: Int64] = [:]
    for (partition, offset) in try #require(json as? [String: NSNumber]) {
      offsets[try #require(Int32(partition))] = offset.int64Value
    }
    return offsets
  }
}
